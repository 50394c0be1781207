"""Trains task-diffusion, which fills in masked answers. Prompt rows see only the prompt, so their cache is exact.

With --full prompt rows see the canvas as well: task-diffusion-full, the model that shows what caching a prompt costs.
"""
import argparse
import dataclasses

import torch

from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from masking import stratified
from squares import CELLS, SIDE, hide_cells, laws
from model import LanguageModel, Shape
from task_check import right
from task_data import BOS, MASK, PAD, Tasks, by_length, canvas_batch, seen_mask
from weights import load_model

SHAPE = Shape(vocab_size=112, dim=96, n_layers=3, n_heads=3, n_kv_heads=3, hidden_dim=256, context=40, causal=False,
              attention="prompt_isolated")
FULL_SHAPE = dataclasses.replace(SHAPE, attention="bidirectional")
# Lists and Latin squares, how often each is drawn; the other tasks are the causal model's.
WEIGHTS = {"copy": 0.25, "reverse": 1, "sort": 1.25, "shuffle": 1.5, "replace_index": 0.75, "replace_random": 1.5,
           "insert_index": 0.75, "insert_random": 1, "remove_index": 0.5, "remove_random": 0.75, "latin": 3}
# The same for a run that continues given weights: what came last needs most, the rest is kept alive.
CONTINUED_WEIGHTS = {"copy": 0.15, "reverse": 0.5, "sort": 0.6, "shuffle": 0.8, "replace_index": 0.4, "replace_random": 2,
                     "insert_index": 0.4, "insert_random": 0.6, "remove_index": 0.3, "remove_random": 0.4, "latin": 8}
# Share of "replace any" problems of which the new item and up to FEW - 1 others are hidden, and no more: at random
# rates the canvas with one hole left and the item still to be placed is met once in 150 problems.
FEW_SHARE, FEW = 0.5, 4
# Canvases are as long as their answer or longer, up to this or to the answer and MORE.
CANVAS, MORE = 16, 3
# Most tokens of prompt and answer in the shorter batch of a step.
SHORT = 32
LEAST_RATE = 0.02
# The loss counts a hidden token 1 / (masking rate), but at most 1 / this: the rarest masks are the noisiest gradients.
LEAST_WEIGHED_RATE = 0.25
# Share of easy problems until the first of these parts of the run, then falling to none at the second.
EASY_SHARE, EASY_UNTIL, EASY_END = 0.8, 0.5, 0.75
MEASURED = 32
# Place of the new item in the prompt of "replace any".
ITEM = 2


def canvas_lengths(problems, generator):
    """Returns the length of each problem's canvas, drawn at random."""
    lengths = []
    for place, (_, prompt, answer) in zip(torch.rand(len(problems), generator=generator).tolist(), problems):
        most = min(max(CANVAS, len(answer) + MORE), SHAPE.context - len(prompt))
        lengths.append(len(answer) + int(place * (most - len(answer) + 1)))
    return lengths


def hide(names, problems, is_canvas, generator):
    """Returns (which tokens are hidden [B, T], what each counts [B, T])."""
    rate = stratified(len(problems), generator).clamp(LEAST_RATE, 1)[:, None]
    hidden = is_canvas & (torch.rand(is_canvas.shape, generator=generator) < rate)
    weight = (1 / rate.clamp(min=LEAST_WEIGHED_RATE)).repeat(1, is_canvas.shape[1])
    squares = [row for row, name in enumerate(names) if name == "latin"]
    for row, cells in zip(squares, hide_cells(rate[squares, 0], generator)):
        start = len(problems[row][1])
        hidden[row, start:start + CELLS] = cells
        weight[row] = 1 / cells.float().mean().clamp(min=LEAST_WEIGHED_RATE)
    few = (torch.rand(len(problems), generator=generator) < FEW_SHARE).tolist()
    for row, name in enumerate(names):
        if name == "replace_random" and few[row]:
            _, prompt, answer = problems[row]
            item = answer.tolist().index(prompt[ITEM])
            others = torch.randperm(len(answer) - 1, generator=generator)
            count = int(torch.randint(0, FEW, (1,), generator=generator))
            hidden[row] = False
            hidden[row, len(prompt) + item] = True
            hidden[row, len(prompt) + others[others != item][:count]] = True
            weight[row] = 1 / LEAST_WEIGHED_RATE
    return hidden, weight


