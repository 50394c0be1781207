"""The depth-recurrent language model: a prelude, a core that runs again and again, and a coda that reads its state.

Shape letters as in blocks.py. As in Huginn (Geiping and others 2025, arXiv:2502.05171) the core sees the prelude's output
at every recurrence, starts from noise, and is trained with a random number of recurrences, so every state can be read.
"""
import dataclasses
import math

import torch
from torch import nn
from torch.nn import functional

from blocks import RmsNorm
from latent import random_latent
from model import Layer, LayerStack, Shape

# Spread of the logarithm of the Poisson rate.
SPREAD = 0.5


@dataclasses.dataclass(frozen=True)
class RecurrentShape(Shape):
    """Sizes of a recurrent model; n_layers is the sum of its three parts, and there are no grouped queries."""
    n_layers: int = 4
    n_prelude: int = 1
    n_core: int = 2
    n_coda: int = 1
    # Recurrences of a training step: about this many on average, the last `backprop` of them with gradient.
    mean_recurrence: int = 6
    backprop: int = 3
    embed_scale: float = 1.0
    # Standard deviation of the latent a recurrence starts from.
    state_deviation: float = math.sqrt(2 / 5)


class SandwichLayer(Layer):
    """A block with four norms: the sums with the residual are normalised, not only what goes into the branches."""

    def __init__(self, shape):
        super().__init__(shape)
        self.attended_norm = nn.Parameter(torch.ones(shape.dim))
        self.fed_norm = nn.Parameter(torch.ones(shape.dim))
        self.qk_bias = nn.Parameter(torch.zeros((shape.n_heads + shape.n_kv_heads) * shape.head_dim))

    def forward(self, x, cos, sin, masks):
        """x [B, T, D] -> [B, T, D]."""
        x = RmsNorm.apply(x + self.attend(x, cos, sin, masks), self.attended_norm)
        return RmsNorm.apply(x + self.feed(x), self.fed_norm)


class RecurrentModel(LayerStack):
    """Embedding, layers and final norm; `readout` gives hidden states, the losses apply the head."""

    def __init__(self, shape):
        super().__init__(shape, SandwichLayer, math.sqrt(2 / (5 * shape.dim)))
        self.adapter = nn.Parameter(torch.randn(shape.dim, 2 * shape.dim) * (2 * shape.dim) ** -0.5)

    def parts(self):
        """Returns the layers of prelude, core and coda."""
        shape, layers = self.shape, list(self.layers)
        return layers[:shape.n_prelude], layers[shape.n_prelude:-shape.n_coda], layers[-shape.n_coda:]

    def embed(self, ids):
        """ids [B, T] -> what every recurrence is given [B, T, D]."""
        return self.run(self.parts()[0], functional.embedding(ids, self.embedding) * self.shape.embed_scale)

    def iterate(self, state, embedded):
        """One recurrence: state and embedded [B, T, D] -> the next state [B, T, D]."""
        return self.run(self.parts()[1], functional.linear(torch.cat([state, embedded], -1), self.adapter))

    def readout(self, state):
        """state [B, T, D] -> hidden states for the head [B, T, D]."""
        return RmsNorm.apply(self.run(self.parts()[2], RmsNorm.apply(state, self.final_norm)), self.final_norm)

    def forward(self, ids, start, recurrences):
        """ids [B, T], start [B, T, D] -> hidden states [B, T, D]; only the last `backprop` recurrences have a gradient."""
        embedded, state = self.embed(ids), start
        with torch.no_grad():
            for _ in range(recurrences - self.shape.backprop):
                state = self.iterate(state, embedded)
        for _ in range(min(recurrences, self.shape.backprop)):
            state = self.iterate(state, embedded)
        return self.readout(state)

    def start(self, ids, generator):
        """Returns a random latent for ids [B, T]: [B, T, D]."""
        return random_latent((*ids.shape, self.shape.dim), self.shape.state_deviation, generator)


def draw_recurrences(mean, generator):
    """Returns how often to run the core in one step: Poisson of a log-normal rate with the given mean, and one more."""
    rate = torch.exp(math.log(mean) - SPREAD ** 2 / 2 + SPREAD * torch.randn(1, generator=generator))
    return int(torch.poisson(rate, generator=generator)) + 1
