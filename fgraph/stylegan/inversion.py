"""GAN inversion: the codes whose images come nearest to given ones.

All images are one batch and the loss is a SUM over rows, so a row's path does not depend on its batch (Adam scales
every entry for itself). The prior is that of SOAT, section 4.5 (S), and of Wulff & Torralba 2020 (W+, after the
inverse of the mapping's last activation, a leaky ReLU of slope 5).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from fgraph.stylegan.alias_free.generator import AliasFreeGenerator
from fgraph.stylegan.generator import Generator
from fgraph.stylegan.statistics import sample_w

Space = Literal["s", "w+"]
_INVERSE_SLOPE = 5.0  # undoes the leaky ReLU of slope 0.2 that the mapping ends in
_LEAST_DEVIATION = 1e-6  # of an entry that never varies


def invert(
    generator: Generator | AliasFreeGenerator,
    images: Tensor,
    *,
    space: Space = "s",
    steps: int = 300,
    learning_rate: float = 0.05,
    prior: float = 1e-3,
    on_step: Callable[[float], object] = lambda loss: None,
) -> Tensor:
    """Codes of images: S [rows, style_length] or W+ [rows, num_ws, w_dim].

    Args:
        generator: the generator that is to make the images.
        images: [rows, 3, size, size] in [-1, 1].
        space: where the code is sought.
        steps: how many steps of Adam.
        learning_rate: of Adam, at first; it falls to 0 along a cosine.
        prior: weight of the Gaussian prior, the mean over entries of ((v - μ) / σ)².
        on_step: called with the mean loss of a row after every step.

    Raises:
        ValueError: the images are not of the generator's size.
    """
    size = generator.table.size
    if images.shape[2:] != (size, size):
        raise ValueError(f"images are {images.shape[3]}x{images.shape[2]}, the generator makes {size}x{size}")
    with torch.inference_mode(False), torch.enable_grad():
        target = images.clone()
        likely = _Prior(generator, space, prior)
        start = likely.mean if space == "s" else generator.w_mean.expand(generator.table.num_ws, -1)
        code = start.expand(images.shape[0], *start.shape).clone().requires_grad_()
        optimiser = torch.optim.Adam([code], lr=learning_rate)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps))
            styles = code if space == "s" else generator.affine(code)
            error = (generator.synthesise(styles) - target).square().mean(dim=(1, 2, 3))  # [rows]
            loss = (error + likely.penalty(code)).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            on_step(float(loss.detach()) / images.shape[0])
        return code.detach()


class _Prior:
    """The Gaussian that codes of samples follow, each entry for itself."""

    def __init__(self, generator: Generator | AliasFreeGenerator, space: Space, weight: float) -> None:
        self._bends = space == "w+"
        self._weight = weight
        if space == "s":
            mean, deviation = generator.style_statistics()
        else:
            w = self._straighten(torch.cat(list(sample_w(generator.table, generator.tensors))))
            mean, deviation = w.mean(dim=0), w.std(dim=0)
        self.mean = mean.clone()
        self._deviation = deviation.clone().clamp_min(_LEAST_DEVIATION)

    def penalty(self, code: Tensor) -> Tensor:
        """How unlikely each row is, [rows]."""
        distance = (self._straighten(code) - self.mean) / self._deviation
        return self._weight * distance.square().flatten(1).mean(dim=1)

    def _straighten(self, code: Tensor) -> Tensor:
        return torch.nn.functional.leaky_relu(code, _INVERSE_SLOPE) if self._bends else code
