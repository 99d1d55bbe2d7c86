"""Loss curves as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_SIZE = (640, 360)
_BOX = (64, 16, 628, 328)  # left, top, right, bottom of the curves
_FLOOR = 1e-5  # of the highest value: what lies below is drawn there
_COLOURS = ("#222222", "#2a6fb0", "#cc7722", "#2a9d5c", "#a03fa0", "#b03a3a")


def draw_curve(curve: NDArray[np.float32], columns: Sequence[str]) -> NDArray[np.uint8]:
    """Pixels [h, w, 3] of a curve [steps, columns]: each column by step, on a logarithmic scale."""
    picture = Image.new("RGB", _SIZE, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    left, top, right, bottom = _BOX
    values = np.asarray(curve, dtype=np.float64)
    values = np.clip(values, max(values.max(), 1e-9) * _FLOOR, None)
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    high = max(high, low + 1)
    for power in range(low, high + 1):
        y = bottom - (bottom - top) * (power - low) / (high - low)
        pen.line((left, y, right, y), fill="#dddddd")
        pen.text((8, y - 7), f"1e{power}", "black", font)
    steps = max(1, len(values) - 1)
    for at, name in enumerate(columns):
        colour = _COLOURS[at % len(_COLOURS)]
        heights = (np.log10(values[:, at]) - low) / (high - low)
        line = [(left + (right - left) * x / steps, bottom - (bottom - top) * y) for x, y in enumerate(heights)]
        pen.line([*line, line[-1]], fill=colour, width=2 if at == 0 else 1)
        pen.text((right - 100, top + 4 + 16 * at), name, colour, font)
    pen.rectangle(_BOX, outline="#888888")
    pen.text((left, bottom + 8), f"step 0 to {len(values) - 1}", "black", font)
    return np.asarray(picture)
