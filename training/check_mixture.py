"""Checks the mixture of recursions: gradients against autograd through reference_mixture.py, and its files read back.

    python3 training/check_mixture.py

Prints the largest relative error of each check and fails above 1e-12 (float64 throughout).
"""
import dataclasses

import torch
from torch.nn import functional

from check_blocks import compare
from losses import TiedCrossEntropy
from mixture import MixtureModel, MixtureShape
from mixture_files import load_named, mixture_parameters
from reference_mixture import by_rank, forward_mixture

# 17 rows, so that no capacity is a whole share of them.
SHAPE = MixtureShape(vocab_size=50, dim=24, n_layers=4, n_heads=4, n_kv_heads=2, head_dim=6, hidden_dim=20, context=17,
                     recursions=3, capacities=(3, 2, 1), alpha=0.7)
FIXED_SHAPE = dataclasses.replace(SHAPE, recursions=2, capacities=(2, 2))
WINDOWS, ROUTER_WEIGHT, LIMIT, NOISE = 3, 0.3, 1e-12, 0.3


def double_model(shape, seed):
    """Returns a float64 model with random weights, its norms included."""
    torch.manual_seed(seed)
    model = MixtureModel(shape).double()
    for parameter in model.parameters():
        parameter.data += NOISE * torch.randn_like(parameter)
    frequency = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2).double() / shape.head_dim)
    angles = torch.outer(torch.arange(shape.context).double(), frequency)[:, None]
    model.cos, model.sin = angles.cos(), angles.sin()
    return model


def reference_losses(named, shape, ids):
    """Returns (logits [T, V], router loss) of one text, by what the router of each recursion said and was to say."""
    outputs, depths = forward_mixture(named, shape, ids, by_rank(shape))
    outputs, router_loss = dict(outputs), 0
    for recursion, gate in enumerate(outputs["router"]):
        gate, goes_on = gate[depths >= recursion], (depths > recursion)[depths >= recursion]
        router_loss = router_loss - torch.where(goes_on, gate, 1 - gate).log().mean()
    return outputs["logits"], router_loss


def check(shape, seed):
    """Compares losses and gradients of a few random texts."""
    model = double_model(shape, seed)
    windows = torch.randint(0, shape.vocab_size, (WINDOWS, shape.context))
    wanted = torch.randint(0, shape.vocab_size, (windows.numel(),))
    model.zero_grad()
    hidden, router_loss = model(windows)
    loss = TiedCrossEntropy.apply(hidden.view(-1, shape.dim), model.embedding, wanted) + ROUTER_WEIGHT * router_loss
    loss.backward()
    gradients = MixtureModel(shape).double()
    for mine, theirs in zip(gradients.parameters(), model.parameters()):
        mine.data = theirs.grad
    written = loss.item(), mixture_parameters(gradients)

    named = {name: tensor.clone().requires_grad_() for name, tensor in mixture_parameters(model).items()}
    logits, router_losses = zip(*(reference_losses(named, shape, ids) for ids in windows))
    expected_loss = functional.cross_entropy(torch.cat(logits), wanted) + ROUTER_WEIGHT * sum(router_losses) / WINDOWS
    expected = dict(zip(named, torch.autograd.grad(expected_loss, list(named.values()))))
    compare(f"capacities {shape.capacities} of {shape.recursions}", written, (expected_loss.item(), expected), LIMIT)


def main():
    for shape in (SHAPE, FIXED_SHAPE):
        check(shape, 1)
    copy, model = double_model(SHAPE, 2), double_model(SHAPE, 3)
    stored = {name: tensor.clone() for name, tensor in mixture_parameters(model).items()}
    load_named(copy, stored)
    same = all(torch.equal(a, b) for a, b in zip(copy.parameters(), model.parameters()))
    print(f"files read back: {'the same' if same and not stored else 'not the same'}")
    if not same or stored:
        raise SystemExit(f"weights written and read differ; left over: {sorted(stored)}")


if __name__ == "__main__":
    main()
