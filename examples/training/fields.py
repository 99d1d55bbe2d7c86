"""Curves and fields that a painter mixes: waves, and fixed random lines and fields.

A mixture is linear in its weights, which are numbers of the picture. A place in a long random curve is not: the curve
passes many peaks while the place moves from end to end, and a generator learns such a function many times more slowly.
The fixed lines and fields wrap round. They are drawn once, from fixed seeds.
"""

from __future__ import annotations

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

LINE, FIELD = 2048, 256  # samples round a curve, and along each side of a field


def sample_line(table: Tensor, at: Tensor) -> Tensor:
    """Sample a curve [LINE] at places of any shape, linearly; 1 is once round."""
    place = (at - at.floor()) * LINE
    index = place.long().clamp(0, LINE - 1)
    share = place - index
    return table[index] * (1 - share) + table[(index + 1) % LINE] * share


def sample_field(table: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sample a field [FIELD, FIELD], or one for each row, at places x, y of one shape [rows, H, W]; 1 is once round."""
    places = [(at - at.floor()) * FIELD for at in (x, y)]
    padded = F.pad(table.view(-1, 1, FIELD, FIELD), (0, 1, 0, 1), mode="circular")
    grid = torch.stack([place * (2 / FIELD) - 1 for place in places], dim=-1)
    rows = x.shape[0]
    return F.grid_sample(padded.expand(rows, -1, -1, -1), grid, mode="bilinear", align_corners=True)[:, 0]


def sum_waves(x: Tensor, cycles: tuple[float, ...], amplitudes: Tensor) -> Tensor:
    """Return a sum of waves of so many cycles from x = 0 to 1, of mean 0 and variance 1, [rows, 1, 1, size].

    Args:
        x: the places, [1, 1, 1, size].
        cycles: the frequencies.
        amplitudes: normally distributed weights of the cosine and the sine of each, [rows, 2 * waves].
    """
    angles = 2 * math.pi * torch.tensor(cycles)[:, None] * x.view(1, -1)
    waves = torch.cat([torch.cos(angles), torch.sin(angles)])  # [2 * waves, size]
    return (amplitudes @ waves / math.sqrt(len(cycles)))[:, None, None]


@cache
def smooth_line(seed: int, cells: int) -> Tensor:
    """Return a smooth curve around 0, of this many cells round and within about 1."""
    draw = torch.Generator().manual_seed(seed)
    points = torch.rand(cells, generator=draw) * 2 - 1
    at = torch.arange(LINE) / LINE * cells
    cell = at.long()
    share = at - cell
    share = share * share * (3 - 2 * share)
    return points[cell] * (1 - share) + points[(cell + 1) % cells] * share


@cache
def fractal_line(seed: int, cells: int, octaves: int, roughness: float) -> Tensor:
    """Return a curve of octaves around 0, each with twice the cells and `roughness` times the height of the last."""
    lines = [smooth_line(seed + 31 * i, cells << i) * roughness**i for i in range(octaves)]
    return torch.stack(lines).sum(dim=0)


@cache
def ridged_line(seed: int, cells: int, octaves: int, roughness: float) -> Tensor:
    """Return a curve of sharp peaks, 0 to about 1."""
    lines = [(1 - smooth_line(seed + 17 * i, cells << i).abs() * 1.5) * roughness**i for i in range(octaves)]
    total = sum(roughness**i for i in range(octaves))
    return torch.stack(lines).sum(dim=0) / total


@cache
def forest_line(seed: int, trees: int) -> Tensor:
    """Return the outline of a row of small conifers, 0 to 1 high."""
    draw = torch.Generator().manual_seed(seed)
    at = torch.arange(LINE) / LINE
    outline = torch.zeros(LINE)
    for _ in range(trees):
        middle, height, slope = torch.rand(3, generator=draw).tolist()
        distance = ((at - middle + 0.5) % 1 - 0.5).abs()
        tree = (0.45 + 0.55 * height) * (1 - distance * trees * (0.7 + 0.5 * slope)).clamp_min(0)
        outline = torch.maximum(outline, tree)
    return outline


@cache
def fractal_field(seed: int, cells: int, octaves: int, roughness: float) -> Tensor:
    """Return a field of several octaves, of mean 0 and variance 1."""
    draw = torch.Generator().manual_seed(seed)
    field = torch.zeros(FIELD, FIELD)
    for i in range(octaves):
        side = cells << i
        points = F.pad(torch.randn(1, 1, side, side, generator=draw), (2, 2, 2, 2), mode="circular")
        step = FIELD // side
        enlarged = F.interpolate(points, scale_factor=step, mode="bicubic", align_corners=False)
        field += enlarged[0, 0, 2 * step : 2 * step + FIELD, 2 * step : 2 * step + FIELD] * roughness**i
    return (field - field.mean()) / field.std()
