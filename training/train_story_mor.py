"""Trains story-mor, the mixture of recursions of stories, starting from the layers of story-target.

With --fixed-depth every token runs the average number of recursions instead and nothing is routed: what routing is compared
with. Its run is called story-mor-fixed; it is not bundled.
"""
import argparse
import dataclasses
import os

import torch

from data import HeldOut, load_tokens, random_windows
from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from mixture import MixtureModel, MixtureShape
from mixture_figures import agreement, routed
from mixture_files import MODEL_TYPE, THRESHOLD, load_mixture
from reference_mixture import by_depth, by_rank, by_threshold
from weights import load_model, read_config

# With gates up to 1 story-target's layers are worth 1.02 bits per byte before training, with gates up to 0.1 only 1.43.
SHAPE = MixtureShape(alpha=1.0)
# As many recursions for everybody as SHAPE's capacities 1, 2/3, 1/3 come to on average.
FIXED_SHAPE = dataclasses.replace(SHAPE, recursions=2, capacities=(2, 2))
# Layers of story-target that become the first, the shared and the last.
TAKEN = (0, 1, 2, 4)
MEASURED_WINDOWS = 16


@torch.no_grad()
def grown_from(target, shape):
    """Returns a mixture made of a Llama's layers; its routers are random and small."""
    model = MixtureModel(shape)
    model.embedding.copy_(target.embedding)
    model.final_norm.copy_(target.final_norm)
    for layer, taken in zip(model.layers, TAKEN):
        layer.load_state_dict(target.layers[taken].state_dict())
    return model


def start_of(folder, shape):
    """Returns the model to train: the mixture in `folder`, or one grown from the Llama there."""
    is_mixture = read_config(folder)["model_type"] == MODEL_TYPE
    return load_mixture(folder) if is_mixture else grown_from(load_model(folder), shape)


def train(rank, args):
    torch.manual_seed(args.seed)
    shape = FIXED_SHAPE if args.fixed_depth else SHAPE
    corpus = load_tokens(os.path.join(args.work, "train.u16"))
    model = start_of(args.init, shape)
    heldout = HeldOut(args.work, shape.context, limit=MEASURED_WINDOWS)

    def step_loss(count, generator, progress):
        windows = random_windows(corpus, count, shape.context + 1, generator)
        hidden, router_loss = model(windows[:, :-1])
        loss = TiedCrossEntropy.apply(hidden.reshape(-1, shape.dim), model.embedding, windows[:, 1:].reshape(-1))
        figures = {"loss": round(loss.item(), 4), "router_loss": round(router_loss.item(), 4)}
        return (loss if args.fixed_depth else loss + args.router_weight * router_loss), figures

    def measure(model):
        if args.fixed_depth:
            return {"bits_per_byte": round(routed(model, heldout, by_depth(shape.recursions))[0], 4)}
        loss, depths = routed(model, heldout, by_threshold(THRESHOLD))
        rank_loss, rank_depths = routed(model, heldout, by_rank(shape))
        return {"bits_per_byte": round(loss, 4), "mean_depth": round(depths.double().mean().item(), 4),
                "rank_bits_per_byte": round(rank_loss, 4),
                "agreement": round(agreement(depths, rank_depths, shape.recursions), 4)}

    run("story-mor-fixed" if args.fixed_depth else "story-mor", rank, args, model, step_loss, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=1600, batch=16)
    parser.add_argument("--init", required=True, help="model folder to start from: story-target, or story-mor itself")
    parser.add_argument("--router-weight", type=float, default=0.1, help="weight of the router loss")
    parser.add_argument("--fixed-depth", action="store_true", help="train the model without routing")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
