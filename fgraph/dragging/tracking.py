"""The places of the points of a batch, and the loss that moves them. Rows and points are independent.

For each of R rows and P points, a tracker holds the handle, the target and a template of features. Rows with fewer
points are padded. `observe` follows the points in new maps; `loss` is the loss that a step reduces.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from fgraph.dragging.features import FeatureMaps, constant
from fgraph.dragging.settings import DragSettings

_TINY = 1e-7


@dataclass
class Tracker(ABC):
    """The points of a batch, in pixels of the image."""

    settings: DragSettings
    size: tuple[int, int]  # size of the image: height, width
    handles: Tensor  # [R, P, 2], x and y: where the points are
    targets: Tensor  # [R, P, 2]
    valid: Tensor  # [R, P], false for padding
    templates: Tensor  # [R, C, P, n]: features of the points
    lost: Tensor  # [R, P]: the number of consecutive steps at which a point was at the border of its search window

    @property
    def distances(self) -> Tensor:
        """The distance of each point from its target, [R, P]; 0 for padding."""
        distances: Tensor = (self.targets - self.handles).norm(dim=2)
        return distances * self.valid

    @property
    def side(self) -> int:
        """The longer side of the image, in pixels: radii are relative to it."""
        return max(self.size)

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that have a row for each row of the batch, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.type == "Tensor"}

    def select(self, rows: list[int]) -> Tracker:
        """Return the same tracker with some rows."""
        selected: dict[str, Any] = {name: value[rows] for name, value in self.tensors().items()}
        return replace(self, **selected)

    def arrived(self) -> Tensor:
        """Return which rows have all their points at their targets, [R]."""
        return (self.distances <= self.settings.arrival(self.side)).all(dim=1)

    @abstractmethod
    def observe(self, maps: FeatureMaps) -> None:
        """Follow the points in new maps."""

    @abstractmethod
    def loss(self, maps: FeatureMaps) -> Tensor:
        """Return the motion loss of each row, [R]."""


def sample_maps(maps: FeatureMaps, places: Tensor, *, whole: bool) -> Tensor:
    """Return maps at the places [R, P, n, 2] as [R, C, P, n]; `whole` means that the places are whole pixels."""
    flat = places.flatten(1, 2)
    made = maps.at_pixels(flat) if whole else maps.at(flat)
    return made.view(*made.shape[:2], *places.shape[1:3])


def square_window(radius: int, like: Tensor) -> Tensor:
    """Return the offsets of a square window [(2 radius + 1)², 2], x before y, row by row."""
    line = torch.arange(-radius, radius + 1, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1).flatten(0, 1)


class NearestTracker(Tracker):
    """The tracking of DragGAN: a point moves to the pixel nearby whose features are nearest to its first features.

    The loss moves the patch around a point by one pixel: the features there should become those that the patch has now.
    """

    def observe(self, maps: FeatureMaps) -> None:
        """Move each handle to the pixel of its window whose features are nearest (L2) to its template."""
        radius = self.settings.search_radius(self.side)
        window = square_window(radius, self.handles)
        places = self.handles[:, :, None] + window  # [R, P, n, 2]
        distances = (sample_maps(maps, places, whole=True) - self.templates).norm(dim=1)  # [R, P, n]
        distances = distances.masked_fill(~maps.inside(places), math.inf)
        best = distances.argmin(dim=2)
        self.handles = self.handles + window[best]
        edge = (window[best].abs().amax(dim=2) == radius) & self.valid
        self.lost = torch.where(edge, self.lost + 1, 0)

    def _patch(self) -> tuple[Tensor, Tensor]:
        """Return the offsets of the moved patch, [n, 2], and for each point the offsets that count, [R, P, n].

        The published program measures distances from coordinates that it stretches by n / (n - 1), for n pixels.
        """
        radius = self.settings.moved_radius(self.side)
        if self.settings.reading == "paper":
            reach = range(-radius, radius + 1)
            disc = tuple((float(x), float(y)) for y in reach for x in reach if math.hypot(x, y) < radius)
            patch = constant(disc, self.handles.device, self.handles.dtype)
            return patch, torch.ones(*self.handles.shape[:2], len(patch), dtype=torch.bool, device=patch.device)
        patch = square_window(radius + 1, self.handles)
        sides = constant((self.size[1], self.size[0]), self.handles.device, self.handles.dtype)
        stretched = (self.handles[:, :, None] + patch) * (sides / (sides - 1))
        return patch, (stretched - self.handles[:, :, None]).norm(dim=3) < radius

    def loss(self, maps: FeatureMaps) -> Tensor:
        """Return Σ over points of the mean of |F(q) - F(q + u)| over the patch, F(q) constant, u towards the target."""
        patch, chosen = self._patch()
        to_target = self.targets - self.handles
        distance = to_target.norm(dim=2)
        step = to_target / (distance + _TINY)[:, :, None]
        places = self.handles[:, :, None] + patch  # [R, P, n, 2]
        ahead = places + step[:, :, None]
        counted = chosen & maps.inside(places)
        if self.settings.reading == "paper":
            counted = counted & maps.inside(ahead)
        inside = counted.to(to_target.dtype)  # [R, P, n]
        wanted = sample_maps(maps.detach(), places, whole=True)
        found = sample_maps(maps, ahead, whole=False)
        differences = (found - wanted).abs().mean(dim=1) * inside  # [R, P, n]
        moving = self.valid & (distance > 1)
        total: Tensor = (differences.sum(dim=2) / inside.sum(dim=2).clamp_min(1) * moving).sum(dim=1)
        return total


def make_nearest(
    settings: DragSettings, maps: FeatureMaps, handles: Tensor, targets: Tensor, valid: Tensor
) -> NearestTracker:
    """Start the tracking of points; their templates are the features of the pixels nearest to them."""
    whole = handles.round()
    templates = maps.at_pixels(whole)[..., None]
    lost = torch.zeros_like(valid, dtype=torch.long)
    return NearestTracker(settings, maps.image_size, whole, targets, valid, templates, lost)
