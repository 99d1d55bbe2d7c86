"""Curves of numbers as an SVG: the losses of a training or of an inversion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]  # (x, y) each

_WIDTH, _HEIGHT, _MARGIN = 720, 300, 48
_COLOURS: Final = ("#2a6f97", "#d1495b", "#6a994e", "#7b5ea7", "#cc7722", "#444444")
_FLOOR: Final = 1e-5  # floor of a logarithmic scale, as a share of the highest value; smaller values are drawn at it


def plot_curves(curves: Mapping[str, Points], unit: str, *, logarithmic: bool = False) -> str:
    """Return an SVG with one line for each name.

    Args:
        curves: name -> points; x starts at 0. Values that aren't finite are left out.
        unit: what x counts, such as "images".
        logarithmic: whether y is drawn by its logarithm to base 10.
    """
    finite = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in curves.items()}
    values = [y for points in finite.values() for _, y in points]
    bottom, top = _logarithmic_ends(values) if logarithmic else _linear_ends(values)
    last = max((x for points in finite.values() for x, _ in points), default=0.0)

    def place(x: float, y: float) -> str:
        height = (_height(y, bottom) if logarithmic else y) - bottom
        across = _MARGIN + (_WIDTH - 2 * _MARGIN) * x / max(last, 1)
        return f"{across:.1f},{_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * height / (top - bottom):.1f}"

    parts = _frame(bottom, top, f"{last:,.0f} {unit}", logarithmic)
    for number, (name, points) in enumerate(finite.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(place(x, y) for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        left = _MARGIN + (_WIDTH - 2 * _MARGIN) * number // max(5, len(finite))
        parts.append(f'<text x="{left}" y="{_MARGIN - 18}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _frame(bottom: float, top: float, label: str, logarithmic: bool) -> list[str]:
    """Return the background of the lines: paper, axes, the ends of the axes."""
    ends = [f"1e{end:g}" for end in (bottom, top)] if logarithmic else [f"{bottom:g}", f"{top:g}"]
    left, right, low = _MARGIN, _WIDTH - _MARGIN, _HEIGHT - _MARGIN
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<polyline points="{left},{_MARGIN} {left},{low} {right},{low}" fill="none" stroke="#888"/>',
        f'<text x="{left - 6}" y="{low}" text-anchor="end">{ends[0]}</text>',
        f'<text x="{left - 6}" y="{_MARGIN + 4}" text-anchor="end">{ends[1]}</text>',
        f'<text x="{right}" y="{low + 18}" text-anchor="end">{label}</text>',
    ]


def _linear_ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the y axis: 0 or the least value, and the next number of one digit."""
    most = max(values, default=0.0)
    if most <= 0:
        return min([0.0, *values]), 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return min([0.0, *values]), math.ceil(most / power) * power


def _logarithmic_ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the powers of ten at the ends of the y axis."""
    most = max(max(values, default=1.0), 1e-9)
    bottom = math.floor(math.log10(max(min(values, default=1.0), most * _FLOOR)))
    return bottom, max(bottom + 1, math.ceil(math.log10(most)))


def _height(value: float, bottom: float) -> float:
    return math.log10(max(value, 10.0**bottom))
