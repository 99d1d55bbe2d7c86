"""Tests on canvases of few pixels and regions of them, drawn from a seeded generator.

Hypothesis takes many times as long to draw a case as the test of it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from fgraph._geometry import regions as r
from tests.examples import noting

Canvas = tuple[r.Size, r.Cyclic]


def on_cases(count: int, draw_case: Callable[[Random, Canvas], tuple[Any, ...]]) -> Callable[[Any], Any]:
    """Run a test with the arguments that `draw_case` draws for a canvas, on so many canvases."""

    def over_all(test: Callable[..., None]) -> Callable[[], None]:
        def run() -> None:
            draw = Random(0)
            for _ in range(count):
                case = draw_case(draw, draw_canvas(draw))
                with noting(case):
                    test(*case)

        run.__name__, run.__module__, run.__doc__ = test.__name__, test.__module__, test.__doc__
        return run

    return over_all


def draw_canvas(draw: Random) -> Canvas:
    """Draw a size, and whether each axis wraps round."""
    return (draw.randint(1, 6), draw.randint(1, 9)), (draw.random() < 0.5, draw.random() < 0.5)


def draw_region(draw: Random, canvas: Canvas) -> r.Region:
    """Draw a region that has pixels."""
    spans = []
    for length, wraps in zip(*canvas, strict=True):
        start = draw.randrange(length)
        stop = start + draw.randint(1, length if wraps else length - start)
        spans.append((0, length) if stop - start == length else (start, stop))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]
