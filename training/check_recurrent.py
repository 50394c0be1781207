"""Checks the recurrent model: gradients against autograd through reference_recurrent.py, and its files read back.

    python3 training/check_recurrent.py

Prints the largest relative error of each check and fails above 1e-12 (float64 throughout).
"""
import torch
from torch.nn import functional

from check_blocks import compare
from latent import latent
from losses import TiedCrossEntropy
from recurrent import RecurrentModel, RecurrentShape
from recurrent_files import huginn_parameters, load_huginn
from reference_recurrent import forward_recurrent

SHAPE = RecurrentShape(vocab_size=50, dim=24, n_layers=5, n_heads=3, n_kv_heads=3, head_dim=8, hidden_dim=20, context=16,
                       n_prelude=1, n_core=3, n_coda=1, backprop=2, embed_scale=1.7)
WINDOWS = 3
LIMIT = 1e-12
# Larger random weights make five recurrences chaotic: at 0.3 rounding alone grows to 3e-9 in one gradient.
NOISE = 0.1


def double_model(seed):
    """Returns a float64 model with random weights, its norms included."""
    torch.manual_seed(seed)
    model = RecurrentModel(SHAPE).double()
    for parameter in model.parameters():
        parameter.data += NOISE * torch.randn_like(parameter)
    frequency = SHAPE.rope_theta ** (-torch.arange(0, SHAPE.head_dim, 2).double() / SHAPE.head_dim)
    angles = torch.outer(torch.arange(SHAPE.context).double(), frequency)[:, None]
    model.cos, model.sin = angles.cos(), angles.sin()
    return model


def check(model, recurrences):
    """Compares loss and gradients after so many recurrences."""
    windows = torch.randint(0, SHAPE.vocab_size, (WINDOWS, SHAPE.context))
    wanted = torch.randint(0, SHAPE.vocab_size, (windows.numel(),))
    start = latent(1, SHAPE.context, SHAPE.dim, SHAPE.state_deviation)
    model.zero_grad()
    hidden = model(windows, start.expand(WINDOWS, -1, -1), recurrences).view(-1, SHAPE.dim)
    loss = TiedCrossEntropy.apply(hidden, model.embedding, wanted)
    loss.backward()
    gradients = RecurrentModel(SHAPE).double()
    for mine, theirs in zip(gradients.parameters(), model.parameters()):
        mine.data = theirs.grad
    written = loss.item(), huginn_parameters(gradients)

    named = {name: tensor.requires_grad_() for name, tensor in huginn_parameters(model).items()}
    without = max(0, recurrences - SHAPE.backprop)
    last = [dict(forward_recurrent(named, SHAPE, ids, start, recurrences, without))[f"logits{recurrences}"]
            for ids in windows]
    expected_loss = functional.cross_entropy(torch.cat(last), wanted)
    expected = dict(zip(named, torch.autograd.grad(expected_loss, list(named.values()))))
    compare(f"{recurrences} recurrences, {SHAPE.backprop} with gradient", written, (expected_loss.item(), expected), LIMIT)


def main():
    model = double_model(1)
    for recurrences in (1, 2, 5):
        check(model, recurrences)
    copy, stored = double_model(2), huginn_parameters(model)
    load_huginn(copy, stored)
    same = all(torch.equal(a, b) for a, b in zip(copy.parameters(), model.parameters()))
    print(f"files read back: {'the same' if same and not stored else 'not the same'}")
    if not same or stored:
        raise SystemExit(f"weights written and read differ; left over: {sorted(stored)}")


if __name__ == "__main__":
    main()
