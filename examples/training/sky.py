"""The sky of landscapes: a gradient, stars, a sun or moon, clouds."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from fields import fractal_field, sample_field
from scene import Numbers, Scene, lay
from torch import Tensor

CLOUDS = 4  # fields that clouds are mixtures of
STARS = 90


def paint_sky(scene: Scene, numbers: Numbers) -> Tensor:
    """Paint a gradient of three colours, stars, a sun or moon with its glow, and clouds."""
    fade = (scene.y / scene.horizon).clamp(0, 1) ** numbers.between(0.7, 1.4)
    upper, lower = (fade * 2).clamp(0, 1), (fade * 2 - 1).clamp(0, 1)
    sky = lay(lay(scene.top, scene.middle, upper), scene.bottom, lower)
    sky = sky.expand(-1, -1, -1, scene.size)
    sky = sky + paint_stars(scene) * (1 - scene.day) * (1 - fade * 0.8)
    sky = paint_sun(sky, scene, numbers)
    return paint_clouds(sky, scene, numbers)


def paint_stars(scene: Scene) -> Tensor:
    """Return points of light where the noise is greatest, about 90 from 16 pixels on, [rows, 1, size, size]."""
    share = min(0.5, STARS / scene.size**2)
    edge = math.sqrt(2) * float(torch.erfinv(torch.tensor(1 - 2 * share)))
    return ((scene.noise - edge) * 2.5 + 0.1).clamp(0, 1.3) * (scene.noise > edge)


def paint_sun(sky: Tensor, scene: Scene, numbers: Numbers) -> Tensor:
    """Paint a disk, which at night is sometimes a crescent, in a narrow and a wide glow."""
    radius, crescent = numbers.between(-0.025, 0.1).clamp_min(1e-3), numbers.switch(0.4) * (1 - scene.day)
    on = (radius / 0.025).clamp_max(1)
    distance = torch.hypot(scene.x - scene.sun_x, scene.y - scene.sun_y)
    wide = torch.exp(-((distance / 0.42) ** 2)) * 0.35 * (0.4 + 0.6 * scene.day)
    sky = lay(sky, lay(scene.bottom, scene.sun, torch.tensor(0.5)), wide)
    sky = lay(sky, scene.sun, torch.exp(-((distance / (radius * 2.6)) ** 2)) * 0.5 * on)
    shadow = torch.hypot(scene.x - scene.sun_x - radius * 0.55, scene.y - scene.sun_y + radius * 0.25)
    disk = scene.cover(radius - distance) * (1 - scene.cover(radius * 0.95 - shadow) * crescent)
    return lay(sky, scene.sun.clamp_min(0.55), disk * on)


def paint_clouds(sky: Tensor, scene: Scene, numbers: Numbers) -> Tensor:
    """Paint clouds of fractal noise, flatter towards the horizon, lit from the side of the sun."""
    fields = torch.stack([fractal_field(seed, 4, 6, 0.55) for seed in range(3, 3 + CLOUDS)])
    field = torch.einsum("nf,fyx->nyx", F.normalize(numbers.take(CLOUDS), dim=1), fields)
    wide = 0.36
    low, most = numbers.between(0.1, 1.2), numbers.between(0.35, 0.9)
    height = (1 - scene.y / scene.horizon).clamp(0, 1)
    down = 0.5 / (height + 0.35)  # as of a plane overhead
    x = (scene.x - 0.5) * wide * (0.55 + down * 0.5)
    y = (down * 0.55 * wide * 1.9).expand_as(x)
    x, y = x[:, 0], y[:, 0]
    thick = sample_field(field, x, y)[:, None]
    toward = torch.tanh((scene.sun_x - scene.x) * 3)[:, 0] * 0.02
    beyond = sample_field(field, x + toward, y - 0.012)[:, None]
    cloud = ((thick - low) * 1.5).clamp(0, 1) * (height * 5).clamp(0, 1) * most
    light = ((thick - beyond) * 0.9 + 0.55).clamp(0, 1)
    bright = lay(scene.bottom, torch.ones(1, 1, 1, 1), 0.75 * scene.day)
    dark = lay(scene.middle, scene.bottom, torch.tensor(0.35)) - 0.10 * scene.day
    return lay(sky, lay(dark, bright, light), cloud)
