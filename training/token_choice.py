"""Token choice, the other mixture of recursions: each row chooses its depth once, before the first recursion.

A row's recursions are not gated until its last, which is added to what the row began with (Bae and others 2025,
arXiv:2507.10524, section 2.2). No row looks at others to choose, so training routes as writing does. Shape letters as in
blocks.py; R recursions, N rows of one recursion.
"""
import dataclasses

import torch
from torch import nn
from torch.nn import functional

from blocks import RmsNorm
from mixture import AddGated, GatherRows
from model import Layer, LayerStack, Shape

# Rows of a recursion are filled up to a multiple of this with rows whose results nobody reads.
ROW_BLOCK = 4


@dataclasses.dataclass(frozen=True)
class TokenChoiceShape(Shape):
    """Sizes of a mixture of recursions by token choice; n_layers counts the distinct ones: first, shared, last."""
    n_layers: int = 4
    recursions: int = 3
    # The last recursion of a row counts by alpha times the probability of its depth.
    alpha: float = 1.0


def leading_rows(wanted):
    """wanted [B, N] -> indices [B, M]: those of the wanted rows, rising, then others, so that all texts have as many.

    Attention is causal in the order of the rows, so those at the end change nothing for the rows before them.
    """
    count = int(wanted.sum(1).max())
    room = min(wanted.shape[1], -(-count // ROW_BLOCK) * ROW_BLOCK)
    return (~wanted).to(torch.uint8).sort(dim=1, stable=True).indices[:, :room]


class TokenChoiceModel(LayerStack):
    """Embedding, layers, router, balance and final norm; the losses apply the head."""

    def __init__(self, shape):
        super().__init__(shape, Layer, 0.02)
        # One vector per depth, apart, so that the optimiser does not take them for a matrix.
        self.routers = nn.ParameterList(torch.randn(shape.dim) * 0.02 for _ in range(shape.recursions))
        # Added to the probabilities where the depth is chosen and nowhere else; training by loss leaves it at 0.
        self.register_buffer("balance", torch.zeros(shape.recursions))

    def forward(self, ids):
        """ids [B, T] -> (hidden states after the final norm [B, T, D], router logits [B, T, R], depths [B, T] from 1)."""
        layers = list(self.layers)
        begin = self.run(layers[:1], functional.embedding(ids, self.embedding))
        logits = begin @ torch.stack(list(self.routers)).t()
        probs = torch.softmax(logits, -1)
        depths = (probs.detach() + self.balance).argmax(-1) + 1
        gates = self.shape.alpha * probs.gather(-1, depths[..., None] - 1)[..., 0]
        rows = torch.arange(ids.shape[1]).expand(len(ids), -1)
        x, y = begin, begin
        for recursion in range(1, int(depths.max()) + 1):
            here = leading_rows(depths.gather(1, rows) >= recursion)
            rows = rows.gather(1, here)
            y = self.run(layers[1:-1], GatherRows.apply(y, here), positions=rows)
            ends = depths.gather(1, rows) == recursion
            x = AddGated.apply(x, gates.gather(1, rows) * ends, y, rows)
        return RmsNorm.apply(self.run(layers[-1:], x), self.final_norm), logits, depths

    def parameter_count(self):
        return super().parameter_count() + self.balance.numel()

    def share_of_depths(self, depths):
        """depths [..] -> the share of the rows that chose each depth [R]."""
        return torch.bincount(depths.reshape(-1) - 1, minlength=self.shape.recursions) / depths.numel()


def balance_loss(logits, shares):
    """R times the sum over depths of mean probability times share: 1 where all depths are as frequent, R where one has all.

    logits [B, T, R], shares [R] -> []. The shares have no gradient, so it is the probability of frequent depths that falls.
    """
    return len(shares) * (torch.softmax(logits, -1).mean((0, 1)) * shares).sum()


def z_loss(logits):
    """The mean square of log sum exp; keeps the logits [.., R] of a router small."""
    return logits.logsumexp(-1).square().mean()
