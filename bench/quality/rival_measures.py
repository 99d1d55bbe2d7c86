"""The measures of the comparison: seam, locality, sharpness, effect, and reconstruction of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.quality.measures import excess, steps

Picture = NDArray[np.float32]  # [3, h, w] in [-1, 1]
BOX = (16, 16, 48, 48)  # top, left, bottom, right: the region of the first task
FEATHER = 8  # pixels on each side of the region's border over which a soft method may fade
COLUMNS = ("seam", "locality", "sharpness", "effect", "reconstruction")


def weight(feather: int) -> Picture:
    """Return 1 in the box and 0 outside, with a linear fade of `feather` pixels to either side: [h, w]."""
    place = np.arange(64, dtype=np.float32) + 0.5
    sides = []
    for low, high in ((BOX[0], BOX[2]), (BOX[1], BOX[3])):
        inside = np.minimum(place - low, high - place)  # pixels from the nearer border
        sides.append(np.clip(inside / (2 * feather) + 0.5, 0, 1) if feather else (inside > 0).astype(np.float32))
    return np.minimum(sides[0][:, None], sides[1][None])


def measure_region(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """Measure the step across the border of the box, the change outside, and detail and effect inside."""
    unedited = np.sqrt(border_step(a) * border_step(b))
    inside, outside = weight(FEATHER) == 1, weight(FEATHER) == 0  # of the soft mask
    return {
        "seam": border_step(made) / unedited,
        "locality": float(np.abs(made - a)[:, outside].mean() * 127.5),
        "sharpness": detail(made)[inside].mean() / detail(b)[inside].mean(),
        "effect": float(1 - np.abs(made - b)[:, inside].mean() / np.abs(a - b)[:, inside].mean()),
    }


def measure_join(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """Measure the step across the middle column against its neighbours, the change far from it, and the detail."""
    width = a.shape[2]
    whole = np.concatenate([detail(a), detail(b)], axis=1)
    far = np.r_[0 : width // 2, made.shape[2] - width // 2 : made.shape[2]]  # where one code alone decides the picture
    unedited = np.concatenate([a, b], axis=2)
    return {
        "seam": float(np.exp(excess(steps(made), [width])[0])),
        "locality": float(np.abs(made - unedited)[:, :, far].mean() * 127.5),
        "sharpness": detail(made).mean() / whole.mean(),
    }


def measure_wider(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """Measure the detail of the wide picture against the narrow one."""
    return {"sharpness": detail(made).mean() / detail(a).mean()}


def measure_extended(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """Measure the steps at the two borders of the original part, its change, and the detail."""
    half, width = a.shape[2] // 2, a.shape[2]
    middle = made[:, :, half + FEATHER : half + width - FEATHER]
    return {
        "seam": float(np.exp(excess(steps(made), [half, half + width]).mean())),
        "locality": float(np.abs(middle - a[:, :, FEATHER : width - FEATHER]).mean() * 127.5),
        **measure_wider(a, b, made),
    }


def measure_reconstruction(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """Measure the PSNR of an inverted picture in decibels, and its detail against the picture."""
    return {
        "reconstruction": float(10 * np.log10(4 / np.mean((made - a) ** 2, dtype=np.float64))),
        **measure_wider(a, b, made),
    }


def border_step(picture: Picture) -> float:
    """Return the mean step between the two pixels on either side of the border of the box."""
    top, left, bottom, right = BOX
    horizontal = [np.abs(picture[:, top:bottom, place] - picture[:, top:bottom, place - 1]) for place in (left, right)]
    vertical = [np.abs(picture[:, place, left:right] - picture[:, place - 1, left:right]) for place in (top, bottom)]
    return float(np.mean(horizontal + vertical))


def detail(picture: Picture) -> NDArray[np.float64]:
    """Return the high-frequency energy [h, w]: the square of the part that a 1-2-1 blur removes, over the channels."""
    blurred = picture.astype(np.float64)
    for axis in (1, 2):
        ends = [(0, 0), (0, 0), (0, 0)]
        ends[axis] = (1, 1)
        wide = np.pad(blurred, ends, mode="edge")
        low, middle, high = (np.take(wide, range(s, s + picture.shape[axis]), axis) for s in range(3))
        blurred = (low + 2 * middle + high) / 4
    found: NDArray[np.float64] = ((picture - blurred) ** 2).mean(axis=0)
    return found