def loss_of(states, embedding, names, problems, ids, hidden, weight):
    """Returns the sum over hidden tokens of weight times cross-entropy; cells of squares are compared with their law.

    states [B, T, D]; ids, hidden and weight [B, T].
    """
    hidden = hidden.clone()
    parts = []
    squares = torch.tensor([row for row, name in enumerate(names) if name == "latin"])
    if len(squares):
        start = len(problems[squares[0]][1])
        cells = slice(start, start + CELLS)
        letters = ids[squares, start - 1 - SIDE:start - 1]
        is_hidden = hidden[squares, cells]
        places = (ids[squares, cells, None] == letters[:, None]).long().argmax(-1)
        law = laws(places, is_hidden)[is_hidden]
        wanted = letters[:, None].expand(-1, CELLS, -1)[is_hidden]
        parts.append((states[squares, cells][is_hidden].repeat_interleave(SIDE, 0), wanted.reshape(-1),
                      (law * weight[squares, cells][is_hidden][:, None]).view(-1)))
        hidden[squares, cells] = False
    parts.append((states[hidden], ids[hidden], weight[hidden]))
    states, wanted, weight = (torch.cat(part) for part in zip(*parts))
    return TiedCrossEntropy.apply(states, embedding, wanted, weight)


@torch.no_grad()
def accuracy(model, tasks, isolated, count=MEASURED):
    """Returns {task: share of test problems answered rightly when the most certain token is set first}."""
    shares = {}
    for name in tasks.names:
        problems = [tasks.by_task[name][i] for i in range(count)]
        longest = max(len(answer) for _, _, answer in problems)
        ids, is_prompt, is_canvas = canvas_batch(problems, [longest] * len(problems))
        masks = [seen_mask(is_prompt, is_canvas, model.shape.n_kv_heads, isolated)]
        canvas = ids.masked_fill(is_canvas, MASK)
        while (canvas == MASK).any():
            hidden = model(canvas, masks).reshape(-1, model.shape.dim)
            logits = (hidden @ model.embedding.t()).view(*canvas.shape, -1)
            logits[..., [PAD, BOS, MASK]] = -1e30
            certain, best = logits.softmax(-1).max(-1)
            place = certain.masked_fill(canvas != MASK, -1).argmax(-1, keepdim=True)
            canvas.scatter_(1, place, best.gather(1, place))
        marks = [right(name, tasks.text(prompt), tasks.text(row[len(prompt):]), tasks.text(answer))
                 for (_, prompt, answer), row in zip(problems, canvas)]
        shares[name] = round(sum(marks) / len(marks), 2)
    return shares


def train(rank, args):
    torch.manual_seed(args.seed)
    isolated = not args.full
    model = LanguageModel(FULL_SHAPE if args.full else SHAPE)
    if args.init:
        model.load_state_dict(load_model(args.init).state_dict())
    problems = Tasks(args.tasks, "train", SHAPE.context, CONTINUED_WEIGHTS if args.init else WEIGHTS)
    test = Tasks(args.tasks, "test", SHAPE.context, WEIGHTS)

    def step_loss(count, generator, progress):
        easy = 0 if args.init else EASY_SHARE * min(1, max(0, (EASY_END - progress) / (EASY_END - EASY_UNTIL)))
        named = problems.draw_named(count, generator, easy)
        lengths = canvas_lengths([problem for _, problem in named], generator)
        loss, total = 0, sum(lengths)
        rows = [(*problem, name, length) for (name, problem), length in zip(named, lengths)]
        for part in by_length(rows, SHORT):
            drawn, names = [row[:3] for row in part], [row[3] for row in part]
            ids, is_prompt, is_canvas = canvas_batch(drawn, [row[4] for row in part])
            hidden, weight = hide(names, drawn, is_canvas, generator)
            masks = [seen_mask(is_prompt, is_canvas, SHAPE.n_kv_heads, isolated)]
            states = model(ids.masked_fill(hidden, MASK), masks)
            loss = loss + loss_of(states, model.embedding, names, drawn, ids, hidden, weight / total)
        return loss, {"loss": round(loss.item(), 4)}

    run("task-diffusion-full" if args.full else "task-diffusion", rank, args, model, step_loss,
        lambda model: accuracy(model, test, isolated))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=8000, batch=64)
    parser.add_argument("--tasks", required=True, help="folder that `npm run tasks` wrote")
    parser.add_argument("--init", help="model folder to start from")
    parser.add_argument("--full", action="store_true", help="let prompt rows see the canvas")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
