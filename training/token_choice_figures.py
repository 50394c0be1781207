"""Held-out figures of a mixture of recursions by token choice: loss, depth and cache, by its router and by forced depths.

    python3 training/token_choice_figures.py public/models/story-mor-token --work train-work
"""
import argparse
import json
import math
import os

import torch
from torch.nn import functional

from data import HeldOut
from mixture_figures import WINDOWS, by_token, row_of
from reference_token_choice import all_to, by_router, forward_token_choice
from token_choice_files import load_token_choice, token_choice_parameters
from tokenizer import Tokenizer

BY_ROUTER = "each token's own choice"


@torch.no_grad()
def chosen(model, heldout, choose, shared=False):
    """Returns (bits per byte of held-out text, depths [W, T]) under a rule of reference_token_choice.py, in float32."""
    named, loss, depths = token_choice_parameters(model), 0.0, []
    for ids, targets in zip(heldout.inputs, heldout.targets):
        outputs, depth = forward_token_choice(named, model.shape, ids, choose, shared)
        loss += functional.cross_entropy(outputs[-1][1], targets, reduction="sum").item()
        depths.append(depth)
    return loss / heldout.inputs.numel() / math.log(2) / heldout.bytes_per_token, torch.stack(depths)


def measure_token_choice(model, heldout, tokenizer):
    """Returns {"tokens": count, "by_token": figures, "rows": {way of choosing: figures}}."""
    recursions = model.shape.recursions
    loss, depths = chosen(model, heldout, by_router)
    rows = {BY_ROUTER: row_of(loss, depths, recursions)}
    for depth in range(1, recursions + 1):
        rows[f"depth {depth} for all"] = row_of(*chosen(model, heldout, all_to(depth)), recursions)
    name = f"{BY_ROUTER}, keys of the first recursion"
    rows[name] = row_of(*chosen(model, heldout, by_router, shared=True), recursions, shared=True)
    return {"tokens": heldout.inputs.numel(), "by_token": by_token(heldout.inputs, depths, tokenizer), "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder with config.json and model.safetensors")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="first windows of the held-out text to measure on")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_token_choice(args.model)
    tokenizer = Tokenizer.load(os.path.join(args.model, "tokenizer.json"))
    figures = measure_token_choice(model, HeldOut(args.work, model.shape.context, args.windows), tokenizer)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
