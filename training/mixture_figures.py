"""Held-out figures of a mixture of recursions: loss, depth and cache under every way of routing.

    python3 training/mixture_figures.py public/models/story-mor --work train-work
"""
import argparse
import json
import math

import torch
from torch.nn import functional

from data import HeldOut
from mixture_files import THRESHOLD, load_mixture, mixture_parameters
from reference_mixture import by_depth, by_rank, by_threshold, forward_mixture

# The first windows of the held-out text, as for the other models of changing depth.
WINDOWS = 128
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)


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


def measure_mixture(model, heldout):
    """Returns {"agreement": share, "same_depth": share, "rows": {way of routing: figures}}."""
    recursions, measured, rows = model.shape.recursions, {}, {}
    ways = {f"threshold {threshold}": by_threshold(threshold) for threshold in THRESHOLDS}
    ways["highest gates of the whole text (looks ahead)"] = by_rank(model.shape)
    ways.update({f"depth {depth} for all": by_depth(depth) for depth in range(1, recursions + 1)})
    for name, admit in ways.items():
        measured[name] = routed(model, heldout, admit)
        rows[name] = row_of(*measured[name], recursions)
    by_gate, by_order = measured[f"threshold {THRESHOLD}"][1], measured["highest gates of the whole text (looks ahead)"][1]
    name = f"threshold {THRESHOLD}, keys of the first recursion"
    rows[name] = row_of(*routed(model, heldout, by_threshold(THRESHOLD), shared=True), recursions, shared=True)
    return {"tokens": heldout.inputs.numel(), "agreement": round(agreement(by_gate, by_order, recursions), 4),
            "same_depth": round((by_gate == by_order).double().mean().item(), 4), "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder with config.json and model.safetensors")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="first windows of the held-out text to measure on")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_mixture(args.model)
    print(json.dumps(measure_mixture(model, HeldOut(args.work, model.shape.context, args.windows)), indent=2))


if __name__ == "__main__":
    main()
