"""4 x 4 Latin squares for training: which cells are hidden, and the exact law of every hidden cell.

Of the 576 squares over four letters those that agree with what is visible are counted, so a hidden cell is learned from
the law itself and not from one draw of it. That law supposes that every square is equally likely.
"""
import itertools

import torch

SIDE = 4
CELLS = SIDE * SIDE
# Share of squares of which whole rows are hidden: then only columns tell what belongs there.
ROWS_SHARE = 0.5


def all_squares():
    """Returns every square over 0..3 [576, 16]."""
    rows = list(itertools.permutations(range(SIDE)))
    squares = [square for square in itertools.product(rows, repeat=SIDE)
               if all(len(set(column)) == SIDE for column in zip(*square))]
    return torch.tensor(squares).view(len(squares), CELLS)


SQUARES = all_squares()
IS_LETTER = torch.nn.functional.one_hot(SQUARES, SIDE).float().view(len(SQUARES), CELLS * SIDE)


def hide_cells(rate, generator):
    """Returns which cells are hidden [R, 16] at masking rates [R], and for some squares whole rows besides."""
    count = len(rate)
    hidden = torch.rand(count, CELLS, generator=generator) < rate[:, None]
    some = torch.rand(count, 1, generator=generator) < ROWS_SHARE
    rows = torch.rand(count, SIDE, generator=generator) < torch.rand(count, 1, generator=generator)
    return hidden | (rows & some).repeat_interleave(SIDE, 1)


def laws(cells, hidden):
    """cells [R, 16] in 0..3, hidden [R, 16] -> probability of each letter in each cell [R, 16, 4]."""
    agrees = ((SQUARES[None] == cells[:, None]) | hidden[:, None]).all(-1).float()
    return (agrees @ IS_LETTER / agrees.sum(-1, keepdim=True)).view(len(cells), CELLS, SIDE)
