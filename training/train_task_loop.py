"""Trains task-loop, the depth-recurrent model of tasks: lookups of several hops, running sums and lists.

Lookups have a curriculum: one hop first, then up to two, three and four. A row of training asks several questions of one
table; a test asks one. Questions that are in the test file are never asked.
"""
import argparse

import numpy as np
import torch
from torch.nn import functional

from latent import latent
from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from recurrent import RecurrentModel, RecurrentShape, draw_recurrences
from recurrent_files import load_recurrent
from task_data import EOS, PAD, Tasks, causal_batch, padded

SHAPE = RecurrentShape(vocab_size=112, dim=96, n_layers=3, n_core=1, n_heads=3, n_kv_heads=3, head_dim=32, hidden_dim=256, context=64,
                       backprop=4, embed_scale=96 ** 0.5)
WEIGHTS = {"copy": 0.25, "reverse": 1, "sort": 1.5, "sums": 1.5}
# Share of a step's rows that ask lookups, and questions in such a row.
HOPS_SHARE, QUESTIONS = 0.5, 5
MOST_HOPS = 4
# Parts of the run at which questions get one hop longer.
LONGER = (0.15, 0.3, 0.45)
# How often the longest questions of the time are asked: they are drawn with this weight, the others with 1.
NEWEST = 2.0
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12)
MEASURED = 96
SEED = 0


class Lookups:
    """Rows with a table and several questions of it, out of the problems of `npm run tasks`.

    A prompt is BOS, the task's name, the table as pairs (key, value), comma, start, hops, equals sign.
    """

    def __init__(self, train, test):
        prompts = torch.from_numpy(np.stack([train[i][1] for i in range(len(train))]))
        self.tables, self.tail = prompts[:, :-4], prompts[0, -4:]
        hops = prompts[:, -2]
        self.one_hop = int(hops.min())
        self.keys = self.tables[:, 2::2]
        self.tested = {tuple(test[i][1].tolist()) for i in range(len(test))}

    def draw(self, count, longest, generator):
        """Returns (inputs, targets, is_answer), each [count, T]: questions of up to `longest` hops."""
        rows = torch.randint(0, len(self.tables), (count,), generator=generator)
        tables, keys = self.tables[rows], self.keys[rows]
        values = tables[:, 3::2]
        weights = torch.ones(longest)
        weights[-1] = NEWEST
        head, size = tables.shape[1], len(self.tail) + 1
        length = padded(head + QUESTIONS * size)
        inputs = torch.full((count, length), PAD, dtype=torch.long)
        targets, is_answer = torch.full_like(inputs, EOS), torch.zeros(inputs.shape, dtype=torch.bool)
        inputs[:, :head] = tables
        starts = torch.rand(count, keys.shape[1], generator=generator).argsort(-1)[:, :QUESTIONS]
        for question in range(QUESTIONS):
            hops = torch.multinomial(weights, count, replacement=True, generator=generator) + 1
            start = keys.gather(1, starts[:, question, None])
            found = start
            for hop in range(longest):
                next_found = values.gather(1, (keys == found).long().argmax(-1, keepdim=True))
                found = torch.where((hop < hops)[:, None], next_found, found)
            at = head + question * size
            tail = self.tail.repeat(count, 1)
            tail[:, 1], tail[:, 2] = start[:, 0], hops - 1 + self.one_hop
            inputs[:, at:at + size - 1], inputs[:, at + size - 1] = tail, found[:, 0]
            asked = torch.cat([tables, tail], 1).tolist()
            fresh = torch.tensor([tuple(prompt) not in self.tested for prompt in asked])
            targets[:, at + size - 2] = found[:, 0]
            is_answer[:, at + size - 2] = is_answer[:, at + size - 1] = fresh
        return inputs, targets, is_answer


@torch.no_grad()
def by_recurrence(model, tasks, depths=DEPTHS, count=MEASURED):
    """Returns {task or hops:k: {recurrences: share of test problems whose greedy answer is right}}.

    A greedy answer is right if every token of the right one is the most likely after those before it, so all tokens of
    an answer are read in one pass.
    """
    shares = {}
    for name, problems in groups(tasks, count).items():
        inputs, targets, is_answer = causal_batch(problems)
        embedded = model.embed(inputs)
        state = latent(SEED, inputs.shape[1], model.shape.dim, model.shape.state_deviation).float().expand_as(embedded)
        shares[name] = {}
        for depth in range(1, max(depths) + 1):
            state = model.iterate(state, embedded)
            if depth in depths:
                best = functional.linear(model.readout(state), model.embedding).argmax(-1)
                right = ((best == targets) | ~is_answer).all(-1)
                shares[name][depth] = round(right.float().mean().item(), 3)
    return shares


def groups(tasks, count):
    """Returns {task or hops:k: problems}."""
    found = {}
    for name in tasks.names:
        records = tasks.by_task[name]
        for i in range(len(records)):
            group = found.setdefault(f"hops:{records[i][0]}" if name == "hops" else name, [])
            if len(group) < count:
                group.append(records[i])
    lookups = sorted(name for name in found if name.startswith("hops"))
    return {name: found[name] for name in [*(name for name in found if name not in lookups), *lookups]}


def started_from(folder):
    """Returns a model of SHAPE with the weights of an earlier one; of a longer core the first layers are kept."""
    given = load_recurrent(folder)
    if given.shape == SHAPE:
        return given
    model = RecurrentModel(SHAPE)
    for name in ("embedding", "adapter", "final_norm"):
        getattr(model, name).data.copy_(getattr(given, name).data)
    for own, others in zip(model.parts(), given.parts()):
        if len(own) > len(others):
            raise SystemExit(f"{folder}: expected {len(own)} layers or more in each part of the model, found {len(others)}")
        for layer, other in zip(own, others):
            layer.load_state_dict(other.state_dict())
    return model


def longest_at(progress):
    """Returns the most hops that are asked at `progress`."""
    return 1 + sum(progress >= part for part in LONGER)


def train(rank, args):
    torch.manual_seed(args.seed)
    model = started_from(args.init) if args.init else RecurrentModel(SHAPE)
    problems = Tasks(args.tasks, "train", SHAPE.context, WEIGHTS)
    test = Tasks(args.tasks, "test", SHAPE.context, {**WEIGHTS, "hops": 1})
    lookups = Lookups(Tasks(args.tasks, "train", SHAPE.context, {"hops": 1}).by_task["hops"], test.by_task["hops"])

    def step_loss(count, generator, progress):
        asked = int(count * HOPS_SHARE)
        longest = MOST_HOPS if args.init else longest_at(progress)
        batches = [lookups.draw(asked, longest, generator), causal_batch(problems.draw(count - asked, generator))]
        loss, figures = 0, {}
        for name, (inputs, targets, is_answer) in zip(("hops", "lists"), batches):
            drawn = draw_recurrences(SHAPE.mean_recurrence, generator)
            hidden = model(inputs, model.start(inputs, generator), drawn)[is_answer]
            part = TiedCrossEntropy.apply(hidden, model.embedding, targets[is_answer])
            loss = loss + part / len(batches)
            figures[name], figures[f"{name}_recurrences"] = round(part.item(), 4), drawn
        return loss, {"loss": round(loss.item(), 4), **figures}

    run("task-loop", rank, args, model, step_loss, lambda model: by_recurrence(model, test))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=5000, batch=96)
    parser.add_argument("--tasks", required=True, help="folder that `npm run tasks` wrote")
    parser.add_argument("--init", help="model folder to start from; its core may be longer")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
