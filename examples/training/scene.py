"""The numbers of a batch of pictures, and the facts of its scenes that all parts share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from palettes import AXES, mix_palettes
from torch import Tensor


class Numbers:
    """The numbers of a batch, taken one after another."""

    def __init__(self, z: Tensor) -> None:
        self._z, self._next = z, 0

    def take(self, count: int) -> Tensor:
        """Return the next numbers as they are, [rows, count]."""
        self._next += count
        assert self._next <= self._z.shape[1]
        return self._z[:, self._next - count : self._next]

    def between(self, low: float, high: float) -> Tensor:
        """Return the next number, mapped to be uniform in a range: [rows, 1, 1, 1]."""
        share = 0.5 * (1 + torch.erf(self.take(1) / math.sqrt(2)))
        return (low + (high - low) * share)[:, :, None, None]

    def switch(self, share: float) -> Tensor:
        """Return a switch that is near 1 in a share of the rows and near 0 in others: [rows, 1, 1, 1]."""
        edge = math.sqrt(2) * float(torch.erfinv(torch.tensor(1 - 2 * share)))
        return torch.sigmoid((self.take(1) - edge) * 12)[:, :, None, None]


@dataclass(frozen=True)
class Scene:
    """Facts that the parts of a batch of pictures share. Places are fractions of the side, from the top left."""

    size: int
    x: Tensor  # [1, 1, 1, size]
    y: Tensor  # [1, 1, size, 1]
    top: Tensor  # colours, [rows, 3, 1, 1]
    middle: Tensor
    bottom: Tensor
    far: Tensor
    near: Tensor
    sun: Tensor
    horizon: Tensor  # [rows, 1, 1, 1]
    sun_x: Tensor
    sun_y: Tensor
    day: Tensor  # near 0 at night, near 1 by day
    noise: Tensor  # [rows, 1, size, size], normally distributed
    grain: Tensor  # the same, with spots of two pixels, too

    def cover(self, inside: Tensor) -> Tensor:
        """Return the covered share of a pixel, given the signed depth inside an edge."""
        return (inside * self.size + 0.5).clamp(0, 1)


def lay(picture: Tensor, colour: Tensor, alpha: Tensor) -> Tensor:
    """Return a picture with a colour over it."""
    return picture + (colour - picture) * alpha


def choose_scene(numbers: Numbers, size: int, noise: Sequence[Tensor]) -> Scene:
    """Choose the colours, and where horizon and sun are. `noise` has maps of 4, 8, ... `size` pixels."""
    coarse = F.interpolate(noise[-2], scale_factor=2, mode="bilinear", align_corners=False)
    colours = mix_palettes(numbers.take(AXES))
    shade = numbers.take(3)[:, None] * torch.tensor(0.035)
    colours = (colours + shade).clamp(-1, 1)
    top, middle, bottom, far, near, sun = (colour[:, :, None, None] for colour in colours.unbind(1))
    at = (torch.arange(size) + 0.5) / size
    horizon = numbers.between(0.50, 0.62)
    return Scene(
        size, at[None, None, None, :], at[None, None, :, None], top, middle, bottom, far, near, sun, horizon,
        numbers.between(0.22, 0.78), horizon * numbers.between(0.22, 0.8),
        torch.sigmoid((top.mean(dim=1, keepdim=True) + 0.42) * 14), noise[-1], 0.7 * noise[-1] + coarse,
    )  # fmt: skip
