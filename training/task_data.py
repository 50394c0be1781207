"""Tasks as `npm run tasks` writes them: records of level, prompt and answer, and batches of padded sequences."""
import json
import os

import numpy as np
import torch

PAD, BOS, EOS, MASK = 0, 1, 2, 3
HEADER = 3


def read_records(path):
    """Returns [(level, prompt ids, answer ids)] of a file of records: level, P, A, P prompt ids, A answer ids."""
    data, records, at = np.fromfile(path, dtype=np.uint8).astype(np.int64), [], 0
    while at < len(data):
        level, prompt, answer = data[at:at + HEADER]
        start = at + HEADER
        records.append((level, data[start:start + prompt], data[start + prompt:start + prompt + answer]))
        at = start + prompt + answer
    return records


class Tasks:
    """All problems of some tasks that fit into `context` tokens; `split` is train or test."""

    def __init__(self, folder, split, context, names=None):
        with open(os.path.join(folder, "tasks.json"), encoding="utf-8") as file:
            listed = [task["id"] for task in json.load(file)["tasks"]]
        self.names = [name for name in listed if names is None or name in names]
        self.context = context
        self.by_task = {}
        for name in self.names:
            records = read_records(os.path.join(folder, f"{name}.{split}.u8"))
            self.by_task[name] = [r for r in records if len(r[1]) + len(r[2]) <= context]

    def draw(self, count, generator):
        """Returns `count` problems [(level, prompt, answer)], the task uniform and then the problem."""
        tasks = torch.randint(0, len(self.names), (count,), generator=generator).tolist()
        places = torch.rand(count, generator=generator).tolist()
        lists = [self.by_task[self.names[task]] for task in tasks]
        return [problems[int(place * len(problems))] for problems, place in zip(lists, places)]


def causal_batch(problems, context):
    """Returns (inputs, next tokens, weights), each [B, context]; weights sum to 1 over the answers' tokens."""
    ids = torch.full((len(problems), context + 1), PAD, dtype=torch.long)
    weights = torch.zeros(len(problems), context)
    for row, (_, prompt, answer) in enumerate(problems):
        both = np.concatenate([prompt, answer])
        ids[row, :len(both)] = torch.from_numpy(both)
        weights[row, len(prompt) - 1:len(both) - 1] = 1
    return ids[:, :-1], ids[:, 1:], weights / weights.sum()


def canvas_batch(problems, context, room, generator):
    """Returns (ids, is_prompt, is_canvas), each [B, context]: the prompt, then a canvas of the answer filled up with EOS.

    A canvas is as long as its answer, or up to `room` tokens longer.
    """
    ids = torch.full((len(problems), context), PAD, dtype=torch.long)
    is_prompt, is_canvas = torch.zeros(len(problems), context, dtype=torch.bool), torch.zeros(
        len(problems), context, dtype=torch.bool)
    extra = torch.randint(0, room + 1, (len(problems),), generator=generator).tolist()
    for row, (_, prompt, answer) in enumerate(problems):
        start, end = len(prompt), min(context, len(prompt) + len(answer) + extra[row])
        ids[row, :start] = torch.from_numpy(prompt)
        ids[row, start:end] = EOS
        ids[row, start:start + len(answer)] = torch.from_numpy(answer)
        is_prompt[row, :start] = True
        is_canvas[row, start:end] = True
    return ids, is_prompt, is_canvas


def isolated_mask(is_prompt, is_canvas, heads):
    """Returns the mask that `Attention` adds: prompt rows see the prompt, canvas rows prompt and canvas [B*K, T, T]."""
    seen = is_prompt[:, None, :] | (is_canvas[:, None, :] & ~is_prompt[:, :, None])
    # Rows of padding see something, too, or their softmax would be of nothing.
    seen = seen | (~(is_prompt | is_canvas))[:, :, None]
    mask = torch.zeros(seen.shape).masked_fill_(~seen, -1e9)
    return mask.repeat_interleave(heads, 0)
