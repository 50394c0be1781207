"""Trains task-target, the causal model that answers tasks; the loss counts answers only."""
import argparse

import torch

from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from model import LanguageModel, Shape
from task_data import Tasks, causal_batch

SHAPE = Shape(vocab_size=112, dim=128, n_layers=4, n_heads=4, n_kv_heads=4, hidden_dim=352, context=64)


@torch.no_grad()
def accuracy(model, tasks, count=40):
    """Returns {task: share of test problems whose greedy answer is the reference, token by token}."""
    shares = {}
    for name in tasks.names:
        problems = tasks.by_task[name][:count]
        inputs, targets, weights = causal_batch(problems, model.shape.context)
        best = model.logits(inputs).argmax(-1).view_as(targets)
        # With the reference before it, every token is the most likely one: then greedy decoding writes the reference.
        shares[name] = round(((best == targets) | (weights == 0)).all(-1).float().mean().item(), 3)
    return shares


def train(rank, args):
    torch.manual_seed(args.seed)
    model = LanguageModel(SHAPE)
    problems = Tasks(args.tasks, "train", SHAPE.context)
    test = Tasks(args.tasks, "test", SHAPE.context)

    def step_loss(count, generator, progress):
        inputs, targets, weights = causal_batch(problems.draw(count, generator), SHAPE.context)
        counted = weights.view(-1) > 0
        hidden = model(inputs).reshape(-1, SHAPE.dim)[counted]
        loss = TiedCrossEntropy.apply(hidden, model.embedding, targets.reshape(-1)[counted], weights.view(-1)[counted])
        return loss, {"loss": round(loss.item(), 4)}

    run("task-target", rank, args, model, step_loss, lambda model: accuracy(model, test))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=6000, batch=64)
    parser.add_argument("--tasks", required=True, help="folder that `npm run tasks` wrote")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
