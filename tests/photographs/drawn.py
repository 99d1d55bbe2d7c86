"""Photographs that are drawn: smooth, with a small square to edit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CORNERS = [[1500, 900], [1530, 1060], [1690, 1030], [1660, 870]]  # a small square, turned by 10.6 degrees


def scene(width: int = 1800, height: int = 1200) -> NDArray[np.uint8]:
    """Return slow waves of three colours, [height, width, 3]."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / 91), np.sin(y / 73), np.sin((x + y) / 117)]
    return np.stack([(127 + 120 * one).astype(np.uint8) for one in waves], axis=2)


def graph(file: Any, paste: str = "", photo: str = "") -> str:
    """Return a graph that pastes the difference of two samples into a photograph."""
    return f"""
    models: {{main: avatar}}
    nodes:
      photo: {{op: photo, file: {file}, align: corners, points: {CORNERS}{photo}}}
      code: {{op: sample, seed: 3}}
      other: {{op: sample, seed: 4}}
      inverted: {{op: decode, of: code}}
      edited: {{op: decode, of: other}}
      pasted: {{op: paste, of: edited, onto: photo, inverted: inverted{paste}}}
    outputs: [pasted]
    """


def exif(orientation: int = 1) -> Image.Exif:
    """Return metadata as a camera writes them, with an orientation."""
    made = Image.Exif()
    made[0x010F], made[0x0112] = "A camera", orientation
    made.get_ifd(0x8769)[0x9003] = "2026:11:30 12:00:00"
    return made
