"""Writes the test fixtures of a model folder: tests/fixtures/models/<id>.json and <id>.bin.

    python3 training/fixtures.py public/models/story-target public/models/story-draft --work train-work
    python3 training/fixtures.py public/models/task-diffusion --tasks train-work/tasks

The numbers come from the stored float16 weights through reference.py (float64), rounded to float32 at the end. The
.bin is little-endian float32 without a header; the .json says where each tensor lies in it. The same weights and
held-out text give the same files.
"""
import argparse
import json
import os

import numpy as np
import torch

from data import load_tokens
from latent import latent
from mixture_files import MODEL_TYPE as MIXTURE_TYPE, THRESHOLD, load_mixture, mixture_parameters
from recurrent_files import MODEL_TYPE as RECURRENT_TYPE, huginn_parameters, load_recurrent
from reference import forward
from reference_mixture import by_rank, by_threshold, forward_mixture
from reference_recurrent import forward_recurrent
from reference_token_choice import by_router, forward_token_choice
from task_data import BOS, EOS, MASK as TASK_MASK, PAD, Records, read_texts
from token_choice_files import is_token_choice, load_token_choice, token_choice_parameters
from tokenizer import END, MASK, Tokenizer
from weights import load_model, read_config, weights_hash

TEXT_TOKENS = 32
# Every so many tokens of a text with masks one is hidden.
HIDE_EVERY = 3
PROMPT = "Once upon a time, there was a little"
GREEDY_TOKENS = 40
CANVAS = 12
TASK, PROBLEM = "sort", 3
# Of recurrent models: the seed of the latents, and how often the core runs.
SEED, RECURRENCES = 0, 8


class Stories:
    """What a story model is checked on: the start of the held-out text, and PROMPT to go on from."""

    def __init__(self, folder, work):
        self.tokenizer = Tokenizer.load(os.path.join(folder, "tokenizer.json"))
        self.ids = [END, *load_tokens(os.path.join(work, "heldout.u16"))[:TEXT_TOKENS - 1].tolist()]
        self.prompt, self.prompt_ids = PROMPT, [END, *self.tokenizer.encode(PROMPT)]
        self.text_prompt_length, self.mask, self.end, self.banned = len(self.prompt_ids), MASK, None, [MASK]

    def text(self, ids):
        return self.tokenizer.decode(ids)


class TaskProblem:
    """What a task model is checked on: a test problem with its answer, and its prompt alone."""

    def __init__(self, folder, tasks):
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
            self.texts = read_texts(json.load(file))
        _, prompt, answer = Records(os.path.join(tasks, f"{TASK}.test.u8"), 64)[PROBLEM]
        self.ids, self.prompt_ids = [*prompt.tolist(), *answer.tolist()], prompt.tolist()
        self.prompt = self.text(self.prompt_ids[1:])
        self.text_prompt_length, self.mask, self.end, self.banned = len(prompt), TASK_MASK, EOS, [PAD, BOS, TASK_MASK]

    def text(self, ids):
        return "".join(self.texts[i] for i in ids)


@torch.no_grad()
def tensors_of(model, ids, prompt_length, positions):
    """Returns [(name, float32 array)]: every [T, D] output, and the logits of `positions`."""
    outputs = forward(model, torch.tensor(ids), prompt_length)
    outputs = [(name, x[positions] if name == "logits" else x) for name, x in outputs]
    return [(name, x.numpy().astype("<f4")) for name, x in outputs]


@torch.no_grad()
def greedy(logits_of, case):
    """Returns (the most likely next ids, lead of each over the second most likely in logits).

    logits_of(ids) gives the logits of the token after `ids` [V].
    """
    ids, leads = list(case.prompt_ids), []
    for _ in range(GREEDY_TOKENS):
        best = logits_of(torch.tensor(ids)).topk(2)
        ids.append(best.indices[0].item())
        leads.append(round((best.values[0] - best.values[1]).item(), 6))
        if ids[-1] == case.end:
            break
    return ids[len(case.prompt_ids):], leads


def greedy_content(logits_of, case):
    """Returns what a fixture says about a greedy continuation."""
    tokens, leads = greedy(logits_of, case)
    return {"prompt": case.prompt, "promptTokens": case.prompt_ids, "tokens": tokens, "text": case.text(tokens), "leads": leads}


