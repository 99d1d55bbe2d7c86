"""Rivals that work on pixels: pasting, Poisson blending, cross-fading, mirroring, resizing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image as PillowImage

from bench.quality.rival_measures import BOX, Picture, weight
from fgraph._imaging.encode import to_pillow, to_pixels

OnPixels = Callable[[Picture, Picture], Picture]


def paste(feather: int) -> OnPixels:
    return lambda a, b: a + weight(feather) * (b - a)


def poisson(a: Picture, b: Picture) -> Picture:
    """Blend by Poisson's equation (Pérez et al. 2003), with OpenCV."""
    mask = (weight(0) * 255).astype(np.uint8)
    centre = ((BOX[1] + BOX[3]) // 2, (BOX[0] + BOX[2]) // 2)
    done = cv2.seamlessClone(to_pixels(b), to_pixels(a), mask, centre, cv2.NORMAL_CLONE)
    return done.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1


def side_by_side(a: Picture, b: Picture) -> Picture:
    return np.concatenate([a, b], axis=2)


def cross_fade(a: Picture, b: Picture) -> Picture:
    """Extend each picture over the other by reflection, and fade over the middle half, like the ramp of the graph."""
    left, right = (np.pad(one, ((0, 0), (0, 0), ends), mode="reflect") for one, ends in ((a, (0, 64)), (b, (64, 0))))
    fade = np.clip((np.arange(left.shape[2]) + 0.5) / left.shape[2] * 2 - 0.5, 0, 1).astype(np.float32)
    return left + fade * (right - left)


def mirror(a: Picture, b: Picture) -> Picture:
    half = a.shape[2] // 2
    return np.pad(a, ((0, 0), (0, 0), (half, half)), mode="reflect")


def resize(a: Picture, b: Picture) -> Picture:
    height, width = a.shape[1:]
    wide = to_pillow(to_pixels(a)).resize((2 * width, height), PillowImage.Resampling.LANCZOS)
    return np.asarray(wide, np.float32).transpose(2, 0, 1) / 127.5 - 1
