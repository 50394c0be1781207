"""The exact law of each letter of an answer that is drawn, given the letters before it.

`src/tasks` draws shuffles evenly from all orders but that of the list, and the place of a replacement evenly. A drawn
answer shows one letter where several are right; its law shows all of them, so a letter is learned without that noise.
"""
from math import factorial

import torch

from task_check import list_of


def shuffle_law(list_, before):
    """Returns {letter: probability} after the letters `before` of a shuffle of `list_`."""
    unused = [letter for letter in list_ if letter not in before]
    orders = {letter: factorial(len(unused) - 1) for letter in unused}
    if list_.startswith(before):
        orders[list_[len(before)]] -= 1
    total = sum(orders.values())
    return {letter: count / total for letter, count in orders.items() if count}


def replace_law(list_, item, before):
    """Returns {letter: probability} after the letters `before` of `list_` with one letter replaced by `item`."""
    kept = list_[len(before)]
    if item in before:
        return {kept: 1.0}
    places = len(list_) - len(before)
    return {item: 1 / places, kept: 1 - 1 / places} if places > 1 else {item: 1.0}


def answer_laws(name, prompt, answer):
    """Returns the law of each letter of `answer` [len(answer)], or None if the task has one answer; all are texts."""
    list_ = list_of(prompt)
    if name == "shuffle":
        return [shuffle_law(list_, answer[:i]) for i in range(len(answer))]
    if name == "replace_random":
        return [replace_law(list_, prompt[prompt.index(":") + 1], answer[:i]) for i in range(len(answer))]
    return None


def spread(laws, targets):
    """Repeats rows whose law has several tokens.

    laws: {row: {token: probability}}, targets [N] for all other rows.
    Returns (row of each pair [M], token of each pair [M], probability of each pair [M]).
    """
    rows, tokens, shares = [], [], []
    for row, target in enumerate(targets.tolist()):
        for token, share in laws.get(row, {target: 1.0}).items():
            rows.append(row)
            tokens.append(token)
            shares.append(share)
    return torch.tensor(rows), torch.tensor(tokens), torch.tensor(shares)
