"""The land of landscapes: ridges in haze, slopes in light and shade, snow, woods, ground."""

from __future__ import annotations

import torch
from fields import forest_line, fractal_field, ridged_line, sample_field, sample_line, smooth_line, sum_waves
from scene import Numbers, Scene, lay
from torch import Tensor
from trees import Ground, plant

RIDGES = 5
WAVES = (0.55, 1.0, 1.7)  # cycles of the waves of a ridge, over the width of a picture
WOODS = (0.6, 1.4)  # and of the places of woods
SNOW = torch.tensor((0.90, 0.93, 0.98))


def draw_edges(scene: Scene, numbers: Numbers, foot: Tensor) -> list[tuple[float, Tensor, Tensor]]:
    """Return the nearness (0 to 1), upper edge and smoothed edge of each ridge, [rows, 1, 1, size]."""
    peaked, edges = numbers.between(0.0, 1.7).clamp_max(1), []
    for number in range(RIDGES):
        near = number / (RIDGES - 1)
        base = scene.horizon - 0.015 + (foot - scene.horizon) * near**1.3
        height = (0.40 * (1 - near) ** 1.5 + 0.05) * numbers.between(0.4, 1.1)
        cycles = WAVES if number < 2 else WAVES[:2]
        wave = sum_waves(scene.x, cycles, numbers.take(2 * len(cycles)))
        peaks = 0.24 * torch.exp(0.6 * wave.clamp(-2.5, 2.5)) - 0.29  # narrow above, wide below
        crags = sample_line(ridged_line(11 + number, 24, 5, 0.5), scene.x * 0.24) - 0.5
        soft = 0.20 * wave
        share = (peaked * (1.15 - near)).clamp(0, 1) if number < RIDGES - 1 else peaked * 0
        smooth = peaks * share + soft * (1 - share)
        edges.append((near, base - height * (smooth + 0.30 * crags * share), base - height * smooth))
    return edges


def paint_ridge(
    picture: Tensor, scene: Scene, near: float, edges: tuple[Tensor, Tensor, Tensor], style: tuple[Tensor, ...]
) -> Tensor:
    """Paint one ridge: haze of its distance, mist at its foot, slopes lit by the sun, snow above a line."""
    snow_line, mist, snowy = style
    edge, bare, smooth = edges
    below = scene.y - edge  # depth under the edge, [rows, 1, size, size]
    covered = scene.cover(below)
    colour = lay(
        lay(scene.far, scene.bottom, 0.45 * (1 - near) ** 2 * torch.ones(1)), scene.near, near**0.9 * torch.ones(1)
    )
    slope = light_of(scene, (scene.y - bare).clamp_min(0), smooth, near)
    shaded = colour * (1 - 0.10 * (1 - slope)) + (slope - 0.5) * 0.26 * (1 - 0.45 * near)
    ragged = sample_line(smooth_line(7, 48), scene.x * 0.7 + near * 0.37) * 0.022
    snow = scene.cover((snow_line + ragged - scene.y) * 0.35 + (slope - 0.5) * 0.008) * snowy * (near < 0.6)
    white = lay(SNOW.view(1, 3, 1, 1) * (0.55 + 0.45 * scene.day), scene.bottom, 0.30 + 0.1 * (1 - slope))
    shaded = lay(shaded, white - (1 - slope) * 0.30, snow * 0.92)
    shaded = shaded + scene.grain * 0.05 * near
    foot = (below / (0.08 + 0.22 * (1 - near))).clamp(0, 1) * mist * (1 - near) ** 0.7
    return lay(picture, lay(shaded, scene.bottom, foot), covered)


def light_of(scene: Scene, below: Tensor, smooth: Tensor, near: float) -> Tensor:
    """Return the sunlight on a slope, 0 to 1, by the inclination of the edge above, along a ragged way down."""
    wander = sample_line(smooth_line(23, 64), below.clamp(0, 1) * 0.9 + near) * below.clamp(0, 0.25) * 0.6
    step = 2
    rise = (torch.roll(smooth, -step, 3) - torch.roll(smooth, step, 3)) * (scene.size / (2 * step))
    index = ((scene.x + wander) * scene.size).long().clamp(step, scene.size - 1 - step)
    inclined = rise.expand(-1, -1, index.shape[2], -1).gather(3, index.expand(rise.shape[0], -1, -1, -1))
    facing = torch.sigmoid((scene.x - scene.sun_x) * 9) * 2 - 1
    return torch.sigmoid(-inclined * facing * 9 * (1 - 0.5 * near))


def paint_land(picture: Tensor, scene: Scene, numbers: Numbers, foot: Tensor) -> Tensor:
    """Paint all ridges, the farthest first, with trees on the nearer ones."""
    edges = draw_edges(scene, numbers, foot)
    snow_line = scene.horizon - numbers.between(-0.02, 0.11)
    style = (snow_line, numbers.between(0.25, 0.85), numbers.switch(0.5))
    texture = sample_ground(scene)
    for number, (near, edge, smooth) in enumerate(edges):
        wooded = plant_forest(scene, numbers, edge, number) if number >= 2 else edge
        picture = paint_ridge(picture, scene, near, (wooded, edge, smooth), style)
        if number == RIDGES - 1:
            picture = picture + texture * scene.cover(scene.y - edge)
    ground = Ground(edges[-1][1], scene.near, scene.bottom, style[2] * (1 - numbers.switch(0.5)))
    return plant(picture, scene, numbers, ground)


def plant_forest(scene: Scene, numbers: Numbers, edge: Tensor, number: int) -> Tensor:
    """Return the edge with a row of small conifers where there is wood."""
    near = number / (RIDGES - 1)
    wood = sum_waves(scene.x, WOODS, numbers.take(2 * len(WOODS))) * 0.45 + numbers.between(-0.9, 0.7)
    height = (0.014 + 0.04 * near) * torch.sigmoid(wood * 9)
    trees = sample_line(forest_line(71, 170), scene.x * (0.45 - 0.2 * near) + 0.3 * number)
    return edge - trees * height


def sample_ground(scene: Scene) -> Tensor:
    """Return the grain of the nearest ground, [rows, 1, size, size]."""
    x = (scene.x * 0.6).expand(-1, -1, scene.size, -1)
    y = (scene.y * 2.6).expand_as(x)
    return sample_field(fractal_field(9, 16, 4, 0.8), x[:, 0], y[:, 0])[:, None] * 0.035 + scene.grain * 0.045
