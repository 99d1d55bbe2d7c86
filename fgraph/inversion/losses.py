"""Losses between images, one number for each row; rows don't affect each other.

| loss | definition |
| --- | --- |
| `mse` | the mean squared error |
| `log_mse` | ln(1 + MSE / 1e-7), which falls as PSNR rises, by the same amount for each decibel up to about 70 dB |
| `pyramid` | the mean absolute difference, summed over the levels of a Laplacian pyramid (Bojanowski et al. 2018) |
| `lpips` | Zhang et al. 2018, VGG, spatial mean, by the `lpips` package |
| `discriminator` | the squared difference of its features relative to those of the target, the mean over its blocks |

Larger images are compared at 256 pixels, by area averaging, as in the projectors of SOAT and NVlabs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.inversion.settings import InversionSettings
from fgraph.stylegan.nn.discriminator import Discriminator

LARGEST = 256  # pixels; larger images are reduced
_LEAST_LEVEL = 8  # pixels of the smallest level
_TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_EPSILON = 1e-8
_INVISIBLE = 1e-7  # a mean squared error of images in [-1, 1], 76 dB

Compare = Callable[[Tensor, Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class Loss:
    """A loss in two parts: `prepare` runs once on the targets; `compare` returns [rows] for images."""

    compare: Compare
    prepare: Callable[[Tensor], Sequence[Tensor]] = lambda targets: [at_most(targets)]


Prepared = Mapping[str, Sequence[Tensor]]  # loss -> tensors with a row for each target


class WeightedLosses:
    """The losses of settings, with their weights."""

    def __init__(
        self, settings: InversionSettings, discriminator: Discriminator | None = None, lpips: Compare | None = None
    ) -> None:
        self._clamp = settings.clamp
        known: dict[str, tuple[float, Loss | None]] = {
            "mse": (settings.mse, Loss(lambda images, wanted: mean_squared(images, wanted[0]))),
            "log_mse": (settings.log_mse, Loss(lambda images, wanted: log_mean_squared(images, wanted[0]))),
            "pyramid": (settings.pyramid, Loss(lambda images, wanted: pyramid_loss(images, wanted[0]))),
            "lpips": (settings.lpips, None if lpips is None else Loss(lpips)),
            "discriminator": (settings.discriminator, None if discriminator is None else feature_loss(discriminator)),
        }
        self._losses: dict[str, tuple[float, Loss]] = {}
        for name, (weight, loss) in known.items():
            if weight:
                assert loss is not None, f"{name} has a weight and is not there"
                self._losses[name] = (weight, loss)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the losses with a weight."""
        return tuple(self._losses)

    def prepare(self, targets: Tensor) -> Prepared:
        """Compute what the losses need of targets [rows, C, H, W] in [-1, 1]."""
        with torch.no_grad():
            return {name: loss.prepare(targets) for name, (_, loss) in self._losses.items()}

    def parts(self, images: Tensor, prepared: Prepared) -> dict[str, Tensor]:
        """Return name -> weighted loss [rows] of images [rows, C, H, W]."""
        if self._clamp:
            images = images.clamp(-1, 1)
        return {name: weight * loss.compare(images, prepared[name]) for name, (weight, loss) in self._losses.items()}


def mean_squared(images: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of each row, [rows]."""
    return (at_most(images) - at_most(targets)).square().mean(dim=(1, 2, 3))


def log_mean_squared(images: Tensor, targets: Tensor) -> Tensor:
    """Return ln(1 + MSE / 1e-7) of each row, [rows]: its slope does not vanish close to the target."""
    return (mean_squared(images, targets) / _INVISIBLE).log1p()


def pyramid_loss(images: Tensor, targets: Tensor) -> Tensor:
    """Return the sum over levels of the mean absolute difference of Laplacian pyramids, [rows]."""
    rest = at_most(images) - at_most(targets)  # pyramids are linear, so one of the difference suffices
    total = rest.new_zeros(len(rest))
    while min(rest.shape[2:]) >= 2 * _LEAST_LEVEL:
        blurred = _blur(rest)
        total = total + (rest - blurred).abs().mean(dim=(1, 2, 3))
        rest = blurred[:, :, ::2, ::2]
    return total + rest.abs().mean(dim=(1, 2, 3))


def feature_loss(discriminator: Discriminator) -> Loss:
    """Return the loss between the features of a discriminator."""

    def compare(images: Tensor, wanted: Sequence[Tensor]) -> Tensor:
        found = discriminator.features(images)
        return torch.stack([_relative(one, other) for one, other in zip(found, wanted, strict=True)]).mean(dim=0)

    return Loss(compare, discriminator.features)


def at_most(images: Tensor, size: int = LARGEST) -> Tensor:
    """Reduce images to at most `size` pixels along the longer side, by area averaging."""
    longest = max(images.shape[2:])
    if longest <= size:
        return images
    height, width = (max(1, round(side * size / longest)) for side in images.shape[2:])
    return F.interpolate(images, size=(height, width), mode="area")


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    difference = (found - wanted).square().mean(dim=(1, 2, 3))
    return difference / (wanted.square().mean(dim=(1, 2, 3)) + _EPSILON)


def _blur(x: Tensor) -> Tensor:
    """Filter by [1, 4, 6, 4, 1] / 16 on both axes, mirrored at the edges; sums are faster than a convolution."""
    for dim in (2, 3):
        pad = (0, 0, 2, 2) if dim == 2 else (2, 2, 0, 0)
        length, wide = x.shape[dim], F.pad(x, pad, mode="reflect")
        x = torch.stack([weight * wide.narrow(dim, at, length) for at, weight in enumerate(_TAPS)]).sum(dim=0)
    return x
