"""Crops cut out of photographs, faces exactly as FFHQ's were (Karras et al. 2019; NVlabs/ffhq-dataset)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for
from fgraph._imaging.read import fitted_array, load_picture, open_picture, to_array
from fgraph.photographs.crops import PhotoCrop, Points
from fgraph.photographs.films import read_frames

_BORDER = 0.1  # margin that is kept around the square, as a share of its side
_PAD = 0.3  # least width that is added where the square leaves the picture, as a share of its side
_BLUR = 0.02  # σ of the blur of the added part, as a share of the side


def cut_crops(crops: Iterable[PhotoCrop], shape: tuple[int, int], channels: int = 3) -> NDArray[np.float32]:
    """Return crops as [crops, channels, height, width] in [-1, 1].

    Each photograph is read once for all of its crops.

    Args:
        crops: the crops.
        shape: height and width.
        channels: 3 for RGB, 1 for grey.

    Raises:
        ValueError: a file cannot be read, or a crop lies outside of its photograph.
    """
    crops = list(crops)
    made = np.empty((len(crops), channels, *shape), np.float32)
    for number, picture in _opened(crops):
        made[number] = _cut(crops[number], picture, shape, channels)
    return made


def _opened(crops: Sequence[PhotoCrop]) -> Iterator[tuple[int, Image.Image | None]]:
    """Yield the number of each crop with its upright photograph, or with None if no crop of the file has corners."""
    numbers: dict[str, list[int]] = {}
    for number, crop in enumerate(crops):
        numbers.setdefault(crop.file, []).append(number)
    for file, of_file in numbers.items():
        stills = [number for number in of_file if crops[number].frame is None]
        whole = any(crops[number].quad is not None for number in stills)
        picture = open_picture(file) if whole else None
        for number in stills:
            yield number, None if crops[number].quad is None else picture
        frames = {number: frame for number in of_file if (frame := crops[number].frame) is not None}
        for frame, picture in read_frames(file, frames.values()) if frames else ():
            yield from ((number, picture) for number, wanted in frames.items() if wanted == frame)


def _cut(crop: PhotoCrop, picture: Image.Image | None, shape: tuple[int, int], channels: int) -> NDArray[np.float32]:
    if picture is None:
        return load_picture(crop.file, shape, "crop", channels)
    if crop.quad is None:
        return fitted_array(picture, shape, "crop", channels)
    try:
        return to_array(cut_quad(picture, np.array(crop.quad), shape), channels)
    except ValueError as error:
        raise ValueError(f"{crop.file}: {error}") from error


def cut_quad(picture: Image.Image, quad: Points, shape: tuple[int, int], drawn: int | None = None) -> Image.Image:
    """Cut a rectangle in any direction out of an RGB picture.

    A rectangle far larger than the result is reduced first. Where it leaves the picture, the picture is continued as a
    mirror image, blurred and faded to the median colour.

    Args:
        picture: RGB.
        quad: the corners [4, 2]: upper left, lower left, lower right, upper right, in pixels.
        shape: height and width of the result.
        drawn: pixels of the width at which the rectangle is drawn, before it is reduced; FFHQ's pictures of 1024 pixels
            were drawn at 4096. By default, the width of the result.

    Raises:
        ValueError: the rectangle lies outside of the picture.
    """
    height, width = shape
    sides = np.hypot(*(quad[3] - quad[0])), np.hypot(*(quad[1] - quad[0]))
    picture, quad, factor = _reduced(picture, quad, int(min(sides[0] / width, sides[1] / height) * 0.5))
    side = float(max(sides)) / factor
    border = max(round(side * _BORDER), 3)
    picture, quad = _cropped(picture, quad, border)
    picture, quad = _continued(picture, quad, side, border)
    times = max(1.0, (drawn or width) / width)
    corners = tuple(float(value) for value in (quad + 0.5).flatten())
    size = round(width * times), round(height * times)
    made = picture.transform(size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    return made.resize((width, height), Image.Resampling.LANCZOS) if times > 1 else made


def _reduced(picture: Image.Image, quad: Points, factor: int) -> tuple[Image.Image, Points, int]:
    """Reduce a picture by a whole number, as far as the rectangle remains twice as large as the result."""
    if factor <= 1:
        return picture, quad, 1
    width, height = (round(length / factor) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS), quad / factor, factor


def _bounds(quad: Points) -> tuple[int, int, int, int]:
    """Return the whole pixels around a rectangle: left, top, right, bottom."""
    low, high = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _cropped(picture: Image.Image, quad: Points, border: int) -> tuple[Image.Image, Points]:
    """Cut a picture to the surroundings of the rectangle."""
    left, top, right, bottom = _bounds(quad)
    box = (
        max(left - border, 0), max(top - border, 0),
        min(right + border, picture.width), min(bottom + border, picture.height),
    )  # fmt: skip
    if box[2] <= box[0] or box[3] <= box[1]:
        raise ValueError("the face lies outside of the picture: check its landmarks, which are in pixels")
    return picture.crop(box), quad - box[:2]


def _continued(picture: Image.Image, quad: Points, side: float, border: int) -> tuple[Image.Image, Points]:
    """Continue a picture beyond its edges, where the square leaves it."""
    left, top, right, bottom = _bounds(quad)
    pads = [-left + border, -top + border, right - picture.width + border, bottom - picture.height + border]
    if max(pads) <= border - 4:
        return picture, quad
    west, north, east, south = (max(pad, 0, round(side * _PAD)) for pad in pads)
    array = np.asarray(picture).astype(np.float32)
    array = np.pad(array, ((north, south), (west, east), (0, 0)), "reflect")
    height, width, _ = array.shape
    y, x = np.ogrid[:height, :width]
    outside_x = 1 - np.minimum(np.float32(x) / np.float64(west), np.float32(width - 1 - x) / np.float64(east))
    outside_y = 1 - np.minimum(np.float32(y) / np.float64(north), np.float32(height - 1 - y) / np.float64(south))
    outside = np.maximum(outside_x, outside_y)[:, :, None]  # 1 at the new edges, 0 where the picture begins
    array += ((_blurred(array, side * _BLUR) - array) * np.clip(3 * outside + 1, 0, 1)).astype(np.float32)
    array += ((np.median(array, axis=(0, 1)) - array) * np.clip(outside, 0, 1)).astype(np.float32)
    made = Image.fromarray(np.uint8(np.clip(np.rint(array), 0, 255)))
    return made, quad + np.array([west, north])


def _blurred(array: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur along both axes; beyond its edges the picture is mirrored, as scipy's gaussian_filter does."""
    taps = gaussian_taps(sigma, kernel_for(sigma))
    half = len(taps) // 2
    channels = []
    for channel in np.moveaxis(array, 2, 0):
        wide = np.pad(channel, half, "symmetric")
        for axis in (0, 1):
            wide = blur_axis(wide, taps, axis, "replicate").astype(np.float32)
        channels.append(wide[half:-half, half:-half])
    return np.stack(channels, axis=2)
