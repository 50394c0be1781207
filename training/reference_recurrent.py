"""The recurrent forward pass once more, plainly and in float64, over Huginn's names: for fixtures and checks.

It shares nothing with recurrent.py but the weights; rotation is of neighbouring pairs here, as the files have it.
"""
import torch

from reference import norm


def forward_recurrent(named, shape, ids, start, recurrences, gradient_from=0):
    """ids [T], start [T, D] -> list of (name, tensor): embedding, embed, latent, state1 .. stateR [T, D], logits1 .. [T, V].

    `named` is {Huginn's name: float64 tensor}. The first `gradient_from` recurrences get no gradient.
    """
    wte = named["transformer.wte.weight"]
    embedding = wte[ids] * shape.embed_scale
    embed = run(named, shape, "prelude", shape.n_prelude, embedding)
    states, state = [], start
    for r in range(recurrences):
        given = embed.detach() if r < gradient_from else embed
        joined = torch.cat([state, given], -1)
        state = run(named, shape, "core_block", shape.n_core, joined @ named["transformer.adapter.weight"].T)
        state = state.detach() if r < gradient_from else state
        states.append(state)
    final = named["transformer.ln_f.weight"]
    logits = [norm(run(named, shape, "coda", shape.n_coda, norm(s, final)), final) @ wte.T for s in states]
    return [("embedding", embedding), ("embed", embed), ("latent", start),
            *((f"state{r + 1}", s) for r, s in enumerate(states)),
            *((f"logits{r + 1}", x) for r, x in enumerate(logits))]


def run(named, shape, part, count, x):
    """x [T, D] -> [T, D] through the blocks of one part."""
    for i in range(count):
        prefix = f"transformer.{part}.{i}."
        layer = {name[len(prefix):]: tensor for name, tensor in named.items() if name.startswith(prefix)}
        x = norm(x + attention(layer, shape, norm(x, layer["norm_1.weight"])), layer["norm_2.weight"])
        gate, up = (norm(x, layer["norm_3.weight"]) @ layer["mlp.fc.weight"].T).chunk(2, -1)
        fed = (gate * torch.sigmoid(gate) * up) @ layer["mlp.proj.weight"].T
        x = norm(x + fed, layer["norm_4.weight"])
    return x


def attention(layer, shape, x):
    """x [T, D] -> [T, D]; causal."""
    length, width = len(x), shape.head_dim
    q, k, v = (part.view(length, shape.n_heads, width) for part in (x @ layer["attn.Wqkv.weight"].T).chunk(3, -1))
    q, k = (rotary(part + bias, shape.rope_theta) for part, bias in zip((q, k), layer["attn.qk_bias"]))
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
    heads = []
    for head in range(shape.n_heads):
        logits = (q[:, head] @ k[:, head].T / width ** 0.5).masked_fill(hidden, -1e30)
        heads.append(torch.softmax(logits, -1) @ v[:, head])
    return torch.cat(heads, -1) @ layer["attn.proj.weight"].T


def rotary(x, theta):
    """Rotates the pairs (2i, 2i + 1) of x [T, heads, A] by position * theta^(-2i/A)."""
    length, _, width = x.shape
    frequency = theta ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None, None] * frequency
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1).flatten(-2)