@torch.no_grad()
def denoise(model, case):
    """Fills CANVAS masks after the prompt, the most certain position first; returns (tokens, [position, ...]).

    Positions count from the start of the canvas.
    """
    start = len(case.prompt_ids)
    ids, order = torch.tensor([*case.prompt_ids, *[case.mask] * CANVAS]), []
    for _ in range(CANVAS):
        logits = forward(model, ids, start)[-1][1][start:]
        logits[:, case.banned] = -1e30
        certain, best = logits.softmax(-1).max(-1)
        place = certain.masked_fill(ids[start:] != case.mask, -1).argmax().item()
        ids[start + place] = best[place]
        order.append(place)
    return ids[start:].tolist(), order


def logit_positions(length):
    """Returns the positions whose logits are kept."""
    return sorted({0, 1, 2, 7, length // 2 - 1, length // 2, length - 2, length - 1})


def llama_fixture(folder, case):
    """Returns (content, tensors) of the fixture of a Llama."""
    model = load_model(folder)
    ids = list(case.ids)
    if not model.shape.causal:
        hidden = range(case.text_prompt_length, len(ids), HIDE_EVERY)
        ids = [case.mask if i in hidden else token for i, token in enumerate(ids)]
    positions = logit_positions(len(ids))
    content = {"tokens": ids, "promptLength": case.text_prompt_length, "logitPositions": positions}
    if model.shape.causal:
        content["greedy"] = greedy_content(lambda ids: forward(model, ids)[-1][1][-1], case)
    else:
        tokens, order = denoise(model, case)
        content["canvas"] = {"prompt": case.prompt, "promptTokens": case.prompt_ids, "tokens": tokens, "order": order,
                             "banned": case.banned}
    return content, tensors_of(model, ids, case.text_prompt_length, positions)


@torch.no_grad()
def recurrent_fixture(folder, case):
    """Returns (content, tensors) of the fixture of a recurrent model: every state, and the logits that each would give."""
    model = load_recurrent(folder)
    named = {name: tensor.double() for name, tensor in huginn_parameters(model).items()}

    def outputs(ids):
        start = latent(SEED, len(ids), model.shape.dim, model.shape.state_deviation)
        return forward_recurrent(named, model.shape, ids, start, RECURRENCES)

    positions = logit_positions(len(case.ids))
    content = {"tokens": case.ids, "promptLength": case.text_prompt_length, "logitPositions": positions, "seed": SEED,
               "recurrences": RECURRENCES, "greedy": greedy_content(lambda ids: outputs(ids)[-1][1][-1], case)}
    tensors = [(name, x[positions] if name.startswith("logits") else x) for name, x in outputs(torch.tensor(case.ids))]
    states = [x for name, x in tensors if name == "latent" or name.startswith("state")]
    changes = [(after - before).norm(dim=-1) / after.norm(dim=-1) for before, after in zip(states, states[1:])]
    tensors.append(("relChange", torch.stack(changes)))
    return content, [(name, x.numpy().astype("<f4")) for name, x in tensors]


@torch.no_grad()
def mixture_fixture(folder, case):
    """Returns (content, tensors) of the fixture of a mixture of recursions, routed by the threshold and by rank.

    Names of tensors begin with `shared` where later recursions see the keys of the first, and with `topk` for rank.
    """
    if is_token_choice(folder):
        return token_choice_fixture(folder, case)
    model = load_mixture(folder)
    named = {name: tensor.double() for name, tensor in mixture_parameters(model).items()}

    def outputs(ids, admit, shared=False):
        return forward_mixture(named, model.shape, torch.tensor(ids), admit, shared)

    admit, positions = by_threshold(THRESHOLD), logit_positions(len(case.ids))
    content = {"tokens": case.ids, "promptLength": case.text_prompt_length, "logitPositions": positions, "threshold": THRESHOLD}
    tensors, margins = [], []
    for prefix, rule, shared, kept in (("", admit, False, ("",)), ("shared", admit, True, ("state", "router", "logits")),
                                       ("topk", by_rank(model.shape), False, ("router", "logits"))):
        named_outputs, depths = outputs(case.ids, rule, shared)
        content["depths" if not prefix else prefix + "Depths"] = depths.tolist()
        if rule is admit:
            asked = dict(named_outputs)["router"][1:]
            margins.append((asked[asked > 0] - THRESHOLD).abs().min().item())
        tensors += [(name if not prefix else prefix + name[0].upper() + name[1:], x[positions] if name == "logits" else x)
                    for name, x in named_outputs if name.startswith(kept)]
    content["routerMargin"] = round(min(margins), 6)
    content["greedy"] = greedy_content(lambda ids: outputs(ids.tolist(), admit)[0][-1][1][-1], case)
    content["greedy"]["depths"] = outputs([*case.prompt_ids, *content["greedy"]["tokens"]], admit)[1].tolist()
    return content, [(name, x.numpy().astype("<f4")) for name, x in tensors]


@torch.no_grad()
def token_choice_fixture(folder, case):
    """Returns (content, tensors) of the fixture of a mixture of recursions whose tokens choose their depths.

    Names of tensors begin with `shared` where later recursions see the keys of the first. `router` has the law of depths.
    """
    model = load_token_choice(folder)
    named = {name: tensor.double() for name, tensor in token_choice_parameters(model).items()}

    def outputs(ids, shared=False):
        return forward_token_choice(named, model.shape, torch.tensor(ids), by_router, shared)

    positions = logit_positions(len(case.ids))
    content = {"tokens": case.ids, "promptLength": case.text_prompt_length, "logitPositions": positions}
    tensors = []
    for prefix, shared, kept in (("", False, ("",)), ("shared", True, ("state", "router", "logits"))):
        named_outputs, depths = outputs(case.ids, shared)
        content["depths" if not prefix else prefix + "Depths"] = depths.tolist()
        tensors += [(name if not prefix else prefix + name[0].upper() + name[1:], x[positions] if name == "logits" else x)
                    for name, x in named_outputs if name.startswith(kept)]
    best = (dict(tensors)["router"].T + model.balance.double()).topk(2).values
    content["routerMargin"] = round((best[:, 0] - best[:, 1]).min().item(), 6)
    content["greedy"] = greedy_content(lambda ids: outputs(ids.tolist())[0][-1][1][-1], case)
    content["greedy"]["depths"] = outputs([*case.prompt_ids, *content["greedy"]["tokens"]])[1].tolist()
    return content, [(name, x.numpy().astype("<f4")) for name, x in tensors]


FIXTURES = {RECURRENT_TYPE: recurrent_fixture, MIXTURE_TYPE: mixture_fixture}


def write_fixture(folder, args):
    """Writes the two files of one model."""
    name = os.path.basename(os.path.normpath(folder))
    case = TaskProblem(folder, args.tasks) if name.startswith("task-") else Stories(folder, args.work)
    own, tensors = FIXTURES.get(read_config(folder)["model_type"], llama_fixture)(folder, case)
    layout, offset = [], 0
    for label, array in tensors:
        layout.append({"name": label, "shape": list(array.shape), "offsetFloats": offset})
        offset += array.size
    last = {key: own.pop(key) for key in ("greedy", "canvas") if key in own}
    content = {"model": name, "weightsSha256": weights_hash(folder), "text": case.text(case.ids[1:]), **own,
               "tensors": layout, **last}
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, f"{name}.json"), "w", encoding="utf-8") as file:
        fields = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
        file.write("{\n" + ",\n".join(fields) + "\n}\n")
    with open(os.path.join(args.out, f"{name}.bin"), "wb") as file:
        file.write(b"".join(np.ascontiguousarray(array).tobytes() for _, array in tensors))
    [answer] = last.values()
    print(f"{name}: {4 * offset} bytes, {case.prompt!r} -> {case.text(answer['tokens'])!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="model folders; the folder name is the model id")
    parser.add_argument("--work", help="folder that data.py wrote, for story models")
    parser.add_argument("--tasks", help="folder that `npm run tasks` wrote, for task models")
    parser.add_argument("--out", default=os.path.join("tests", "fixtures", "models"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for folder in args.folders:
        write_fixture(folder, args)


if __name__ == "__main__":
    main()
