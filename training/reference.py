"""The Llama forward pass written once more, slowly and plainly, in float64: what fixtures and checks are made from.

It shares nothing with model.py but the weights, so the two prove each other.
"""
import torch

from blocks import EPS
from weights import hub_parameters


def forward(model, ids, prompt_length=0):
    """ids [T] -> list of (name, float64 tensor): embedding, layer outputs, final norm [T, D], logits [T, V].

    The first `prompt_length` ids are the prompt, which matters where its rows are isolated.
    """
    named = {name: tensor.double() for name, tensor in hub_parameters(model).items()}
    return forward_named(named, model.shape, ids, prompt_length)


def seen(shape, length, prompt_length):
    """Returns which positions each position sees [T, T]."""
    everything = torch.ones(length, length, dtype=torch.bool)
    if shape.causal:
        return everything.tril()
    if shape.attention == "prompt_isolated":
        everything[:prompt_length, prompt_length:] = False
    return everything


def forward_named(named, shape, ids, prompt_length=0):
    """As `forward`, over {Llama name: tensor}; differentiable."""
    visible = seen(shape, len(ids), prompt_length)
    embedding = named["model.embed_tokens.weight"]
    x = embedding[ids]
    outputs = [("embedding", x)]
    for i in range(shape.n_layers):
        layer = layer_of(named, i)
        x = x + attention(layer, shape, norm(x, layer["input_layernorm.weight"]), visible)
        x = x + feed_forward(layer, norm(x, layer["post_attention_layernorm.weight"]))
        outputs.append((f"layer{i}", x))
    x = norm(x, named["model.norm.weight"])
    return outputs + [("final_norm", x), ("logits", x @ embedding.T)]


def layer_of(named, i):
    """Returns {name within layer i: tensor}."""
    return {name.split(f"layers.{i}.")[1]: tensor for name, tensor in named.items() if f"layers.{i}." in name}


def norm(x, weight):
    """x [T, D], weight [D] -> [T, D]."""
    return x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + EPS) * weight


def keys_values(layer, shape, x):
    """x [T, D] -> rotated keys and values [T, K, A]."""
    k = (x @ layer["self_attn.k_proj.weight"].T).view(len(x), shape.n_kv_heads, shape.head_dim)
    v = (x @ layer["self_attn.v_proj.weight"].T).view(len(x), shape.n_kv_heads, shape.head_dim)
    return rotary(k, shape.rope_theta), v


def attention(layer, shape, x, visible, kept=None):
    """x [T, D] -> [T, D]; position i attends to the positions j with visible[i, j].

    Keys and values are those of x, or `kept` if given.
    """
    q = rotary((x @ layer["self_attn.q_proj.weight"].T).view(len(x), shape.n_heads, shape.head_dim), shape.rope_theta)
    k, v = keys_values(layer, shape, x) if kept is None else kept
    heads = []
    for head in range(shape.n_heads):
        kv_head = head * shape.n_kv_heads // shape.n_heads
        logits = q[:, head] @ k[:, kv_head].T / shape.head_dim ** 0.5
        logits = logits.masked_fill(~visible, -1e30)
        heads.append(torch.softmax(logits, -1) @ v[:, kv_head])
    return torch.cat(heads, -1) @ layer["self_attn.o_proj.weight"].T


def rotary(x, theta):
    """Rotates the pairs (i, i + A/2) of x [T, heads, A] by position * theta^(-2i/A)."""
    length, _, width = x.shape
    frequency = theta ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None, None] * frequency
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def feed_forward(layer, x):
    """x [T, D] -> [T, D]."""
    gate = x @ layer["mlp.gate_proj.weight"].T
    return (gate * torch.sigmoid(gate) * (x @ layer["mlp.up_proj.weight"].T)) @ layer["mlp.down_proj.weight"].T
