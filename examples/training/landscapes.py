"""A painter of landscapes in batches: sky, stars, sun or moon, clouds, ridges, snow, trees, water.

A picture is a function of 82 normally distributed numbers. It is smooth, except for a few steep switches. Stars,
leaves, grain and glints come from noise. Nothing is photographed or collected. Shapes are sums of the waves, curves and
fields of `fields.py`, linear in the numbers where possible, so that a generator learns them soon (ADR 27). Edges are
smoothed as they are drawn, so the time for a picture is proportional to its pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from fields import fractal_field, sample_field
from land import paint_land
from scene import Numbers, Scene, choose_scene, lay
from sky import paint_sky
from torch import Tensor

NUMBERS = 82


def paint_water(picture: Tensor, scene: Scene, numbers: Numbers, line: Tensor, has: Tensor) -> Tensor:
    """Mirror the picture below a line, tinted, in ripples that widen, with glints under the sun."""
    depth = (scene.y - line).clamp_min(0)
    scale = 1.15 + 1.2 * depth
    ripple = sample_field(
        fractal_field(15, 8, 4, 0.6), (scene.x * 0.12 / scale)[:, 0].expand(-1, scene.size, -1),
        (torch.log(depth + 0.03) * 0.75).expand(-1, -1, -1, scene.size)[:, 0],
    )[:, None]  # fmt: skip
    strength = numbers.between(0.1, 1.0)
    shimmer = (scene.grain.roll(1, 3) + scene.grain + scene.grain.roll(-1, 3)) / 3
    x = scene.x + ripple * strength * 0.012 * (0.3 + depth * 6)
    y = line - depth * 1.1 + ripple * strength * 0.02 * (0.15 + depth * 5)
    grid = torch.stack([x[:, 0] * 2 - 1, y[:, 0].clamp_min(0) * 2 - 1], dim=-1)
    mirrored = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
    tint = lay(scene.near, scene.middle, torch.tensor(0.45))
    water = lay(mirrored, tint, 0.22 + 0.25 * depth) + (ripple * 0.03 + shimmer * 0.06) * strength
    path = torch.exp(-(((scene.x - scene.sun_x) / (0.03 + depth * 0.25)) ** 2)) * ((ripple + shimmer - 0.3) * 2).clamp(
        0, 1
    )
    water = lay(water, scene.sun, path * 0.55 * numbers.switch(0.7))
    shore = torch.exp(-depth * scene.size / 1.5) * 0.35
    return lay(picture, lay(water, scene.bottom, shore), scene.cover(scene.y - line) * has)


class Landscapes:
    """The painter of the models `landscape` and `landscape128`."""

    numbers = NUMBERS
    noise = True
    named: ClassVar[dict[str, int]] = {"sun_x": 8, "water": 10}  # the places of numbers that change one thing

    def paint(self, z: Tensor, size: int, noise: Sequence[Tensor]) -> Tensor:
        """Paint pictures [rows, 3, size, size] in [-1, 1] from z [rows, 82] and noise of 4, 8, ... `size` pixels."""
        numbers = Numbers(z)
        scene = choose_scene(numbers, size, noise)
        has, line = numbers.switch(0.45), numbers.between(0.68, 0.8)
        foot = line * has + numbers.between(0.84, 0.93) * (1 - has)
        picture = paint_land(paint_sky(scene, numbers), scene, numbers, foot)
        picture = paint_water(picture, scene, numbers, line, has)
        glow = torch.exp(-((torch.hypot(scene.x - scene.sun_x, scene.y - scene.sun_y) / 0.3) ** 2)) * 0.12
        return lay(picture, scene.sun, glow * scene.day).clamp(-1, 1)
