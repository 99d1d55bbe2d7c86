"""Proposal of patches of a picture that can be copied elsewhere in it: a rule in numpy, the same on every device.

A copy is plausible if the surroundings of its target are like those of its source: then its edge, which was drawn for
the old surroundings, fits the new ones. It is useful if it covers something else. Candidates are drawn from the seed,
and ranked by the change inside minus the mismatch of the two surrounding rings, which texture hides. If there is a
horizon, patches keep their height, because size and light change with it, and no patch crosses it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph.ir.ops.patching import PATCH

Doubles = NDArray[np.float64]
Candidates = NDArray[np.int64]  # [n, 6]: left, top, width, height, along, down, in cells
Truths = NDArray[np.bool_]

CANDIDATES = 1024  # candidates for each patch
BEST = 16  # share of the candidates from which one is drawn
LEAST_CHANGE = 0.04  # least change of the values inside, where black to white is 1: a smaller one is invisible
MOST_MISMATCH = 0.05  # largest mismatch of the worst side of the rings
HIDING = 0.05  # deviation of the values that halves the visibility of a seam
PRICE = 2.0  # weight of the mismatch against the change
LEAST_STEP = 0.08  # least difference across an edge that counts as a horizon
_AT_ONCE = 1 << 20  # most numbers, over all cells and moves, that are summed at once


@dataclass(frozen=True)
class Rule:
    """The rule: number of patches, grid of cells, sizes as fractions of the canvas, and treatment of the horizon."""

    count: int
    cells: tuple[int, int]
    smallest: float
    largest: float
    horizon: str


def propose_patches(look: Look, rule: Rule, seed: int, number: int) -> Doubles:
    """Return patches of one picture, [count, 6]; rows of zeros if none is plausible."""
    horizon = None if rule.horizon == "ignore" else look.horizon
    key = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=16).digest()
    draw = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
    taken = np.zeros((0, PATCH), np.int64)
    for _ in range(rule.count):
        drawn, pick = draw_candidates(draw, rule, level=horizon is not None), int(draw.integers(BEST))
        allowed = drawn[_are_free(drawn, rule.cells, taken)]
        if horizon is not None and rule.horizon == "avoid":
            allowed = allowed[_keep_sides(allowed, horizon * rule.cells[0])]
        scores = look.judge(allowed)
        best = np.argsort(-scores, kind="stable")[: min(BEST, int(np.isfinite(scores).sum()))]
        if len(best):
            taken = np.concatenate([taken, allowed[best[pick % len(best)]][None]])
    patches = np.zeros((rule.count, PATCH))
    patches[: len(taken)] = taken
    return patches


class Look:
    """A view of a picture: its cells, its horizon, and the scores of copies within it."""

    def __init__(self, picture: Doubles, cells: tuple[int, int]) -> None:
        seen = np.round((np.clip(picture, -1, 1) + 1) * 127.5) / 255  # rounded as in a file: flat parts stay flat
        self.cells = describe_cells(seen, cells)
        self.horizon = find_horizon(seen)
        self._sums: dict[tuple[int, ...], Doubles] = {}  # sums by move

    def judge(self, drawn: Candidates) -> Doubles:
        """Return the score of each copy, higher is better; -inf if its rings mismatch or nothing would change."""
        moves, which = np.unique(drawn[:, 4:], axis=0, return_inverse=True)
        if not len(moves):
            return np.zeros(0)
        fresh = [move for move in map(tuple, moves.tolist()) if move not in self._sums]
        most = max(1, _AT_ONCE // self.cells.size)
        for start in range(0, len(fresh), most):
            chunk = fresh[start : start + most]
            self._sums |= zip(chunk, sum_up(self.cells, np.array(chunk)), strict=True)
        return score(np.stack([self._sums[move] for move in map(tuple, moves.tolist())]), which.ravel(), drawn)


def describe_cells(picture: Doubles, cells: tuple[int, int]) -> Doubles:
    """Return the mean, then the deviation of each channel in each cell of a picture [C, H, W], [rows, columns, 2 C]."""
    rows, columns = cells
    channels, height, width = picture.shape
    parts = picture.reshape(channels, rows, height // rows, columns, width // columns)
    return np.concatenate([parts.mean(axis=(2, 4)), parts.std(axis=(2, 4))]).transpose(1, 2, 0)


def find_horizon(picture: Doubles) -> float | None:
    """Return the height, as a fraction, of the strongest edge across a picture [C, H, W]; None if there is none.

    Rows are averaged first, so that details that differ from column to column, such as leaves, are not edges.
    """
    rows = picture.mean(axis=2)  # [C, H]
    height = rows.shape[1]
    reach = max(height // 16, 1)
    sums = np.concatenate([np.zeros((len(rows), 1)), rows.cumsum(axis=1)], axis=1)
    middle = np.arange(reach, height - reach + 1)
    above = (sums[:, middle] - sums[:, middle - reach]) / reach
    below = (sums[:, middle + reach] - sums[:, middle]) / reach
    steps = np.sqrt(np.square(below - above).mean(axis=0))
    strongest = int(np.argmax(steps))
    return float(middle[strongest] / height) if steps[strongest] >= LEAST_STEP else None


def draw_candidates(draw: np.random.Generator, rule: Rule, *, level: bool) -> Candidates:
    """Draw boxes of random size and random targets for them; `level`: at the same height."""
    rows, columns = rule.cells
    least, most = (max(round(share * min(rows, columns)), 1) for share in (rule.smallest, rule.largest))
    sizes = draw.integers(least, max(most, least) + 1, size=(CANDIDATES, 2))
    room = np.array([columns, rows]) - sizes + 1
    start, end = (np.floor(draw.random((CANDIDATES, 2)) * room).astype(np.int64) for _ in range(2))
    move = end - start
    if level:
        move[:, 1] = 0
    return np.concatenate([start, sizes, move], axis=1)


def _are_free(drawn: Candidates, cells: tuple[int, int], taken: Candidates) -> Truths:
    """Return which candidates are clear of the canvas's edges, of their own target, and of earlier patches.

    A generator draws some content only along an edge of the canvas. No patch leaves an edge or moves to one,
    except along it.
    """
    boxes, targets = drawn[:, :4], _targets(drawn)
    free = ~_overlap(boxes, targets)
    for axis in (0, 1):
        low = np.minimum(boxes[:, axis], targets[:, axis])
        high = np.maximum(boxes[:, axis], targets[:, axis]) + boxes[:, 2 + axis]
        free &= (drawn[:, 4 + axis] == 0) | ((low > 0) & (high < cells[1 - axis]))
    for old in taken:
        before, after = old[None, :4], _targets(old[None])
        free &= ~_overlap(boxes, after) & ~_overlap(targets, after) & ~_overlap(targets, before)
    return free


def _targets(drawn: Candidates) -> Candidates:
    return np.concatenate([drawn[:, :2] + drawn[:, 4:], drawn[:, 2:4]], axis=1)


def _overlap(a: Candidates, b: Candidates) -> Truths:
    meet = np.logical_and(a[:, :2] < b[:, :2] + b[:, 2:], b[:, :2] < a[:, :2] + a[:, 2:])
    return np.logical_and(meet[:, 0], meet[:, 1])


def _keep_sides(drawn: Candidates, horizon: float) -> Truths:
    """Return which boxes are above or below the horizon, in cells; half a cell beyond it is not a crossing."""
    above, below = drawn[:, 1] + drawn[:, 3] <= horizon + 0.5, drawn[:, 1] >= horizon - 0.5
    return np.logical_or(above, below)


def sum_up(look: Doubles, moves: NDArray[np.int64]) -> Doubles:
    """Return summed-area tables of moves [n, 2], along and down: [n, 3, rows + 3, columns + 3].

    They sum the squared error, the cells that are on the canvas before and after, and the texture before. A margin of
    one cell on every side is 0.
    """
    rows, columns = look.shape[:2]
    x, y = np.arange(columns) + moves[:, :1], np.arange(rows) + moves[:, 1:]  # [n, columns], [n, rows]
    on = ((y >= 0) & (y < rows))[:, :, None] & ((x >= 0) & (x < columns))[:, None]
    places = (y.clip(0, rows - 1) * columns)[:, :, None] + x.clip(0, columns - 1)[:, None]  # [n, rows, columns]
    error = np.zeros(places.shape)
    for plane in np.ascontiguousarray(look.transpose(2, 0, 1)):
        error += np.square(plane.ravel()[places] - plane)
    table = np.zeros((len(moves), 3, rows + 3, columns + 3))
    inner = table[:, :, 2:-1, 2:-1]
    inner[:, 0] = error / look.shape[2] * on
    inner[:, 1] = on
    inner[:, 2] = look[..., look.shape[2] // 2 :].mean(axis=2) * on
    result: Doubles = table.cumsum(axis=2).cumsum(axis=3)
    return result


def score(tables: Doubles, which: NDArray[np.int64], drawn: Candidates) -> Doubles:
    """Return the change inside minus the worst seam of candidates; table `which` is of their move."""
    left, top, width, height = drawn[:, :4].T + np.array([[1], [1], [0], [0]])  # tables have a margin of one cell
    right, bottom = left + width, top + height

    def over(x0: Any, y0: Any, x1: Any, y1: Any) -> Doubles:
        """Return the three sums over cells [y0, y1) x [x0, x1)."""
        parts = (
            tables[which, :, y1, x1] - tables[which, :, y0, x1] - tables[which, :, y1, x0] + tables[which, :, y0, x0]
        )
        return np.maximum(parts.T, 0)

    error, counted, _ = over(left, top, right, bottom)
    change = np.sqrt(error / counted)
    sides = (
        over(left - 1, top - 1, right + 1, top),
        over(left - 1, bottom, right + 1, bottom + 1),
        over(left - 1, top - 1, left, bottom + 1),
        over(right, top - 1, right + 1, bottom + 1),
    )
    mismatch = np.max([_seam(*side) for side in sides], axis=0)
    good = (change >= LEAST_CHANGE) & (mismatch <= MOST_MISMATCH)
    return np.where(good, change - PRICE * mismatch, -np.inf)


def _seam(error: Doubles, counted: Doubles, texture: Doubles) -> Doubles:
    """Return the visibility of one side of a seam, which texture hides."""
    cells = np.maximum(counted, 1)
    result: Doubles = np.sqrt(error / cells) * HIDING / (HIDING + texture / cells)
    return result
