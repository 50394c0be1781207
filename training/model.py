"""The language model: a Llama whose query/key/value and gate/up matrices are stored joined, for fewer, larger products.

Shape letters as in blocks.py; V is the vocabulary. The head is the embedding (tied).
"""
import dataclasses
import math

import torch
from torch import nn
from torch.nn import functional

from blocks import Attention, RmsNorm, Rotary, SwiGlu, causal_masks

# Attention goes through the queries in the first of these numbers of blocks that divides the length.
QUERY_BLOCKS = (4, 5, 3, 2, 1)


@dataclasses.dataclass(frozen=True)
class Shape:
    """Sizes of a model; `context` is the longest text it is trained on, in tokens."""
    vocab_size: int = 2048
    dim: int = 128
    n_layers: int = 5
    n_heads: int = 4
    n_kv_heads: int = 2
    head_dim: int = 32
    hidden_dim: int = 352
    context: int = 256
    causal: bool = True
    # What rows of a model that is not causal see: everything, or prompt rows only the prompt (`prompt_isolated`).
    attention: str = "bidirectional"
    rope_theta: float = 10000


class Layer(nn.Module):
    """One block: attention and feed-forward, each behind a norm and added to the residual stream."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        # Added to queries and keys before rotation, [(H + K) * A]; a plain Llama has none.
        self.register_parameter("qk_bias", None)
        dim, heads = shape.dim, shape.n_heads * shape.head_dim
        rows = heads + 2 * shape.n_kv_heads * shape.head_dim
        residual = 1 / math.sqrt(2 * shape.n_layers)
        self.attention_norm = nn.Parameter(torch.ones(dim))
        self.feed_forward_norm = nn.Parameter(torch.ones(dim))
        self.qkv = nn.Parameter(torch.randn(rows, dim) * dim ** -0.5)
        self.attention_out = nn.Parameter(torch.randn(dim, heads) * heads ** -0.5 * residual)
        self.gate_up = nn.Parameter(torch.randn(2 * shape.hidden_dim, dim) * dim ** -0.5)
        self.down = nn.Parameter(torch.randn(dim, shape.hidden_dim) * shape.hidden_dim ** -0.5 * residual)

    def split_rows(self):
        """Returns {parameter: rows of each matrix it joins}, in order: q, k, v and gate, up."""
        kv = self.shape.n_kv_heads * self.shape.head_dim
        return {self.qkv: [len(self.qkv) - 2 * kv, kv, kv], self.gate_up: [self.shape.hidden_dim] * 2}

    def forward(self, x, cos, sin, masks):
        """x [B, T, D], cos and sin [T, 1, A/2], or [B, T, 1, A/2] where rows stand elsewhere in each text -> [B, T, D]."""
        x = x + self.attend(x, cos, sin, masks)
        return x + self.feed(x)

    def attend(self, x, cos, sin, masks):
        """Norm and attention: x [B, T, D] -> [B, T, D], without the residual."""
        shape = self.shape
        batch, length, dim = x.shape
        heads, kv_heads, width = shape.n_heads, shape.n_kv_heads, shape.head_dim
        groups = heads // kv_heads

        flat = RmsNorm.apply(x, self.attention_norm).view(batch * length, dim)
        qkv = functional.linear(flat, self.qkv).view(batch, length, heads + 2 * kv_heads, width)
        qk = qkv[:, :, :heads + kv_heads]
        qk = qk if self.qk_bias is None else qk + self.qk_bias.view(heads + kv_heads, width)
        qk = Rotary.apply(qk, cos, sin)
        q = qk[:, :, :heads].reshape(batch, length, kv_heads, groups, width).permute(0, 2, 3, 1, 4)
        k = qk[:, :, heads:].permute(0, 2, 1, 3)
        v = qkv[:, :, heads + kv_heads:].permute(0, 2, 1, 3)
        out = Attention.apply(q.reshape(batch * kv_heads, groups, length, width),
                              k.reshape(batch * kv_heads, length, width),
                              v.reshape(batch * kv_heads, length, width), masks)
        out = out.view(batch, heads, length, width).permute(0, 2, 1, 3).reshape(batch * length, heads * width)
        return functional.linear(out, self.attention_out).view(batch, length, dim)

    def feed(self, x):
        """Norm and feed-forward: x [B, T, D] -> [B, T, D], without the residual."""
        flat = RmsNorm.apply(x, self.feed_forward_norm).view(-1, x.shape[-1])
        out = SwiGlu.apply(functional.linear(flat, self.gate_up))
        return functional.linear(out, self.down).view_as(x)


class LayerStack(nn.Module):
    """What models of these layers have in common: embedding, layers, final norm, rotary tables and masks."""

    def __init__(self, shape, layer, embedding_deviation):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.randn(shape.vocab_size, shape.dim) * embedding_deviation)
        self.layers = nn.ModuleList(layer(shape) for _ in range(shape.n_layers))
        self.final_norm = nn.Parameter(torch.ones(shape.dim))
        self.cos, self.sin = rotary_tables(shape)
        self.masks = {}

    def run(self, layers, x, masks=None, positions=None):
        """x [B, T, D] -> [B, T, D] through some of the layers; `masks` replaces the shape's own, as `Attention` takes it.

        `positions` [B, T] says where in the text the rows stand, rising, if they are not the first T.
        """
        length = x.shape[1]
        masks = self.masks_for(length) if masks is None else masks
        places = slice(length) if positions is None else positions
        cos, sin = self.cos[places], self.sin[places]
        for layer in layers:
            x = layer(x, cos, sin, masks)
        return x

    def masks_for(self, length):
        if not self.shape.causal:
            return None
        if length not in self.masks:
            groups = self.shape.n_heads // self.shape.n_kv_heads
            blocks = next(count for count in QUERY_BLOCKS if length % count == 0)
            self.masks[length] = causal_masks(length, groups, blocks)
        return self.masks[length]

    def parameter_count(self):
        return sum(parameter.numel() for parameter in self.parameters())


class LanguageModel(LayerStack):
    """Embedding, layers and final norm; the losses apply the head."""

    def __init__(self, shape):
        super().__init__(shape, Layer, 0.02)

    def forward(self, ids, masks=None):
        """ids [B, T] -> hidden states after the final norm [B, T, D].

        `masks` replaces the shape's own causal or missing mask, as `Attention` takes it.
        """
        x = self.run(self.layers, functional.embedding(ids, self.embedding), masks)
        return RmsNorm.apply(x, self.final_norm)

    def logits(self, ids):
        """ids [B, T] -> logits [B*T, V]."""
        return functional.linear(self(ids).reshape(-1, self.shape.dim), self.embedding)


def rotary_tables(shape):
    """Returns cos and sin [context, 1, head_dim / 2] of position * rope_theta^(-2i / head_dim)."""
    frequency = 1 / shape.rope_theta ** (torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
    angles = torch.outer(torch.arange(shape.context).float(), frequency)[:, None, :]
    return angles.cos(), angles.sin()
