"""The forward pass of a mixture of recursions once more, plainly, over the names of its file: for fixtures, checks, figures.

Every row goes through every recursion here; what rows that were not admitted would have written is hidden or thrown away.
It shares nothing with mixture.py but the weights.
"""
import torch

from reference import attention, feed_forward, keys_values, layer_of, norm


def by_threshold(threshold):
    """Returns the rule that admits a row if its gate, before alpha, is at least `threshold`: causal, so it can decode."""
    return lambda recursion, gate, before: before if recursion == 0 else before & (gate >= threshold)


def by_rank(shape):
    """Returns the rule of training: the highest gates of the whole text. It looks at later rows, so it cannot decode."""
    def admit(recursion, gate, before):
        ranked = gate.detach().masked_fill(~before, -1).sort(dim=0, descending=True, stable=True).indices
        chosen = torch.zeros_like(before)
        chosen[ranked[:shape.rows(recursion, len(gate))]] = True
        return chosen
    return admit


def by_depth(depth):
    """Returns the rule that admits every row to so many recursions."""
    return lambda recursion, gate, before: before & (recursion < depth)


def forward_mixture(named, shape, ids, admit, shared=False):
    """ids [T] -> ([(name, tensor)], depth of each row [T]): embedding, first, state1 .. stateR [T, D], router [R, T],
    last [T, D], logits [T, V].

    `named` is {name in the file: tensor}. admit(recursion, gate [T], admitted before [T]) says which rows go on.
    Keys and values of shared layers are those of the same recursion, or with `shared` those of the first one, of every
    row. `router` has the gate, before alpha, of the rows that were asked and 0 elsewhere.
    """
    causal = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
    embedding = named["model.embed_tokens.weight"]
    outputs = [("embedding", embedding[ids])]
    x = run_layer(layer_of(named, 0), shape, outputs[0][1], causal)
    outputs.append(("first", x))
    admitted, depths, gates, kept = torch.ones(len(ids), dtype=torch.bool), torch.zeros(len(ids), dtype=torch.int64), [], {}
    for recursion in range(shape.recursions):
        gate = torch.sigmoid(x @ named["model.router.weight"][recursion])
        gates.append(torch.where(admitted, gate, torch.zeros_like(gate)))
        admitted = admit(recursion, gate, admitted)
        depths += admitted
        y, visible = x, causal if shared else causal & admitted
        for i in range(1, shape.n_layers - 1):
            layer = layer_of(named, i)
            if shared and recursion == 0:
                kept[i] = keys_values(layer, shape, norm(y, layer["input_layernorm.weight"]))
            y = run_layer(layer, shape, y, visible, kept.get(i))
        x = torch.where(admitted[:, None], x + shape.alpha * gate[:, None] * y, x)
        outputs.append((f"state{recursion + 1}", x))
    last = run_layer(layer_of(named, shape.n_layers - 1), shape, x, causal)
    logits = norm(last, named["model.norm.weight"]) @ embedding.T
    return [*outputs, ("router", torch.stack(gates)), ("last", last), ("logits", logits)], depths


def run_layer(layer, shape, x, visible, kept=None):
    """x [T, D] -> [T, D]."""
    x = x + attention(layer, shape, norm(x, layer["input_layernorm.weight"]), visible, kept)
    return x + feed_forward(layer, norm(x, layer["post_attention_layernorm.weight"]))
