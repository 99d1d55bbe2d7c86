"""Crops pasted into a photograph; pixels outside the masks keep their bits."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fgraph._errors import FgraphError
from fgraph._imaging.read import by_profile
from fgraph.photographs.crops import Blending, Points
from fgraph.photographs.stored import StoredPhotograph

Floats = NDArray[np.float32]
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_HALF = 127.5  # half of the range of 8 bits, which [-1, 1] maps to


@dataclass(frozen=True, eq=False)
class PastedPixels:
    """The pixels that are pasted at one place.

    `pixels` are [channels + 1, height, width]; the last channel is the mask. The others are, for `difference`, the mask
    times the difference, in [-2, 2]; for `replace`, the mask times the crop; for `poisson`, the crop.
    """

    pixels: Floats
    quad: Points  # corners in pixels of the upright photograph, [4, 2]


def paste_patches(
    source: StoredPhotograph, patches: Iterable[PastedPixels], how: Blending = "difference"
) -> Image.Image:
    """Return the upright photograph with patches pasted into it, of the mode of the photograph.

    Raises:
        FgraphError: `how` is poisson, and OpenCV is not installed.
    """
    picture = source.picture.copy()
    for patch in patches:
        box = _bounds(patch.quad, picture.size)
        if box is None:
            continue
        warped = warp(patch.pixels, patch.quad, box)
        region = picture.crop(box)
        alpha = region.getchannel("A") if "A" in region.getbands() else None
        pasted = _pasted(region.convert("L" if region.mode in ("L", "LA") else "RGB"), warped, how, source.profile)
        if alpha is not None:
            pasted.putalpha(alpha)
        picture.paste(pasted, box)
    return picture


def warp(pixels: Floats, quad: Points, box: tuple[int, int, int, int]) -> Floats:
    """Draw a crop [channels, h, w] so that its corners lie at `quad`; 0 outside of it.

    Args:
        pixels: the pixels of the crop.
        quad: its corners in pixels of the photograph, [4, 2].
        box: left, top, right, bottom of the result in the photograph.
    """
    sides = np.hypot(*(quad[3] - quad[0])), np.hypot(*(quad[1] - quad[0]))
    factor = max(1, int(min(pixels.shape[2] / sides[0], pixels.shape[1] / sides[1])))
    size = box[2] - box[0], box[3] - box[1]
    made = []
    for number, channel in enumerate(pixels):
        small = Image.fromarray(channel).reduce(factor)
        resampling = Image.Resampling.BILINEAR if number == len(pixels) - 1 else Image.Resampling.BICUBIC
        coefficients = perspective(quad - box[:2], small.size)
        made.append(np.asarray(small.transform(size, Image.Transform.PERSPECTIVE, coefficients, resampling)))
    return np.stack(made)


def perspective(quad: Points, size: tuple[int, int]) -> list[float]:
    """Return Pillow's coefficients of the perspective from a photograph to a crop of a width and height.

    The centre of the first pixel of the photograph is (0, 0) in `quad` and (0.5, 0.5) for Pillow.
    """
    width, height = size
    rows, wanted = [], []
    for (x, y), (u, v) in zip(quad + 0.5, ((0, 0), (0, height), (width, height), (width, 0)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return [float(one) for one in np.linalg.solve(np.array(rows), np.array(wanted))]


def _bounds(quad: Points, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the whole pixels of a photograph around a crop: left, top, right, bottom; None if there are none."""
    low, high = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0)) + 1
    left, top = (max(0, int(one)) for one in low)
    right, bottom = (min(side, int(one)) for side, one in zip(size, high, strict=True))
    return (left, top, right, bottom) if left < right and top < bottom else None


def _pasted(region: Image.Image, warped: Floats, how: Blending, profile: bytes | None) -> Image.Image:
    """Paste a warped patch into a region of mode L or RGB, in the colours of a profile."""
    colours, mask = warped[:-1], warped[-1]
    region.info["icc_profile"] = profile
    in_srgb = by_profile(region) if profile else None
    base = np.asarray(region if in_srgb is None else in_srgb.convert(region.mode), np.float32)  # [h, w] or [h, w, 3]
    grey = base.ndim == 2
    if colours.shape[0] == 3 and grey:
        colours = np.tensordot(_GREY, colours, 1)[None]
    change = np.moveaxis(colours, 0, 2)
    change = change[:, :, 0] if grey else np.broadcast_to(change, base.shape)
    inside = mask > (0.5 if how == "poisson" else 0)
    alpha = mask if grey else mask[:, :, None]
    if how == "difference":
        made = base + change * _HALF
    elif how == "replace":
        made = base * (1 - alpha) + change * _HALF + alpha * _HALF
    else:
        made, inside = _cloned(base, (change + 1) * _HALF, inside)
    wanted = np.rint(np.clip(made, 0, 255)).astype(np.uint8)
    original = np.asarray(region)
    if in_srgb is not None:
        before, after = (_in_profile(one, region.mode, profile) for one in (base.astype(np.uint8), wanted))
        wanted = np.clip(original.astype(np.int16) + after - before, 0, 255).astype(np.uint8)
    return Image.fromarray(np.where(inside if grey else inside[:, :, None], wanted, original))


def _in_profile(pixels: NDArray[np.uint8], mode: str, profile: bytes | None) -> NDArray[np.int16]:
    """Return sRGB pixels in the colours of a profile that `by_profile` has read."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
    picture = Image.fromarray(pixels).convert("RGB")
    made: Any = ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), target, outputMode=mode)
    return np.asarray(made).astype(np.int16)


def _cloned(base: Floats, crop: Floats, inside: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a crop cloned into a base within a mask, by Poisson's equation (Pérez et al. 2003), and the mask used."""
    try:
        import cv2
    except ImportError as error:
        raise FgraphError(
            f"poisson blending needs OpenCV ({error}): pip install 'fgraph-gan[poisson]', or use blend: difference"
        ) from error
    inside = inside.copy()
    inside[[0, -1]], inside[:, [0, -1]] = False, False  # a border of known pixels
    if not inside.any():
        return base, inside
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    centre = tuple(int((one[0] + one[-1] + 1) // 2) for one in (columns, rows))
    source, target = (np.rint(np.clip(one, 0, 255)).astype(np.uint8) for one in (crop, base))
    if base.ndim == 2:
        source, target = (np.repeat(one[:, :, None], 3, axis=2) for one in (source, target))
    mask = inside.astype(np.uint8) * 255
    made = cv2.seamlessClone(np.ascontiguousarray(source), target, mask, centre, cv2.NORMAL_CLONE)
    return (made[:, :, 0] if base.ndim == 2 else made).astype(np.float32), inside
