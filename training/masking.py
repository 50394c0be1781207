"""Masked diffusion: how tokens get masked in training, and the bound on the likelihood that is measured.

With masking rate t ~ U(0, 1), each token hidden with probability t, the expectation of (1 / t) * sum of
-log p(token | canvas) over the hidden ones bounds the negative log-likelihood (Sahoo and others 2024, eq. 10; the same
with a fixed number of hidden tokens k ~ U{1..T} and weight T / k, Nie and others 2025, eq. 14).
"""
import math

import torch
from torch.nn import functional

from tokenizer import MASK

LEAST_RATE = 0.02
EVAL_SEED = 5
BATCH = 8


def stratified(count, generator):
    """Returns `count` numbers in (0, 1), one in each of `count` equal parts, in random order [count]."""
    shift = torch.rand(1, generator=generator)
    return (torch.randperm(count, generator=generator) + shift) / count


def mask_canvas(canvas, generator):
    """Hides tokens of canvas [B, T]; returns (noisy canvas [B, T], hidden [B, T] bool, weight of the hidden ones [N])."""
    rate = stratified(len(canvas), generator).clamp(LEAST_RATE, 1)[:, None]
    hidden = torch.rand(canvas.shape, generator=generator) < rate
    weight = (1 / rate).expand(canvas.shape)[hidden] / canvas.numel()
    return canvas.masked_fill(hidden, MASK), hidden, weight


def mask_exactly(canvas, counts, generator):
    """Hides counts[b] tokens of row b, at random places; returns (noisy canvas, hidden), both [B, T]."""
    ranks = torch.rand(canvas.shape, generator=generator).argsort(-1).argsort(-1)
    hidden = ranks < counts[:, None]
    return canvas.masked_fill(hidden, MASK), hidden


@torch.no_grad()
def bits_per_byte_bound(model, heldout, draws=1):
    """Returns the bound on bits per byte of held-out text, averaged over `draws` numbers of hidden tokens a window."""
    generator = torch.Generator().manual_seed(EVAL_SEED)
    length, total = heldout.inputs.shape[1], 0.0
    for _ in range(draws):
        for start in range(0, len(heldout.inputs), BATCH):
            canvas = heldout.inputs[start:start + BATCH]
            counts = (stratified(len(canvas), generator) * length).long() + 1
            noisy, hidden = mask_exactly(canvas, counts, generator)
            logits = model.logits(noisy).view(*canvas.shape, -1)[hidden]
            loss = functional.cross_entropy(logits, canvas[hidden], reduction="none")
            total += (loss * (length / counts)[:, None].expand(canvas.shape)[hidden]).sum().item()
    return total / (draws * heldout.inputs.numel()) / math.log(2) / heldout.bytes_per_token
