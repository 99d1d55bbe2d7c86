"""Tiles of bent maps: a tile equals that part of the whole map, and changes reach no further than declared."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fgraph._geometry.regions import Cyclic, Region, Size, clip
from fgraph.ir import bendings
from fgraph.ir.bendings import Bending
from fgraph.ir.ops import BendChannels
from fgraph.ir.types import Type
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.kernels.bending import MapWindow, bend, bend_window
from tests.rounding import assert_within, largest, worst

pytestmark = pytest.mark.numeric

CONTEXT = KernelContext({}, torch.device("cpu"), torch.float64)
CHANNELS = 3


@st.composite
def transforms(draw: st.DrawFn) -> Any:
    amount = st.fractions(-2, 2, max_denominator=8)
    kind = draw(st.sampled_from(["rotate", "scale", "translate", "pixels", "mirror", "erode", "dilate", "invert"]))
    about = draw(st.sampled_from(["centre", "published"]))
    made = {
        "rotate": lambda: bendings.Rotate(draw(st.sampled_from([30.0, 90.0, 181.5])), about),
        "scale": lambda: bendings.Scale(draw(st.sampled_from([0.4, 0.9, 1.7])), about),
        "translate": lambda: bendings.Translate(draw(amount), draw(amount)),
        "pixels": lambda: bendings.Translate(draw(amount), draw(amount), "pixel"),
        "mirror": lambda: bendings.Mirror(draw(st.sampled_from(["x", "y"]))),
        "erode": lambda: bendings.Erode(draw(st.integers(0, 3))),
        "dilate": lambda: bendings.Dilate(draw(st.integers(0, 3))),
        "invert": bendings.Invert,
    }
    return made[kind]()


@st.composite
def cases(draw: st.DrawFn) -> tuple[BendChannels, Bending, Size, Region]:
    transform = draw(transforms())
    wraps: Cyclic = (draw(st.booleans()), draw(st.booleans()))
    halo = getattr(transform, "radius", 0)
    halo += draw(st.integers(0, 1)) if halo else 0  # as if another row had a larger radius
    op = BendChannels(type(transform).__name__.lower(), halo, wraps[1], wraps[0])
    bending = Bending(transform, draw(st.sampled_from([None, (0, 1, 2), (1,), (0, 2)])))
    size = (draw(st.integers(3, 9)), draw(st.integers(3, 9)))
    return op, bending, size, draw(regions(size, wraps))


@st.composite
def regions(draw: st.DrawFn, size: Size, wraps: Cyclic) -> Region:
    spans = []
    for length, wrapped in zip(size, wraps, strict=True):
        start = draw(st.integers(0, length - 1))
        stop = start + draw(st.integers(1, length if wrapped else length - start))
        spans.append((0, length) if stop - start == length else (start, stop))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def cut(x: torch.Tensor, region: Region, wraps: Cyclic) -> torch.Tensor:
    """Return a window of a map; beyond a true border it has arbitrary values, which must have no effect."""
    high, wide = x.shape[2:]
    rows, columns = np.arange(region[0], region[2]), np.arange(region[1], region[3])
    made = x[:, :, torch.from_numpy(rows % high)][..., torch.from_numpy(columns % wide)].clone()
    if not wraps[0]:
        made[:, :, torch.from_numpy((rows < 0) | (rows >= high))] = 1e6
    if not wraps[1]:
        made[..., torch.from_numpy((columns < 0) | (columns >= wide))] = 1e6
    return made


def marked(region: Region, size: Size, wraps: Cyclic) -> torch.Tensor:
    """Return a mask of the pixels of a region that are on the canvas."""
    found = torch.zeros(size, dtype=torch.bool)
    top, left, bottom, right = clip(region, size, wraps)
    rows, columns = np.arange(top, bottom) % size[0], np.arange(left, right) % size[1]
    found[torch.from_numpy(rows)[:, None], torch.from_numpy(columns)] = True
    return found


def maps(size: Size) -> torch.Tensor:
    return torch.from_numpy(np.random.RandomState(0).randn(1, CHANNELS, *size))


def rounding(x: torch.Tensor) -> float:
    """Bound the rounding of a bent map: a place errs by roundings of its coordinate, a pixel by its slope times it."""
    slope = 2 * largest(x)  # from one pixel to the next
    return worst(16 * max(x.shape[-2:]), slope, "float64")


@settings(max_examples=250, derandomize=True, database=None, deadline=None)
@given(cases())
@example((BendChannels("scale", 0, True, False), Bending(bendings.Scale(0.9), None), (3, 5), (0, 0, 1, 3)))
def test_a_tile_is_made_from_its_window(case: tuple[BendChannels, Bending, Size, Region]) -> None:
    op, bending, size, region = case
    x, row = maps(size), Type("activation", (CHANNELS, *size))
    whole = bend(op, [x], [bending], CONTEXT)
    window = op.footprint(0, region, (row,), bending)
    tile = bend_window(cut(x, window, op.wraps), bending, MapWindow(size, window, region, op.wraps), CONTEXT)
    assert_within(tile, cut(whole, region, op.wraps), rounding(x))


@settings(max_examples=250, derandomize=True, database=None, deadline=None)
@given(cases())
def test_a_change_reaches_no_further_than_declared(case: tuple[BendChannels, Bending, Size, Region]) -> None:
    op, bending, size, region = case
    x, row = maps(size), Type("activation", (CHANNELS, *size))
    other = torch.where(marked(region, size, op.wraps), x + 3, x)
    differ = (bend(op, [x], [bending], CONTEXT) - bend(op, [other], [bending], CONTEXT)).abs().amax(dim=(0, 1))
    reach = marked(op.affected(0, region, (row,), bending), size, op.wraps)
    assert not ((differ > rounding(x)) & ~reach).any()


def test_a_move_off_the_map_leaves_zeros() -> None:
    away = Bending(bendings.Translate(Fraction(3), Fraction(0)), None)
    op = BendChannels("translate")
    assert not bend(op, [maps((4, 4))], [away], CONTEXT).any()
