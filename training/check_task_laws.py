"""Checks the laws of task_laws.py by enumeration: every right answer of short lists, all equally likely.

    python3 training/check_task_laws.py

Prints how many laws were compared and fails at the first that differs.
"""
import collections
import itertools

from task_laws import answer_laws, spread
import torch

LIST, ITEM, LIMIT = "qdbk", "x", 1e-12


def answers(name, length):
    """Returns (prompt, every right answer) of a list of `length` letters, as src/tasks writes them."""
    list_ = LIST[:length]
    slots = list_.ljust(12, "_")
    if name == "shuffle":
        orders = {"".join(order) for order in itertools.permutations(list_)}
        return f"shuffle:{slots}=", sorted(orders - {list_})
    return f"replace-any:{ITEM},{slots}=", [list_[:i] + ITEM + list_[i + 1:] for i in range(length)]


def check(name, length):
    """Compares the law after each beginning of each answer with the share of answers that go on so."""
    prompt, right = answers(name, length)
    compared = 0
    for answer in right:
        for i, law in enumerate(answer_laws(name, prompt, answer)):
            following = collections.Counter(other[i] for other in right if other[:i] == answer[:i])
            assert law.keys() == following.keys(), (prompt, answer[:i], law, following)
            assert all(abs(law[x] - following[x] / sum(following.values())) < LIMIT for x in law), (prompt, answer[:i], law)
            compared += 1
    return compared


def check_spread():
    """Rows with a law become a pair for each of its tokens, in order; the others stay."""
    rows, tokens, shares = spread({1: {7: 0.25, 9: 0.75}}, torch.tensor([3, 7, 5]))
    assert rows.tolist() == [0, 1, 1, 2] and tokens.tolist() == [3, 7, 9, 5] and shares.tolist() == [1, 0.25, 0.75, 1]


def main():
    compared = sum(check(name, length) for name in ("shuffle", "replace_random") for length in (3, 4))
    check_spread()
    print(f"{compared} laws agree with enumeration")


if __name__ == "__main__":
    main()
