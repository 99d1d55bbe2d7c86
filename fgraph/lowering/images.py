"""Lowering of images as values: plain colours, and images blended by masks."""

from __future__ import annotations

from collections.abc import Sequence

from fgraph.ir.ops import Fill
from fgraph.lowering.advance import mix
from fgraph.lowering.build import Build
from fgraph.lowering.values import Image, MaskExprs, complements

Colour = tuple[float, float, float]  # red, green, blue in [-1, 1]


def blend_images(build: Build, a: Image, b: Image, alpha: MaskExprs) -> Image:
    """Return (1 - α) a + α b, pixel by pixel.

    Raises:
        ValueError: the images differ in size or in channels.
        SizeError: an edit in a mask is not a whole number of pixels at the size of the images.
    """
    channels = tuple(build.type_of(one.pixels).shape[0] for one in (a, b))
    if channels[0] != channels[1]:
        raise ValueError(f"a has {channels[0]} channels and b {channels[1]}: both must be RGB, or both grey")
    if (a.height, a.width) != (b.height, b.width):
        raise ValueError(
            f"a has {a.height} x {a.width} pixels and b {b.height} x {b.width}: pad, crop or resize one of them"
        )
    return Image(mix(build, [a.pixels, b.pixels], [complements(alpha), alpha]), a.height, a.width)


def fill_like(build: Build, image: Image, colours: Sequence[Colour]) -> Image:
    """Return plain images like `image` in size and channels, one colour for each row; equal colours share a row.

    Raises:
        ValueError: the image has neither 1, 3 nor 4 channels.
    """
    count = build.type_of(image.pixels).shape[0]
    if count not in (1, 3, 4):
        raise ValueError(f"a colour is for images of 1, 3 or 4 channels; this one has {count}")
    plain = [_as_channels(colour, count) for colour in colours]
    return Image(build.emit_distinct(Fill(image.height, image.width, count), plain), image.height, image.width)


def _as_channels(colour: Colour, count: int) -> tuple[float, ...]:
    """Return a colour in grey, by the weights of ITU-R BT.601, in RGB, or in opaque RGBA."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue,) if count == 1 else (*colour, 1.0)[:count]
