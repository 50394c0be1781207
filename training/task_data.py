"""Tasks as `npm run tasks` writes them: records of level, prompt and answer, and batches of padded sequences."""
import json
import os

import numpy as np
import torch

PAD, BOS, EOS, MASK = 0, 1, 2, 3
HEADER = 3
QUERY_STEP = 4
EASY_OF = 4


class Records:
    """The problems of one file, kept as its bytes: level, P, A, P prompt ids, A answer ids, again and again."""

    def __init__(self, path, context):
        self.bytes, self.starts, at = np.fromfile(path, dtype=np.uint8), [], 0
        while at < len(self.bytes):
            prompt, answer = int(self.bytes[at + 1]), int(self.bytes[at + 2])
            if prompt + answer <= context:
                self.starts.append(at)
            at += HEADER + prompt + answer

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        """Returns (level, prompt ids, answer ids)."""
        at = self.starts[index]
        level, prompt, answer = (int(number) for number in self.bytes[at:at + HEADER])
        ids = self.bytes[at + HEADER:at + HEADER + prompt + answer].astype(np.int64)
        return level, ids[:prompt], ids[prompt:]


class Tasks:
    """All problems that fit into `context` tokens; `split` is train or test, `weights` {task: how often}."""

    def __init__(self, folder, split, context, weights):
        with open(os.path.join(folder, "tasks.json"), encoding="utf-8") as file:
            listed = [task["id"] for task in json.load(file)["tasks"]]
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
            self.texts = read_texts(json.load(file))
        self.ids = {text: i for i, text in self.texts.items()}
        self.names = [name for name in listed if name in weights]
        self.weights = torch.tensor([float(weights[name]) for name in self.names])
        self.by_task = {name: Records(os.path.join(folder, f"{name}.{split}.u8"), context) for name in self.names}

    def draw(self, count, generator, easy_share=0.0):
        """Returns `count` problems [(level, prompt, answer)], drawn as `draw_named` says."""
        return [problem for _, problem in self.draw_named(count, generator, easy_share)]

    def draw_named(self, count, generator, easy_share=0.0):
        """Returns `count` pairs (task, (level, prompt, answer)), first the task by its weight and then the problem.

        About `easy_share` of them are the easiest of EASY_OF problems.
        """
        tasks = torch.multinomial(self.weights, count, replacement=True, generator=generator).tolist()
        places = torch.rand(count, EASY_OF, generator=generator).tolist()
        easy = (torch.rand(count, generator=generator) < easy_share).tolist()
        drawn = []
        for task, own_places, is_easy in zip(tasks, places, easy):
            problems = self.by_task[self.names[task]]
            own_places = own_places if is_easy else own_places[:1]
            easiest = min((problems[int(place * len(problems))] for place in own_places), key=lambda p: p[0])
            drawn.append((self.names[task], easiest))
        return drawn

    def text(self, ids):
        """Returns the text of ids up to the first EOS, without BOS and padding."""
        ids = [int(i) for i in ids]
        ids = ids[:ids.index(EOS)] if EOS in ids else ids
        return "".join(self.texts.get(i, "") for i in ids if i not in (PAD, BOS))


def read_texts(tokenizer):
    """Returns {id: text} of a tokenizer.json of the tasks."""
    texts = {i: "\n" if text == "\u010a" else text for text, i in tokenizer["model"]["vocab"].items()}
    texts.update((token["id"], token["content"]) for token in tokenizer["added_tokens"])
    return texts


def by_length(items, most, problem_of=lambda item: item):
    """Returns the items in one or two lists: those whose problem has at most `most` tokens, and the longer ones."""
    short, long = [], []
    for item in items:
        _, prompt, answer = problem_of(item)
        (short if len(prompt) + len(answer) <= most else long).append(item)
    return [part for part in (short, long) if part]


def padded(length):
    """Returns `length` rounded up to what the attention's blocks need."""
    return -(-length // QUERY_STEP) * QUERY_STEP


def causal_batch(problems):
    """Returns (inputs, next tokens, is_answer), each [B, T]; only what is_answer marks is learned."""
    length = padded(max(len(prompt) + len(answer) for _, prompt, answer in problems) - 1)
    ids = torch.full((len(problems), length + 1), PAD, dtype=torch.long)
    is_answer = torch.zeros(len(problems), length, dtype=torch.bool)
    for row, (_, prompt, answer) in enumerate(problems):
        both = np.concatenate([prompt, answer])
        ids[row, :len(both)] = torch.from_numpy(both)
        is_answer[row, len(prompt) - 1:len(both) - 1] = True
    return ids[:, :-1], ids[:, 1:], is_answer


def canvas_batch(problems, lengths):
    """Returns (ids, is_prompt, is_canvas), each [B, T]: the prompt, then a canvas of the answer filled up with EOS."""
    length = padded(max(len(prompt) + canvas for (_, prompt, _), canvas in zip(problems, lengths)))
    ids = torch.full((len(problems), length), PAD, dtype=torch.long)
    is_prompt = torch.zeros(len(problems), length, dtype=torch.bool)
    is_canvas = torch.zeros(len(problems), length, dtype=torch.bool)
    for row, ((_, prompt, answer), canvas) in enumerate(zip(problems, lengths)):
        start, end = len(prompt), len(prompt) + canvas
        ids[row, :start] = torch.from_numpy(prompt)
        ids[row, start:end] = EOS
        ids[row, start:start + len(answer)] = torch.from_numpy(answer)
        is_prompt[row, :start] = True
        is_canvas[row, start:end] = True
    return ids, is_prompt, is_canvas


def seen_mask(is_prompt, is_canvas, heads, isolated):
    """Returns the mask that `Attention` adds [B*K, T, T]: nobody sees padding; isolated prompt rows see no canvas."""
    seen = (is_prompt | is_canvas)[:, None, :].expand(-1, is_prompt.shape[1], -1)
    if isolated:
        seen = seen & ~(is_canvas[:, None, :] & is_prompt[:, :, None])
    mask = torch.zeros(seen.shape).masked_fill_(~seen, -1e9)
    return mask.repeat_interleave(heads, 0)
