"""Differentiable augmentation: real and generated images are changed alike before the discriminator sees them.

The changes are those of Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (colour, shift,
cutout). With `ada`, each change applies to a share of the rows only. The share rises while the discriminator overfits,
so that the mean sign of its scores of real images stays at a target (Karras et al. 2020, "Training Generative
Adversarial Networks with Limited Data", section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 1 / 8  # largest shift each way, as a share of the size
CUT = 1 / 2  # side of the square that is made grey, as a share of the size
ADAPT_IMAGES = 500_000  # the fewest images over which the share of rows rises from 0 to 1


def augment(images: Tensor, kinds: Sequence[str], strength: float, draw: torch.Generator) -> Tensor:
    """Return changed images [rows, 3, H, W]; each kind of change applies to a share `strength` of the rows."""
    for kind in kinds if strength > 0 else ():
        changed = _KINDS[kind](images, draw)
        if strength < 1:
            chosen = (torch.rand(images.shape[0], 1, 1, 1, generator=draw) < strength).to(images.device)
            changed = torch.where(chosen, changed, images)
        images = changed
    return images


def adapt(strength: float, mean_sign: float, target: float, images: int) -> float:
    """Return the share of the rows to change in the next steps.

    Args:
        strength: the present share.
        mean_sign: the mean sign of the scores of the real images since the last call.
        target: the mean sign above which the share rises.
        images: the number of these images.
    """
    step = images / ADAPT_IMAGES
    return min(1.0, max(0.0, strength + (step if mean_sign > target else -step)))


def _uniform(images: Tensor, draw: torch.Generator) -> Tensor:
    """Draw a number in [0, 1) for each row, [rows, 1, 1, 1]."""
    return torch.rand(images.shape[0], 1, 1, 1, generator=draw).to(images)


def _colour(images: Tensor, draw: torch.Generator) -> Tensor:
    """Add up to ±0.5 to the brightness; multiply the saturation by 0 to 2, and the contrast by 0.5 to 1.5."""
    images = images + (_uniform(images, draw) - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (_uniform(images, draw) * 2)
    middle = images.mean(dim=(1, 2, 3), keepdim=True)
    return middle + (images - middle) * (_uniform(images, draw) + 0.5)


def _shift(images: Tensor, draw: torch.Generator) -> Tensor:
    """Shift by up to an eighth of the size, and fill with zeros (grey)."""
    rows, _, height, width = images.shape
    most = max(1, round(height * SHIFT))
    offsets = torch.randint(0, 2 * most + 1, (2, rows), generator=draw).to(images.device)
    padded = F.pad(images, (most, most, most, most))
    lines = (torch.arange(height, device=images.device) + offsets[0][:, None])[:, None, :, None]  # [rows, 1, H, 1]
    columns = (torch.arange(width, device=images.device) + offsets[1][:, None])[:, None, None, :]
    padded = padded.gather(2, lines.expand(-1, images.shape[1], -1, padded.shape[3]))
    return padded.gather(3, columns.expand(-1, images.shape[1], height, -1))


def _cutout(images: Tensor, draw: torch.Generator) -> Tensor:
    """Make a square of half the size grey, at a random place that may be partly outside."""
    rows, _, height, width = images.shape
    side = round(height * CUT)
    middle = torch.randint(0, height + 1, (2, rows), generator=draw).to(images.device)
    y = torch.arange(height, device=images.device)[None, :, None] - middle[0][:, None, None]
    x = torch.arange(width, device=images.device)[None, None, :] - middle[1][:, None, None]
    inside = (y.abs() < side / 2) & (x.abs() < side / 2)
    return images * (~inside)[:, None]


_KINDS: Mapping[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "colour": _colour,
    "shift": _shift,
    "cutout": _cutout,
}
