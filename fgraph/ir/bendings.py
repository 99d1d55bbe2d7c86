"""Network bending: the transforms of channels of a map, as frozen values without torch.

The transforms are those of Broad, Leymarie & Grierson (2021), "Network Bending"; `docs/how-to/bending.md` has their
equations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from fgraph._geometry.regions import Size
from fgraph._geometry.warps import Warp
from fgraph.stylegan.tables.base import Layer

About = Literal["centre", "published"]


@dataclass(frozen=True)
class Scale:
    """Scaling by a factor above 0; a factor below 1 fills the border with zeros."""

    factor: float
    about: About = "centre"

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.factor == 1

    def warp(self, size: Size) -> Warp:
        """Return the coordinates that the pixels of a map of this size are sampled at."""
        return Warp.about(_centre(size, self.about), factor=self.factor)


@dataclass(frozen=True)
class Rotate:
    """Counter-clockwise rotation, in degrees; the corners are filled with zeros."""

    degrees: float
    about: About = "centre"

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.degrees % 360 == 0

    def warp(self, size: Size) -> Warp:
        """Return the coordinates that the pixels of a map of this size are sampled at."""
        return Warp.about(_centre(size, self.about), degrees=self.degrees)


@dataclass(frozen=True)
class Translate:
    """Translation down and to the right; the edge is filled with zeros."""

    dy: Fraction
    dx: Fraction
    unit: Literal["fraction", "pixel"] = "fraction"  # fraction of the canvas, or pixel of the map that is moved

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.dy == self.dx == 0

    def warp(self, size: Size) -> Warp:
        """Return the coordinates that the pixels of a map of this size are sampled at."""
        scale = size if self.unit == "fraction" else (1, 1)
        return Warp.moved(float(self.dy * scale[0]), float(self.dx * scale[1]))

    def rescaled(self, scale: tuple[Fraction, Fraction]) -> Translate:
        """Return the same distance on a canvas of another size; `scale` is old size / new size, of y and x."""
        if self.unit == "pixel":
            return self
        return Translate(self.dy * scale[0], self.dx * scale[1])


@dataclass(frozen=True)
class Mirror:
    """Reflection along an axis: x swaps left and right."""

    axis: Literal["x", "y"]
    is_identity = False

    def warp(self, size: Size) -> Warp:
        """Return the coordinates that the pixels of a map of this size are sampled at."""
        return Warp.mirrored(size, self.axis)


@dataclass(frozen=True)
class Erode:
    """Erosion: the minimum within a disc of this radius, in pixels."""

    radius: int

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.radius == 0


@dataclass(frozen=True)
class Dilate(Erode):
    """Dilation: the maximum within a disc of this radius, in pixels."""


@dataclass(frozen=True)
class Threshold:
    """Threshold: 1 above a value, otherwise 0."""

    value: float
    is_identity = False


@dataclass(frozen=True)
class Multiply:
    """Multiplication by a factor; 0 ablates."""

    factor: float

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return self.factor == 1


@dataclass(frozen=True)
class Invert:
    """Inversion: 1 - x."""

    is_identity = False


Warping: TypeAlias = Scale | Rotate | Translate | Mirror
Transform: TypeAlias = Warping | Erode | Threshold | Multiply | Invert


def disc(radius: int) -> list[tuple[int, int]]:
    """Return the disc of OpenCV's MORPH_ELLIPSE: (row, half width) for rows from -radius to radius.

    >>> disc(2)
    [(-2, 0), (-1, 2), (0, 2), (1, 2), (2, 0)]
    """
    return [(y, round(math.sqrt(radius * radius - y * y))) for y in range(-radius, radius + 1)]


@dataclass(frozen=True)
class Cluster:
    """The channels of a layer that are active at the same places: cluster `index` of `count`."""

    model: str
    layer: str
    count: int
    index: int


Channels: TypeAlias = tuple[int, ...] | Cluster | None  # None: all


@dataclass(frozen=True)
class ChosenChannels:
    """The choice of channels in every layer that a row bends: by number, at random, by cluster, or all."""

    numbers: tuple[int, ...] | None = None
    fraction: float | None = None
    seed: int = 0
    cluster: tuple[str, int, int] | None = None  # model, number of clusters, index

    def at(self, layer: Layer) -> Channels:
        """Return the chosen channels of a layer's output."""
        if self.cluster is not None:
            model, count, index = self.cluster
            return Cluster(model, layer.name, count, index)
        if self.fraction is not None:
            return draw_channels(layer.out_channels, self.fraction, self.seed, layer.index)
        return tuple(range(layer.out_channels)) if self.numbers is None else self.numbers


def draw_channels(count: int, fraction: float, seed: int, layer: int) -> tuple[int, ...]:
    """Draw ⌊fraction · count⌋ channels without replacement, by seed and layer, in ascending order."""
    draw = np.random.Generator(np.random.Philox(key=[seed, layer + 1]))
    return tuple(sorted(draw.permutation(count)[: int(fraction * count + 1e-9)].tolist()))


@dataclass(frozen=True)
class Bend:
    """The T of a `Mapped` carrier: a transform of the channels that a row chooses in each layer."""

    transform: Transform
    chosen: ChosenChannels

    def rescaled(self, scale: tuple[Fraction, Fraction]) -> Bend:
        """Return the same bending on a canvas of another size."""
        if isinstance(self.transform, Translate):
            return Bend(self.transform.rescaled(scale), self.chosen)
        return self


@dataclass(frozen=True)
class Bending:
    """A transform of channels of one map: the row parameter of `BendChannels`."""

    transform: Transform
    channels: Channels

    @property
    def is_identity(self) -> bool:
        """True if the transform changes nothing."""
        return bool(self.transform.is_identity) or self.channels == ()

    def __str__(self) -> str:
        return f"{self.transform} of {self.channels}"


def parse_channels(text: str) -> tuple[int, ...] | None:
    """Parse channels as written, `0,3..9`; return None for `all`.

    Raises:
        ValueError: an item is neither a number nor a range.
    """
    if text.strip() == "all":
        return None
    found: set[int] = set()
    for item in text.split(","):
        start, dots, stop = (part.strip() for part in item.partition(".."))
        if not start.isdigit() or (dots and not stop.isdigit()) or (dots and int(stop) < int(start)):
            raise ValueError(
                f"'{item.strip():.40}' names no channels: write all, or numbers and ranges, such as 0,3..9"
            )
        if max(len(start), len(stop)) > 5:
            raise ValueError(f"'{item.strip():.40}' names a channel above 99999, which no layer has")
        found.update(range(int(start), int(stop if dots else start) + 1))
    return tuple(sorted(found))


def _centre(size: Size, about: About) -> tuple[float, float]:
    half = 0.5 if about == "centre" else 0.0  # the published programs rotate about pixel n/2, which is half a pixel off
    return size[0] / 2 - half, size[1] / 2 - half


def largest_radius(transforms: Sequence[Transform]) -> int:
    """Return the largest radius of transforms that read neighbours; 0 if none does."""
    return max((one.radius for one in transforms if isinstance(one, Erode)), default=0)
