"""Network bending in the step interpreter: torch's grid_sample and unfold, on whole maps in float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fgraph._geometry import fraction
from fgraph.ir.bendings import draw_channels
from fgraph.stylegan.measured.clustering import channel_clusters


@dataclass(frozen=True)
class Bent:
    """One row of a bend node."""

    node: Any
    row: int
    model: Any
    dy: Fraction
    dx: Fraction

    def value(self, name: str) -> Any:
        value = getattr(self.node, name)
        return (value[self.row] if len(value) > 1 else value[0]) if isinstance(value, tuple) else value

    def apply(self, x: Tensor, layer: Any, canvas: Any) -> Tensor:
        """Bend channels of a map [1, C, H, W], the output of `layer`."""
        result = x.clone()
        chosen = self.channels(layer)
        wide = x[:, chosen].double()
        if len(chosen):
            result[:, chosen] = self.transformed(wide, (canvas.wrap_y, canvas.wrap_x), layer.margin).float()
        return result

    def channels(self, layer: Any) -> list[int]:
        count = layer.out_channels
        if self.node.fraction is not None:
            return list(draw_channels(count, self.value("fraction"), self.value("seed"), layer.index))
        if self.node.cluster is not None:
            groups = channel_clusters(self.model, layer.name, self.node.clusters)
            return [number for number in range(count) if groups[number] == self.value("cluster")]
        if self.node.channels == "all":
            return list(range(count))
        start, dots, stop = str(self.node.channels).partition("..")
        return list(range(int(start), int(stop if dots else start) + 1))

    def transformed(self, x: Tensor, wraps: tuple[bool, bool], margin: tuple[int, int]) -> Tensor:
        kind = self.node.kind
        if kind in ("erode", "dilate"):
            sign = -1 if kind == "erode" else 1
            return sign * greatest_around(sign * x, self.value("radius"), wraps)
        if kind == "flip":
            return x.flip(3 if self.node.axis == "x" else 2)
        if kind in ("rotate", "scale", "translate"):
            return warped(x, np.linalg.inv(np.vstack([self.forward(x.shape[2:], margin), [0, 0, 1]])), wraps)
        if kind == "threshold":
            return (x > self.value("value")).double()
        if kind == "multiply":
            return x * self.value("factor")
        return 0 * x if kind == "ablate" else 1 - x

    def forward(self, size: Any, margin: tuple[int, int]) -> Any:
        """Return the matrix [2, 3] from a pixel to its new place (x, y), for turns as OpenCV's getRotationMatrix2D."""
        high, wide = size
        if self.node.kind == "translate":
            unit = (1, 1) if self.node.unit == "pixel" else (high - margin[0], wide - margin[1])
            return np.array([[1, 0, float(self.dx) * unit[1]], [0, 1, float(self.dy) * unit[0]]])
        off = 0.5 if self.node.about == "centre" else 0.0
        x, y = wide / 2 - off, high / 2 - off
        turn = np.deg2rad(self.value("degrees") if self.node.kind == "rotate" else 0)
        factor = self.value("factor") if self.node.kind == "scale" else 1
        a, b = factor * np.cos(turn), factor * np.sin(turn)
        return np.array([[a, b, (1 - a) * x - b * y], [-b, a, b * x + (1 - a) * y]])


def bent(node: Any, row: int, model: Any) -> Bent:
    """Return a row of a bend node."""
    plain = Bent(node, row, model, Fraction(0), Fraction(0))
    if node.kind != "translate":
        return plain
    return Bent(node, row, model, fraction(plain.value("dy")), fraction(plain.value("dx")))


def warped(x: Tensor, backward: Any, wraps: tuple[bool, bool]) -> Tensor:
    """Sample bilinearly; beyond an edge are zeros, or the opposite side of a cyclic canvas."""
    high, wide = x.shape[2:]
    columns, rows = np.meshgrid(np.arange(wide), np.arange(high))
    places = backward @ np.stack([columns.ravel(), rows.ravel(), np.ones(high * wide)])
    at_x, at_y = places[0], places[1]
    if wraps[1]:
        x, at_x = torch.cat([x, x[..., :1]], 3), at_x % wide
    if wraps[0]:
        x, at_y = torch.cat([x, x[:, :, :1]], 2), at_y % high
    grid = np.stack([2 * at_x / max(x.shape[3] - 1, 1) - 1, 2 * at_y / max(x.shape[2] - 1, 1) - 1], -1)
    sampled = functional.grid_sample(x, torch.tensor(grid.reshape(1, high, wide, 2)), align_corners=True)
    return sampled


def greatest_around(x: Tensor, radius: int, wraps: tuple[bool, bool]) -> Tensor:
    """Return the maximum over a disc (OpenCV's MORPH_ELLIPSE of 2 radius + 1), without pixels beyond true edges."""
    high, wide = x.shape[2:]
    best = torch.full_like(x, -torch.inf)
    for down in range(-radius, radius + 1):
        half = int(np.rint(np.sqrt(radius**2 - down**2)))
        for along in range(-half, half + 1):
            rows, columns = np.arange(high) + down, np.arange(wide) + along
            inside_y = np.full(high, True) if wraps[0] else (rows >= 0) & (rows < high)
            inside_x = np.full(wide, True) if wraps[1] else (columns >= 0) & (columns < wide)
            seen = x[:, :, rows % high][..., columns % wide]
            outside = ~torch.tensor(inside_y[:, None] & inside_x)
            best = torch.maximum(best, seen.masked_fill(outside, -torch.inf))
    return best
