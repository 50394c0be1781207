"""The forward pass of token choice once more, plainly, over the names of its file: for fixtures, checks, figures.

Every row goes through every recursion here; what rows of a smaller depth would have written is hidden or thrown away. It
shares nothing with token_choice.py but the weights.
"""
import torch

from reference import keys_values, layer_of, norm
from reference_mixture import run_layer


def by_router(probs, balance):
    """The rule of training and of writing: the most probable depth of each row, from 1; probs [T, R] -> [T]."""
    return (probs + balance).argmax(-1) + 1


def all_to(depth):
    """Returns the rule that gives every row the same depth."""
    return lambda probs, balance: torch.full(probs.shape[:1], depth)


def forward_token_choice(named, shape, ids, choose, shared=False):
    """ids [T] -> ([(name, tensor)], depth of each row [T]): embedding, first, state1 .. stateR [T, D], router [R, T],
    last [T, D], logits [T, V].

    `named` is {name in the file: tensor}. choose(probs [T, R], balance [R]) gives depths from 1. Keys and values of shared
    layers are those of the same recursion, or with `shared` those of the first one, of every row. `router` has the
    probability of each depth; a state keeps rows that have ended as they are.
    """
    causal = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
    embedding = named["model.embed_tokens.weight"]
    outputs = [("embedding", embedding[ids])]
    first = run_layer(layer_of(named, 0), shape, outputs[0][1], causal)
    outputs.append(("first", first))
    probs = torch.softmax(first @ named["model.router.weight"].T, -1)
    depths = choose(probs.detach(), named["model.router.balance"])
    weight = shape.alpha * probs.gather(-1, depths[:, None] - 1)
    x, kept = first, {}
    for recursion in range(1, shape.recursions + 1):
        runs = depths >= recursion
        y, visible = x, causal if shared else causal & runs
        for i in range(1, shape.n_layers - 1):
            layer = layer_of(named, i)
            if shared and recursion == 1:
                kept[i] = keys_values(layer, shape, norm(y, layer["input_layernorm.weight"]))
            y = run_layer(layer, shape, y, visible, kept.get(i))
        y = torch.where((depths == recursion)[:, None], first + weight * y, y)
        x = torch.where(runs[:, None], y, x)
        outputs.append((f"state{recursion}", x))
    last = run_layer(layer_of(named, shape.n_layers - 1), shape, x, causal)
    logits = norm(last, named["model.norm.weight"]) @ embedding.T
    return [*outputs, ("router", probs.T.contiguous()), ("last", last), ("logits", logits)], depths
