"""Trains story-target, the causal model that writes the stories, from scratch or from given weights."""
import argparse
import os

import torch

from data import HeldOut, load_tokens, random_windows
from evaluate import measure
from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from model import LanguageModel, Shape
from weights import load_model

SHAPE = Shape(dim=128, n_layers=5, n_heads=4, n_kv_heads=2, hidden_dim=352)


def train(rank, args):
    torch.manual_seed(args.seed)
    model = load_model(args.init) if args.init else LanguageModel(SHAPE)
    corpus = load_tokens(os.path.join(args.work, "train.u16"))
    heldout = HeldOut(args.work, SHAPE.context, limit=64)

    def step_loss(count, generator, progress):
        windows = random_windows(corpus, count, SHAPE.context + 1, generator)
        hidden = model(windows[:, :-1]).reshape(-1, SHAPE.dim)
        loss = TiedCrossEntropy.apply(hidden, model.embedding, windows[:, 1:].reshape(-1))
        return loss, {"loss": round(loss.item(), 4)}

    run("story-target", rank, args, model, step_loss, lambda model: measure(model, heldout))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=5400, batch=16)
    parser.add_argument("--init", help="model folder to start from instead of random weights")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
