"""Mixture-of-Recursions: a first layer, shared layers that run again on the rows a router chooses, and a last layer.

Expert choice (Bae and others 2025, arXiv:2507.10524): recursion r takes the rows of recursion r - 1 that its router rates
highest, so rows leave and never come back. Shape letters as in blocks.py; R recursions, N rows of one recursion.
"""
import dataclasses

import torch
from torch import nn
from torch.autograd import Function
from torch.nn import functional

from blocks import RmsNorm
from model import Layer, LayerStack, Shape


@dataclasses.dataclass(frozen=True)
class MixtureShape(Shape):
    """Sizes of a mixture of recursions; n_layers counts the distinct ones: first, shared, last."""
    n_layers: int = 4
    recursions: int = 3
    # Recursion r takes capacities[r] / recursions of the rows of a text.
    capacities: tuple = (3, 2, 1)
    # Gates lie between 0 and alpha.
    alpha: float = 0.1

    def rows(self, recursion, length):
        """Returns how many of `length` rows recursion 0, 1, .. takes."""
        return max(1, length * self.capacities[recursion] // self.recursions)


class GatherRows(Function):
    """y[b, i] = x[b, rows[b, i]]; x [B, T, D], rows [B, N] without repetition -> [B, N, D]."""

    @staticmethod
    def forward(ctx, x, rows):
        flat = flat_rows(rows, x.shape[1])
        ctx.rows, ctx.shape = flat, x.shape
        return x.reshape(-1, x.shape[-1]).index_select(0, flat).view(*rows.shape, -1)

    @staticmethod
    def backward(ctx, grad):
        width = grad.shape[-1]
        grad_x = grad.new_zeros(ctx.shape)
        grad_x.view(-1, width).index_copy_(0, ctx.rows, grad.reshape(-1, width))
        return grad_x, None


class AddGated(Function):
    """x with gate[b, i] * y[b, i] added to row rows[b, i]; x [B, T, D], gate [B, N], y [B, N, D], rows [B, N] -> [B, T, D]."""

    @staticmethod
    def forward(ctx, x, gate, y, rows):
        flat, width = flat_rows(rows, x.shape[1]), x.shape[-1]
        ctx.save_for_backward(gate, y, flat)
        out = x.clone()
        out.view(-1, width).index_add_(0, flat, (y * gate[..., None]).view(-1, width))
        return out

    @staticmethod
    def backward(ctx, grad):
        gate, y, flat = ctx.saved_tensors
        taken = grad.reshape(-1, grad.shape[-1]).index_select(0, flat).view_as(y)
        return grad, (taken * y).sum(-1), taken * gate[..., None], None


def flat_rows(rows, length):
    """rows [B, N] of texts of `length` rows -> [B*N], counted through the batch."""
    return (rows + torch.arange(len(rows))[:, None] * length).reshape(-1)


def best_rows(logits, count):
    """logits [.., N] -> indices of the `count` highest, rising [.., count]; of equal ones the earlier."""
    order = logits.detach().sort(dim=-1, descending=True, stable=True).indices
    return order[..., :count].sort(-1).values


class MixtureModel(LayerStack):
    """Embedding, layers, routers and final norm; the losses apply the head."""

    def __init__(self, shape):
        super().__init__(shape, Layer, 0.02)
        # One vector per recursion, apart, so that the optimiser does not take them for a matrix.
        self.routers = nn.ParameterList(torch.randn(shape.dim) * 0.02 for _ in range(shape.recursions))

    def forward(self, ids):
        """ids [B, T] -> (hidden states after the final norm [B, T, D], router loss []), routed by the highest gates.

        The router loss teaches a gate to be above one half exactly where its row is chosen, so that a row can be routed
        without knowing the others: the sum over recursions of the mean binary cross-entropy over the rows asked.
        """
        shape, layers = self.shape, list(self.layers)
        batch, length = ids.shape
        x = self.run(layers[:1], functional.embedding(ids, self.embedding))
        rows, router_loss = torch.arange(length).expand(batch, -1), x.new_zeros(())
        for recursion, router in enumerate(self.routers):
            logits = (x @ router).gather(1, rows)
            chosen = best_rows(logits, shape.rows(recursion, length))
            wanted = torch.zeros_like(logits).scatter_(1, chosen, 1)
            router_loss = router_loss + functional.binary_cross_entropy_with_logits(logits, wanted)
            rows, gate = rows.gather(1, chosen), shape.alpha * torch.sigmoid(logits.gather(1, chosen))
            y = self.run(layers[1:-1], GatherRows.apply(x, rows), positions=rows)
            x = AddGated.apply(x, gate, y, rows)
        return RmsNorm.apply(self.run(layers[-1:], x), self.final_norm), router_loss
