"""Trains story-mor-token, the mixture of recursions of stories in which each token chooses its depth, from story-mor.

The layers begin as those of story-mor, the router with small random numbers. Depths are kept in use either by a loss
(--balance loss) or by a number per depth that rises while the depth is chosen too rarely (--balance bias).
"""
import argparse
import os

import torch
from torch import distributed

from data import HeldOut, load_tokens, random_windows
from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from mixture_files import load_mixture
from reference_token_choice import by_router
from token_choice import TokenChoiceModel, TokenChoiceShape, balance_loss, z_loss
from token_choice_figures import chosen
from token_choice_files import is_token_choice, load_token_choice
from weights import hub_parameters

SHAPE = TokenChoiceShape()
MEASURED_WINDOWS = 16
# The paper's: weight of the loss of the logits' size, and how far the balance moves in a step.
Z_WEIGHT, BALANCE_STEP = 1e-5, 0.001


@torch.no_grad()
def grown_from(mixture):
    """Returns a token-choice model made of an expert-choice model's layers; its router is random and small."""
    model = TokenChoiceModel(SHAPE)
    theirs = hub_parameters(mixture)
    for name, tensor in hub_parameters(model).items():
        tensor.copy_(theirs[name])
    return model


def start_of(folder):
    """Returns the model to train: the token-choice model in `folder`, or one grown from the mixture there."""
    return load_token_choice(folder) if is_token_choice(folder) else grown_from(load_mixture(folder))


def over_processes(shares, processes):
    """Returns the mean of each process's shares, so that all of them balance alike."""
    if processes > 1:
        distributed.all_reduce(shares)
    return shares / processes


def train(rank, args):
    torch.manual_seed(args.seed)
    corpus = load_tokens(os.path.join(args.work, "train.u16"))
    model = start_of(args.init)
    heldout = HeldOut(args.work, SHAPE.context, limit=MEASURED_WINDOWS)

    def step_loss(count, generator, progress):
        windows = random_windows(corpus, count, SHAPE.context + 1, generator)
        hidden, logits, depths = model(windows[:, :-1])
        loss = TiedCrossEntropy.apply(hidden.reshape(-1, SHAPE.dim), model.embedding, windows[:, 1:].reshape(-1))
        shares = over_processes(model.share_of_depths(depths), args.processes)
        balance = balance_loss(logits, shares)
        figures = {"loss": round(loss.item(), 4), "balance_loss": round(balance.item(), 4),
                   "shares": [round(share, 3) for share in shares.tolist()]}
        if args.balance == "bias":
            model.balance += BALANCE_STEP * torch.sign(1 / SHAPE.recursions - shares)
            return loss + Z_WEIGHT * z_loss(logits), figures
        return loss + args.balance_weight * balance + Z_WEIGHT * z_loss(logits), figures

    def measure(model):
        loss, depths = chosen(model, heldout, by_router)
        return {"bits_per_byte": round(loss, 4), "mean_depth": round(depths.double().mean().item(), 4)}

    run("story-mor-token", rank, args, model, step_loss, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=1600, batch=16)
    parser.add_argument("--init", required=True, help="model folder to start from: story-mor, or story-mor-token itself")
    parser.add_argument("--balance", choices=("loss", "bias"), default="loss", help="what keeps depths equally frequent")
    parser.add_argument("--balance-weight", type=float, default=0.1, help="weight of the balance loss")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
