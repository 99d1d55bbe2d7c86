"""Edits and patches of paused passes in the step interpreter, and the values of fields by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph import _geometry as geometry
from fgraph import masks
from fgraph._geometry import Edit, fraction
from fgraph.runtime.kernels.proposals import Look, Rule, propose_patches
from fgraph.runtime.kernels.seams import keep_seamless
from fgraph.stylegan.measured.ownership import PartCatalogue
from tests.step_interpreter import Blend, Draw, Map, Paused, advance, edit_map, mix, moved
from tests.step_stylegan3 import is_plane, margin_of

Amount = Callable[[Any], Fraction]
MakeEdit = Callable[[Amount, Amount], Edit]
Patch = tuple[tuple[Fraction, ...], tuple[Fraction, ...]]  # box, move


def blended(a: Paused, b: Paused, alpha: Draw, layers: frozenset[int], parts: str) -> Paused:
    """Return a pass that continues with a blend."""
    state = replace(a, carrier=Blend(a.carrier, b.carrier, alpha, layers, parts))
    for name in ("activation", "skip"):
        own, other = getattr(a, name), getattr(b, name)
        acts = a.layer in layers and parts in ("both", name) and not is_plane(a)
        if acts and own is not None and other is not None:
            state = replace(state, **{name: mix(own, other, alpha, margin_of(a, name))})
    return state


def mapped(state: Paused, edit: Edit, layers: frozenset[int], parts: str) -> Paused:
    """Return a pass whose outputs at some layers are edited."""
    moved_on = replace(state, carrier=Map(state.carrier, edit, layers, parts))
    for name in ("activation", "skip") if state.layer in layers else ():
        if parts in ("both", name) and getattr(state, name) is not None:
            moved_on = replace(moved_on, **{name: edit_map(getattr(state, name), edit, margin_of(state, name))})
    return moved_on


def shifted(dx: Fraction, dy: Fraction, mode: Any) -> Edit:
    return geometry.Shift(dy, dx, mode)


def both_ways(patch: Any, swap: bool, cells: Any) -> list[Patch]:
    """Return a patch as declared, cut to whole cells if there are cells, and the reverse move."""
    x, y, width, height = map(fraction, patch.box)
    to = tuple(map(fraction, patch.to)) if patch.to else (x + fraction(patch.by[0]), y + fraction(patch.by[1]))
    if cells is not None:
        x, width, to_x = (Fraction(int(one * cells[1] // 1), cells[1]) for one in (x, width, to[0]))
        y, height, to_y = (Fraction(int(one * cells[0] // 1), cells[0]) for one in (y, height, to[1]))
        to = (to_x, to_y)
    there: Patch = ((x, y, width, height), (to[0] - x, to[1] - y))
    back: Patch = ((*to, width, height), (x - to[0], y - to[1]))
    return [there, back] if swap else [there]


def copied(pair: tuple[Paused, Paused], moves: list[Patch], feather: Any, layers: frozenset[int], parts: str) -> Paused:
    """Return the first pass with patches of the second, each a blend with the shifted source."""
    state, source = pair
    for (x, y, width, height), (dx, dy) in moves:
        alpha = masks.feathered(masks.Box((x, y, width, height)), feather)
        fade = moved(lambda rows, columns, a=alpha: masks.rasterise(a, rows, columns), shifted(dx, dy, "constant"))  # type: ignore[misc]
        state = blended(state, mapped(source, shifted(dx, dy, "roll"), layers, parts), fade, layers, parts)
    return state


def proposed(state: Paused, node: Any, layers: frozenset[int], derived: int, row: int) -> list[Patch]:
    """Return the patches of a row for a picture of this pass, by the rule of the engine."""
    table, rule = state.model.table, node.patches
    coarsest = table.size_at(max(8, min(table.at(layer).resolution for layer in layers)))
    rows, columns = state.canvas.pixels(coarsest)
    picture = advance(state, table.last).skip
    assert picture is not None
    assert table.resolution <= 64
    seed = value_at(derived if rule.seed is None else rule.seed, row)
    own = Rule(2 * rule.count + 1, (rows, columns), rule.smallest, rule.largest, rule.horizon)
    before = picture[0].double().numpy()
    found = propose_patches(Look(before, (rows, columns)), own, seed, 0)
    tried = copied((state, state), _moves(found, rows, columns), value_at(node.feather, row), layers, node.parts)
    after = advance(tried, table.last).skip
    assert after is not None
    kept = keep_seamless(before, after[0].double().numpy(), found, (rows, columns), rule.count)
    return _moves(kept, rows, columns)


def _moves(patches: Any, rows: int, columns: int) -> list[Patch]:
    return [
        (
            (Fraction(x, columns), Fraction(y, rows), Fraction(width, columns), Fraction(height, rows)),
            (Fraction(dx, columns), Fraction(dy, rows)),
        )
        for x, y, width, height, dx, dy in patches.astype(int).tolist()
        if width
    ]


def lying_in(owned: PartCatalogue, mask: Draw) -> list[int]:
    """Return the parts with more than half of their area in a mask, or else the part with most."""
    inside = torch.from_numpy(np.array(mask(*owned.places.shape[1:])))
    shares = [float((place * inside).sum() / place.sum()) for place in owned.places]
    return [part for part, share in enumerate(shares) if share > 0.5] or [shares.index(max(shares))]


def rulers(unit: str, x: Tensor, margin: tuple[int, int] = (0, 0)) -> tuple[Amount, Amount]:
    """Return functions that convert vertical and horizontal amounts to fractions of the canvas."""
    if unit == "fraction":
        return fraction, fraction
    height, width = x.shape[2] - margin[0], x.shape[3] - margin[1]
    return (lambda amount: fraction(amount) / height), (lambda amount: fraction(amount) / width)


def pick(values: list[Any], row: int) -> Any:
    return values[row] if len(values) > 1 else values[0]


def value_at(value: Any, row: int) -> Any:
    return (value[row] if len(value) > 1 else value[0]) if isinstance(value, tuple) else value
