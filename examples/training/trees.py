"""Trees in the foreground of landscapes: conifers in tiers, broad trees with round crowns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from fields import fractal_field, sample_field, sample_line, smooth_line
from torch import Tensor

if TYPE_CHECKING:
    from scene import Numbers, Scene

CONIFERS, BROAD = 5, 2


@dataclass(frozen=True)
class Ground:
    """The ground below trees: the edge [rows, 1, 1, size], colours [rows, 3, 1, 1], and the share that snow covers."""

    edge: Tensor
    colour: Tensor
    light: Tensor
    snow: Tensor


def plant(picture: Tensor, scene: Scene, numbers: Numbers, ground: Ground) -> Tensor:
    """Plant a group of trees, of one kind in most pictures."""
    kind, shift = numbers.take(1), numbers.between(-0.06, 0.06)
    for number in range(CONIFERS):
        picture = plant_conifer(picture, scene, numbers, ground, (number, kind, shift))
    for number in range(BROAD):
        picture = plant_broad(picture, scene, numbers, ground, (number, -kind, shift))
    return picture


def _grow(numbers: Numbers, kind: Tensor, mean: float, deviation: float, most: float) -> tuple[Tensor, Tensor]:
    """Return the size of a tree, and 0 where there is none or 1: some have not begun to grow. Both [rows, 1, 1, 1]."""
    size = (mean + deviation * (numbers.take(1) + kind))[:, :, None, None]
    return size.clamp(0.2 * most, most), (size / (0.2 * most)).clamp(0, 1)


def _foot(scene: Scene, ground: Ground, x: Tensor) -> Tensor:
    """Return the height of the ground below places x, [rows, 1, 1, 1]."""
    index = (x * scene.size).long().clamp(0, scene.size - 1)
    return ground.edge.gather(3, index)


def plant_conifer(
    picture: Tensor, scene: Scene, numbers: Numbers, ground: Ground, which: tuple[int, Tensor, Tensor]
) -> Tensor:
    """Paint tiers on a short trunk. Each tier is wider at its lower edge, and lighter on the side of the sun."""
    number, kind, shift = which
    x = shift + (number + 0.5) / CONIFERS
    height, on = _grow(numbers, kind, 0.02, 0.12, 0.34)
    foot = _foot(scene, ground, x) + 0.02
    up = (foot - scene.y) / height  # 0 at the foot, 1 at the tip
    tier = ((1 - up) * 6.5).clamp_min(0)
    flare = 0.62 + 0.38 * (tier - tier.floor())
    half = height * 0.20 * (1 - up).clamp(0, 1) ** 0.9 * flare * (up > 0.06)
    trunk = height * 0.018 * (up > -0.02) * (up < 0.2)
    across = scene.x - x
    covered = scene.cover(torch.maximum(half, trunk) - across.abs()) * (up < 1) * (up > -0.03)
    side = torch.sigmoid(-across * torch.tanh((x - scene.sun_x) * 5) / (height * 0.03))
    dark = ground.colour * 0.80 - 0.16
    colour = dark + (side - 0.5) * 0.12 * (0.4 + 0.6 * scene.day)
    colour = colour + scene.grain * 0.05
    snowed = ground.snow * ((tier - tier.floor()) < 0.4) * torch.sigmoid((side - 0.5) * 8) * 0.4
    colour = colour + (ground.light * 0.9 - colour) * snowed * (up > 0.06)
    return picture + (colour - picture) * covered * on


def plant_broad(
    picture: Tensor, scene: Scene, numbers: Numbers, ground: Ground, which: tuple[int, Tensor, Tensor]
) -> Tensor:
    """Paint a crown with a bumpy outline on a trunk, lighter towards the sun."""
    number, kind, shift = which
    x = shift + 0.28 + 0.47 * number
    size, on = _grow(numbers, kind, -0.01, 0.05, 0.12)
    foot = _foot(scene, ground, x) + 0.02
    middle = foot - size * 1.75
    across, down = scene.x - x, scene.y - middle
    angle = torch.atan2(down, across) / 6.2832
    bumps = sample_line(smooth_line(83, 90), angle * 0.11 + 0.5 * number) * 0.16
    outline = torch.hypot(across / 1.12, down) / size - 1 - bumps
    trunk_half = size * (0.09 + 0.05 * ((scene.y - middle) / size).clamp(0, 2))
    trunk = scene.cover(trunk_half - across.abs()) * (scene.y > middle) * (scene.y < foot)
    dark = ground.colour * 0.85 - 0.14
    toward = torch.tanh((scene.sun_x - x) * 5)
    y, x = torch.broadcast_tensors(scene.y * 1.1, (scene.x - x) * 1.1)
    leaves = sample_field(fractal_field(9, 16, 4, 0.8), x[:, 0], y[:, 0])[:, None]
    light = torch.sigmoid((across / size * toward * 0.8 - down / size + leaves * 0.35 + scene.grain * 0.35 - 0.1) * 2.2)
    crown = dark + 0.05 + light * (ground.light - dark) * 0.22
    picture = picture + (dark - 0.06 - picture) * trunk * on
    return picture + (crown - picture) * scene.cover(-outline * size) * on
