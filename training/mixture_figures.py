"""Held-out figures of a mixture of recursions: loss, depth and cache under every way of routing.

    python3 training/mixture_figures.py public/models/story-mor --work train-work
"""
import argparse
import json
import math
import os

import torch
from torch.nn import functional

from data import HeldOut
from mixture_files import THRESHOLD, load_mixture, mixture_parameters
from reference_mixture import by_depth, by_rank, by_threshold, forward_mixture
from tokenizer import Tokenizer

# The first windows of the held-out text, as for the other models of changing depth.
WINDOWS = 128
# A trained router is sure of itself: depth moves where thresholds come close to 0 and 1.
THRESHOLDS = (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999)
BY_RANK = "highest gates of the whole text (looks ahead)"
# Tokens that stand in the text so often are looked at one by one, and so many of them are named.
OFTEN, NAMED = 50, 10


@torch.no_grad()
def routed(model, heldout, admit, shared=False):
    """Returns (bits per byte of held-out text, depths [W, T]) under a rule of reference_mixture.py, in float32."""
    named, loss, depths = mixture_parameters(model), 0.0, []
    for ids, targets in zip(heldout.inputs, heldout.targets):
        outputs, depth = forward_mixture(named, model.shape, ids, admit, shared)
        loss += functional.cross_entropy(outputs[-1][1], targets, reduction="sum").item()
        depths.append(depth)
    return loss / heldout.inputs.numel() / math.log(2) / heldout.bytes_per_token, torch.stack(depths)


def agreement(depths, others, recursions):
    """Returns the share of the decisions (row, recursion from the second on) that two routings [W, T] have in common."""
    later = range(2, recursions + 1)
    return sum(((depths >= r) == (others >= r)).double().mean().item() for r in later) / len(later)


def row_of(loss, depths, recursions, shared=False):
    """Returns the figures of one routing; `entries` counts keys of shared layers against those of full depth."""
    mean = depths.double().mean().item()
    shares = [round((depths == r).double().mean().item(), 4) for r in range(1, recursions + 1)]
    return {"bits_per_byte": round(loss, 4), "mean_depth": round(mean, 3), "depth_shares": shares,
            "entries": round((1 if shared else mean) / recursions, 4)}


def by_token(inputs, depths, tokenizer):
    """Returns {"often": tokens seen OFTEN times, "one_depth": share of their places that have their token's usual depth,
    "examples": {depth: the most frequent of the tokens whose usual depth it is}}."""
    usual, places, same = {}, 0, 0
    for token in torch.bincount(inputs.reshape(-1)).argsort(descending=True, stable=True).tolist():
        counts = torch.bincount(depths[inputs == token])
        if counts.sum() < OFTEN:
            break
        usual[token] = counts.argmax().item()
        places, same = places + counts.sum().item(), same + counts.max().item()
    examples = {depth: [tokenizer.decode([token]) for token in usual if usual[token] == depth][:NAMED]
                for depth in sorted(set(usual.values()))}
    return {"often": len(usual), "one_depth": round(same / places, 4), "examples": examples}


def measure_mixture(model, heldout, tokenizer):
    """Returns {"agreement": share, "same_depth": share, "by_token": figures, "rows": {way of routing: figures}}."""
    recursions, measured, rows = model.shape.recursions, {}, {}
    ways = {f"threshold {threshold}": by_threshold(threshold) for threshold in THRESHOLDS}
    ways[BY_RANK] = by_rank(model.shape)
    ways.update({f"depth {depth} for all": by_depth(depth) for depth in range(1, recursions + 1)})
    for name, admit in ways.items():
        measured[name] = routed(model, heldout, admit)
        rows[name] = row_of(*measured[name], recursions)
    by_gate, by_order = measured[f"threshold {THRESHOLD}"][1], measured[BY_RANK][1]
    name = f"threshold {THRESHOLD}, keys of the first recursion"
    rows[name] = row_of(*routed(model, heldout, by_threshold(THRESHOLD), shared=True), recursions, shared=True)
    return {"tokens": heldout.inputs.numel(), "agreement": round(agreement(by_gate, by_order, recursions), 4),
            "same_depth": round((by_gate == by_order).double().mean().item(), 4),
            "by_token": by_token(heldout.inputs, by_gate, tokenizer), "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder with config.json and model.safetensors")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="first windows of the held-out text to measure on")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_mixture(args.model)
    tokenizer = Tokenizer.load(os.path.join(args.model, "tokenizer.json"))
    print(json.dumps(measure_mixture(model, HeldOut(args.work, model.shape.context, args.windows), tokenizer), indent=2))


if __name__ == "__main__":
    main()
