"""Trains task-target, the causal model that answers tasks; the loss counts answers only.

`--init` goes on from given weights, and `--weights shuffle=5,hops=4` draws tasks more or less often than WEIGHTS says.
"""
import argparse
import collections

import torch

from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from model import LanguageModel, Shape
from task_check import right
from task_data import BOS, EOS, PAD, Tasks, by_length, causal_batch, padded
from task_laws import answer_laws, spread
from weights import load_model

SHAPE = Shape(vocab_size=112, dim=128, n_layers=4, n_heads=4, n_kv_heads=4, hidden_dim=352, context=64)
# How often each task is drawn.
WEIGHTS = {"copy": 0.5, "reverse": 2, "sort": 1.5, "shuffle": 2, "replace_index": 1, "replace_random": 2.5,
           "insert_index": 1.25, "insert_random": 1.5, "remove_index": 0.75, "remove_random": 0.75, "sums": 0.75,
           "hops": 0.75, "words": 4, "countdown": 6, "latin": 1.5, "sudoku": 1, "json": 0.75}
# Most tokens of the problems that share the shorter batch of a step.
SHORT = 37
MEASURED = 24


@torch.no_grad()
def answer(model, prompts, most, temperature=0.0, generator=None):
    """Returns the ids written after each prompt [B, most]: the most likely tokens, or draws at a temperature."""
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    ids = torch.full((len(prompts), padded(int(lengths.max()) + most)), PAD, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, :len(prompt)] = torch.from_numpy(prompt)
    rows, written = torch.arange(len(prompts)), []
    for step in range(most):
        length = padded(int(lengths.max()) + step)
        hidden = model(ids[:, :length])[rows, lengths + step - 1]
        logits = hidden @ model.embedding.t()
        logits[:, [PAD, BOS]] = -1e30
        if temperature > 0:
            next_ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
        else:
            next_ids = logits.argmax(-1)
        written.append(next_ids)
        ids[rows, lengths + step] = next_ids
        if all((torch.stack(written) == EOS).any(0)):
            break
    return torch.stack(written, 1)


def accuracy(model, tasks, count=MEASURED):
    """Returns {task or task:level: share of test problems whose greedy answer is right}."""
    shares = {}
    for name in tasks.names:
        records = tasks.by_task[name]
        problems = [records[i] for i in range(min(count, len(records)))]
        most = min(max(len(p[2]) for p in problems), model.shape.context - max(len(p[1]) for p in problems))
        answers = answer(model, [p[1] for p in problems], most)
        found = collections.defaultdict(list)
        for (level, prompt, reference), ids in zip(problems, answers):
            ok = right(name, tasks.text(prompt), tasks.text(ids), tasks.text(reference))
            found[f"{name}:{level}" if name in ("countdown", "hops") else name].append(ok)
        shares.update({key: round(sum(marks) / len(marks), 2) for key, marks in sorted(found.items())})
    return shares


def laws_of(named, tasks):
    """Returns {row: {token: probability}} of the answers that are drawn; rows count the answers' tokens in order."""
    laws, row = {}, 0
    for name, (_, prompt, answer_ids) in named:
        letters = answer_laws(name, tasks.text(prompt), tasks.text(answer_ids)) or []
        for i, law in enumerate(letters):
            laws[row + i] = {tasks.ids[letter]: share for letter, share in law.items()}
        row += len(answer_ids)
    return laws


def changed_weights(text):
    """Returns WEIGHTS with those of `text`, task=weight,task=weight; ends with a message about what is no such pair."""
    weights = dict(WEIGHTS)
    for pair in filter(None, text.split(",")):
        name, _, weight = pair.partition("=")
        if name not in WEIGHTS or not weight.replace(".", "", 1).isdigit():
            raise SystemExit(f"--weights: expected task=number with a task among {', '.join(WEIGHTS)}; found {pair}")
        weights[name] = float(weight)
    return weights


def train(rank, args):
    torch.manual_seed(args.seed)
    model = LanguageModel(SHAPE)
    if args.init:
        model.load_state_dict(load_model(args.init).state_dict())
    weights = changed_weights(args.weights)
    problems = Tasks(args.tasks, "train", SHAPE.context, weights)
    test = Tasks(args.tasks, "test", SHAPE.context, weights)

    def step_loss(count, generator, progress):
        parts = by_length(problems.draw_named(count, generator), SHORT, lambda named: named[1])
        learned = sum(len(answer_ids) for part in parts for _, (_, _, answer_ids) in part)
        loss = 0
        for part in parts:
            inputs, targets, is_answer = causal_batch([problem for _, problem in part])
            rows, tokens, shares = spread(laws_of(part, problems), targets[is_answer])
            hidden = model(inputs)[is_answer][rows]
            loss = loss + TiedCrossEntropy.apply(hidden, model.embedding, tokens, shares / learned)
        return loss, {"loss": round(loss.item(), 4)}

    run("task-target", rank, args, model, step_loss, lambda model: accuracy(model, test))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=6000, batch=64)
    parser.add_argument("--tasks", required=True, help="folder that `npm run tasks` wrote")
    parser.add_argument("--init", help="model folder to start from, an earlier task-target")
    parser.add_argument("--weights", default="", help="how often some tasks are drawn: task=weight,task=weight")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
