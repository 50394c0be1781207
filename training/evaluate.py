"""Held-out figures of a model folder: bits per byte and, given its target, how well it drafts.

    python3 training/evaluate.py public/models/story-draft --target public/models/story-target --work train-work

If the work folder has sampled-heldout.u16 (sample_text.py with another seed), the draft is measured on that, too.
"""
import argparse
import json
import math
import os

import torch
from torch.nn import functional

from data import HeldOut, load_tokens
from masking import bits_per_byte_bound
from weights import load_model

BATCH = 8
OWN_TEXT = "sampled-heldout.u16"


@torch.no_grad()
def bits_per_byte(model, heldout):
    """Returns the mean of -log2 p(next token) per byte of held-out text."""
    total = 0.0
    for start in range(0, len(heldout.inputs), BATCH):
        logits = model.logits(heldout.inputs[start:start + BATCH])
        targets = heldout.targets[start:start + BATCH].reshape(-1)
        total += functional.cross_entropy(logits, targets, reduction="sum").item()
    return total / heldout.inputs.numel() / math.log(2) / heldout.bytes_per_token


@torch.no_grad()
def agreement(draft, target, windows):
    """Returns (share of positions with the same most likely token, mean sum_x min(p, q) at temperature 1)."""
    same = overlap = 0.0
    for start in range(0, len(windows), BATCH):
        ids = windows[start:start + BATCH]
        draft_logits, target_logits = draft.logits(ids), target.logits(ids)
        same += (draft_logits.argmax(-1) == target_logits.argmax(-1)).sum().item()
        overlap += torch.minimum(draft_logits.softmax(-1), target_logits.softmax(-1)).sum().item()
    return same / windows.numel(), overlap / windows.numel()


def measure(model, heldout, target=None):
    """Returns the figures of a model card as a dictionary."""
    figures = {"bits_per_byte": round(bits_per_byte(model, heldout), 4)}
    if target is not None:
        same, overlap = agreement(model, target, heldout.inputs)
        figures.update(greedy_agreement=round(same, 4), sum_min_p_q=round(overlap, 4))
    return figures


def measure_own_text(draft, target, path):
    """Returns how well `draft` drafts on windows the target wrote, {} if there is no such file."""
    if not os.path.exists(path):
        return {}
    windows = load_tokens(path).view(-1, target.shape.context + 1)[:, :-1]
    same, overlap = agreement(draft, target, windows)
    return {"own_text_greedy_agreement": round(same, 4), "own_text_sum_min_p_q": round(overlap, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder with config.json and model.safetensors")
    parser.add_argument("--target", help="folder of the model that this one drafts for")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--draws", type=int, default=1, help="of masked models: numbers of hidden tokens a window")
    parser.add_argument("--windows", type=int, help="measure only the first windows of the held-out text")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(args.model)
    heldout = HeldOut(args.work, model.shape.context, args.windows)
    target = load_model(args.target) if args.target else None
    if not model.shape.causal:
        bound = bits_per_byte_bound(model, heldout, args.draws)
        print(json.dumps({"tokens": heldout.inputs.numel(), "bits_per_byte_bound": round(bound, 4)}))
        return
    figures = {"tokens": heldout.inputs.numel(), **measure(model, heldout, target)}
    if target is not None:
        figures.update(measure_own_text(model, target, os.path.join(args.work, OWN_TEXT)))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
