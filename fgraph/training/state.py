"""The state of a training: everything that it has learned and needs to continue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn.stylegan2 import lay_out
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.training.projected import ProjectedTable, Tensors

# the table of a discriminator; None: training from pairs alone has none
AnyDiscriminator = DiscriminatorTable | ProjectedTable | None
MEASURED = ("w_mean", "style_mean", "style_std")  # tensors of a generator that are measured, not trained
FROZEN = ("mapping.", ".affine.")


@dataclass
class Moments:
    """The state of Adam for one network: a first and a second moment for each tensor that it has updated."""

    first: Tensors = field(default_factory=dict)
    second: Tensors = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)


@dataclass
class TrainingState:
    """The networks, their optimisers and the counters of a training."""

    table: StyleGAN2Table
    discriminator_table: AnyDiscriminator
    generator: Tensors
    averaged: Tensors  # the moving average of the generator, which is the result
    discriminator: Tensors
    generator_moments: Moments = field(default_factory=Moments)
    discriminator_moments: Moments = field(default_factory=Moments)
    steps: int = 0
    images: int = 0  # real images seen by the discriminator in this training
    earlier: int = 0  # images seen in the trainings that this one started from
    strength: float = 0.0  # strength of the augmentation
    # the signs of the scores of real images since the last adaptation: their sum and their number
    signs: tuple[float, int] = (0.0, 0)
    history: list[dict[str, float]] = field(default_factory=list)
    pending: dict[str, list[float]] = field(default_factory=dict)  # values of the next record: sum and count of each
    origin: dict[str, Any] = field(default_factory=dict)  # the settings, and what it began with

    def trained_generator(self) -> StyleGAN2Generator:
        """Return the averaged generator, ready to use, with its statistics measured."""
        tensors = {name: value.detach().clone() for name, value in self.averaged.items()}
        facts = {"noise": "stored", "images_seen": str(self.images + self.earlier)}
        return StyleGAN2Generator.from_tensors(self.table, tensors, name="training", metadata=facts)


def is_trained(name: str, frozen: bool, noise: bool = True) -> bool:
    """Return whether a generator's tensor is trained: mapping and affines unless `frozen`, strengths with `noise`."""
    if name in MEASURED or name.endswith(".noise") or (name.endswith(".noise_strength") and not noise):
        return False
    return not (frozen and any(part in name for part in FROZEN))


def lay_out_generator(table: StyleGAN2Table, tensors: Mapping[str, Tensor]) -> Tensors:
    """Copy a generator's tensors into the memory layout that its convolutions read."""
    copies = {name: value.detach().to(torch.float32).clone() for name, value in tensors.items()}
    for layer in table.layers[1:]:
        copies[f"{layer.name}.weight"] = lay_out(copies[f"{layer.name}.weight"], layer.up)
    return copies


def lay_out_discriminator(tensors: Mapping[str, Tensor]) -> Tensors:
    """Copy a discriminator's tensors into the memory layout that its convolutions read."""
    return {
        name: value.detach()
        .to(torch.float32)
        .clone(memory_format=torch.channels_last if value.ndim == 4 else torch.contiguous_format)
        for name, value in tensors.items()
    }
