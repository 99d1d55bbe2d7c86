"""Curves of numbers over images, as an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN = 720, 300, 48
_COLOURS = ("#2a6f97", "#d1495b", "#6a994e", "#7b5ea7")


def draw_curves(history: Sequence[dict[str, float]], names: Sequence[str]) -> str:
    """One curve for each name, over `images`; records that lack a name are passed over."""
    values = [record[name] for record in history for name in names if name in record]
    last, top = max(record["images"] for record in history), _round_up(max(values))
    bottom = min(0.0, *values)

    def place(images: float, value: float) -> str:
        x = _MARGIN + (_WIDTH - 2 * _MARGIN) * images / max(last, 1)
        y = _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * (value - bottom) / (top - bottom)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<polyline points="{place(0, top)} {place(0, bottom)} {place(last, bottom)}" fill="none" stroke="#888"/>',
        f'<text x="{_MARGIN - 6}" y="{_MARGIN + 4}" text-anchor="end">{top:g}</text>',
        f'<text x="{_WIDTH - _MARGIN}" y="{_HEIGHT - _MARGIN + 18}" text-anchor="end">{last:,.0f} images</text>',
    ]
    for number, name in enumerate(names):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(place(record["images"], record[name]) for record in history if name in record)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{_MARGIN + 140 * number}" y="{_MARGIN - 18}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _round_up(value: float) -> float:
    """The next number of one digit, for the end of an axis."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / power) * power
