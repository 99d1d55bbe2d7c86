"""The state of the training of an encoder, and its initial state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fgraph.stylegan.checkpoints.encoder_file import residual_encoder_table
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.nn.encoder import Encoder
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.encoder import EncoderTable
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.projected import Tensors
from fgraph.training.settings import TrainingError
from fgraph.training.state import Moments, lay_out_discriminator

_WIDTHS = {4: 64, 8: 64, 16: 48, 32: 32}  # channels by resolution; 16 from 64 pixels on
_LEAST, _DEFAULT_SIZE = 8, 64  # pixels of the input
_LAST = "final_linear.1.weight"


@dataclass
class EncoderState:
    """The networks, the optimiser and the counters of the training of an encoder."""

    table: EncoderTable
    tensors: Tensors
    averaged: Tensors  # the moving average, which is the result
    mean: Tensor  # mean of w of the generator, [w_dim]
    moments: Moments = field(default_factory=Moments)
    steps: int = 0
    images: int = 0
    earlier: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    pending: dict[str, list[float]] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> DiscriminatorTable:
        """The table of the network."""
        assert isinstance(self.table.network, DiscriminatorTable)
        return self.table.network

    def encoder(self) -> Encoder:
        """Return the averaged encoder."""
        return Encoder(self.table, {name: one.detach() for name, one in self.averaged.items()}, self.mean)


def begin_encoder(settings: EncoderSettings, generator: Generator) -> EncoderState:
    """Return the state before the first step.

    The last layer is 0, so that the first result is the mean of w.

    Raises:
        TrainingError: the channels do not fit the size, or the generator is conditional.
    """
    table = _table_for(settings, generator)
    assert isinstance(table.network, DiscriminatorTable)
    tensors = initial_tensors(table.network, settings.seed)
    tensors[_LAST] = torch.zeros_like(tensors[_LAST])
    mean = generator.w_mean.detach().to("cpu", torch.float32).clone()
    origin = {"model": str(settings.model), "model_sha256": generator.digest, "settings": settings.decisive()}
    return EncoderState(table, lay_out_discriminator(tensors), lay_out_discriminator(tensors), mean, origin=origin)


def _table_for(settings: EncoderSettings, generator: Generator) -> EncoderTable:
    made = generator.table
    if made.c_dim:
        raise TrainingError(
            f"{settings.model}: is conditional, and an encoder does not know the class of a picture; use an "
            "unconditional generator"
        )
    size = settings.size or max(_LEAST, min(_DEFAULT_SIZE, 1 << (max(made.size) - 1).bit_length()))
    sides = [4 << i for i in range(size.bit_length() - 2)]
    channels: Mapping[int, int] = settings.channels or {side: _WIDTHS.get(side, 16) for side in sides}
    if sorted(channels) != sides:
        raise TrainingError(f"encoder.channels has {dict(channels)}; expected a width for each of {sides}")
    counts = (made.image_channels, made.num_ws, made.w_dim, settings.iterations)
    return residual_encoder_table(tuple(sorted(channels.items())), *counts)
