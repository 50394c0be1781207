"""Trains story-draft, the small model that proposes tokens for story-target, by imitating the target's law.

Half-way through, the distance moves from KL divergence to the chance of rejection itself: KL divergence gets a young
draft close fast, but what speculative decoding pays for is 1 - sum_x min(p, q).
"""
import argparse
import os

import torch

from data import HeldOut, load_tokens, random_windows
from evaluate import measure
from loop import add_arguments, launch, run
from losses import TiedDistillation
from model import LanguageModel, Shape
from weights import load_model

SHAPE = Shape(dim=96, n_layers=2, n_heads=3, n_kv_heads=1, hidden_dim=256)

# (imitate, text, overlap) of TiedDistillation, early and late in the run, and where in the run the change happens.
EARLY, LATE = (1.0, 0.1, 0.0), (0.25, 0.0, 3.0)
CHANGE_FROM, CHANGE_TO = 0.4, 0.7


def loss_weights(progress):
    """Returns the loss weights at `progress` from 0 to 1."""
    late = min(1, max(0, (progress - CHANGE_FROM) / (CHANGE_TO - CHANGE_FROM)))
    return tuple(a + (b - a) * late for a, b in zip(EARLY, LATE))


def start_from_target(shape, target):
    """Returns a draft whose embedding is the target's, projected on its main directions."""
    model = LanguageModel(shape)
    u, s, _ = torch.linalg.svd(target.embedding.data, full_matrices=False)
    model.embedding.data.copy_(u[:, :shape.dim] * s[:shape.dim])
    return model


def train(rank, args):
    torch.manual_seed(args.seed)
    target = load_model(args.target)
    model = start_from_target(SHAPE, target)
    corpus = load_tokens(os.path.join(args.work, "train.u16"))
    sampled = load_tokens(os.path.join(args.work, "sampled.u16")).view(-1, SHAPE.context + 1)
    heldout = HeldOut(args.work, SHAPE.context, limit=24)

    def step_loss(count, generator, progress):
        from_target = round(count * args.sampled_share)
        chosen = torch.randint(0, len(sampled), (from_target,), generator=generator)
        windows = random_windows(corpus, count - from_target, SHAPE.context + 1, generator)
        windows = torch.cat([windows, sampled[chosen]])
        inputs, next_tokens = windows[:, :-1], windows[:, 1:].reshape(-1)
        with torch.no_grad():
            target_hidden = target(inputs).view(-1, target.shape.dim)
        loss, overlap = TiedDistillation.apply(
            model(inputs).view(-1, SHAPE.dim), model.embedding, target_hidden, target.embedding.data, next_tokens,
            loss_weights(progress))
        return loss, {"loss": round(loss.item(), 4), "sum_min_p_q": round(overlap.item(), 4)}

    run("story-draft", rank, args, model, step_loss, lambda model: measure(model, heldout, target))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, steps=6000, batch=16)
    parser.add_argument("--target", required=True, help="folder of the target model")
    parser.add_argument("--sampled-share", type=float, default=0.4, help="share of windows that the target wrote")
    parser.set_defaults(weight_decay=0.05)
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
