"""Flat shapes with smooth edges: signed depths inside ellipses, boxes and strokes, and colours from a ring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from scene import lay
from torch import Tensor

Colour = tuple[int, int, int]

INK, PAPER = (44, 34, 48), (250, 244, 230)


@dataclass(frozen=True)
class Style:
    """The style of a drawing. The same numbers make the same head in each style."""

    line: float = 0.0  # thickness of outlines, in shares of the side
    colour: float = 1.0  # saturation: 0 is grey
    paper: float = 0.0  # how far colours are blended into paper
    shade: float = 1.0  # strength of shadows
    eyes: float = 1.0  # size of the eyes
    grain: float = 0.0  # strength of the strokes that come from noise

    def apply(self, colour: Tensor) -> Tensor:
        """Return a colour as it is drawn."""
        grey = colour.mean(dim=1, keepdim=True)
        return lay(grey + (colour - grey) * self.colour, rgb(PAPER), torch.tensor(self.paper))

    def stroke(self, picture: Tensor, noise: Tensor) -> Tensor:
        """Return a picture in diagonal strokes, of noise [rows, 1, size, size]: the darker, the more they show."""
        strokes = (noise.roll((1, -1), (2, 3)) + noise + noise.roll((-1, 1), (2, 3))) / math.sqrt(3)
        ink = (rgb(PAPER) - picture).mean(dim=1, keepdim=True).clamp_min(0)
        return picture + strokes * self.grain * (0.25 + ink)


@dataclass(frozen=True)
class Canvas:
    """A picture in the making, [rows, 3, size, size], and the places of its pixels, [rows, 1, size, size]."""

    picture: Tensor
    x: Tensor
    y: Tensor
    style: Style

    def fill(self, colour: Tensor, depth: Tensor, alpha: Tensor | float = 1.0, *, outlined: bool = False) -> Canvas:
        """Lay a colour [rows, 3, 1, 1] where a depth, in shares of the side, is positive."""
        picture = self.picture
        if outlined and self.style.line:
            picture = lay(picture, rgb(INK), self._cover(depth + self.style.line) * alpha)
        return replace(self, picture=lay(picture, self.style.apply(colour), self._cover(depth) * alpha))

    def _cover(self, depth: Tensor) -> Tensor:
        """Return the covered share of each pixel."""
        return (depth * self.picture.shape[3] + 0.5).clamp(0, 1)

    def ellipse(
        self, x: Tensor | float, y: Tensor | float, wide: Tensor | float, high: Tensor | float, power: float = 2
    ) -> Tensor:
        """Return the depth inside an ellipse of half axes, or with a power above 2, inside a rounder box."""
        across, down = ((self.x - x) / wide).abs(), ((self.y - y) / high).abs()
        radius = (across**power + down**power + 1e-6) ** (1 / power)
        return (1 - radius) * torch.minimum(torch.as_tensor(wide), torch.as_tensor(high))

    def stroke(self, x: Tensor | float, y: Tensor, wide: Tensor | float, bend: Tensor, thick: Tensor | float) -> Tensor:
        """Return the depth inside a stroke along a parabola, whose ends are `bend` above its middle."""
        across = (self.x - x) / wide
        middle = y - bend * across.square()
        thinned = thick * (1 - 0.5 * across.square())
        return torch.minimum(thinned - (self.y - middle).abs(), (1 - across.abs()) * wide)


def ring(numbers: Tensor, colours: Sequence[Colour]) -> Tensor:
    """Return a colour [rows, 3, 1, 1] from a ring, at the angle of two numbers [rows, 2]."""
    angles = 2 * math.pi * torch.arange(len(colours)) / len(colours)
    near = F.normalize(numbers, dim=1) @ torch.stack([torch.cos(angles), torch.sin(angles)])
    table = torch.tensor(colours, dtype=torch.float32) / 127.5 - 1
    return (torch.softmax(near * 2.5 * len(colours), dim=1) @ table)[:, :, None, None]


def scale(share: Tensor, colours: Sequence[Colour]) -> Tensor:
    """Return a colour [rows, 3, 1, 1] on a line of colours, at a share of 0 to 1, [rows, 1, 1, 1]."""
    table = torch.tensor(colours, dtype=torch.float32) / 127.5 - 1
    place = share.flatten() * (len(colours) - 1)
    first = place.floor().long().clamp(0, len(colours) - 2)
    return torch.lerp(table[first], table[first + 1], (place - first)[:, None])[:, :, None, None]


def rgb(colour: Colour) -> Tensor:
    """Return a colour in [-1, 1], [1, 3, 1, 1]."""
    return torch.tensor(colour).view(1, 3, 1, 1) / 127.5 - 1
