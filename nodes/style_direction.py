"""Kinds of `direction` in StyleSpace: single channels, and the change between two texts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from fgraph._arrays import Array
from fgraph._ports import LayerName
from fgraph.array_files.latents import find_file, read_latent
from fgraph.array_files.pickled import read_style_moments
from fgraph.ir.ops import Given, InDeviations
from fgraph.ir.ops import TextDirection as TextDirectionOp
from fgraph.ir.program import Operand
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.node import FILE, Data, PerRow
from fgraph.stylegan.measured.channel_effects import effect_layers
from fgraph.stylegan.tables.base import Table
from nodes._moving import Direction, FoundDirections, Unit

_MOST_CHANNELS = 10_000


def _as_channels(value: Any) -> Any:
    """Complete [layer, channel] by a weight of 1, and read a single channel as a list of one."""
    if not isinstance(value, list | tuple):
        return value
    items = value if not value or isinstance(value[0], list | tuple) else [value]
    return tuple((*item, 1.0) if isinstance(item, list | tuple) and len(item) == 2 else item for item in items)


Channel = tuple[LayerName, Annotated[int, Field(ge=0, le=100_000)], float]  # layer, channel, weight
Channels = Annotated[tuple[Channel, ...], BeforeValidator(_as_channels), Field(min_length=1, max_length=_MOST_CHANNELS)]


def channel_row(channels: Sequence[tuple[str | int, int, float]], table: Table) -> Array:
    """Return weights of channels as a row of S, [1, styles].

    Raises:
        ValueError: a layer or a channel does not exist.
    """
    styles = np.zeros((1, table.style_length), np.float32)
    for name, channel, weight in channels:
        indices = table.find(name)
        if len(indices) != 1:
            names = ", ".join(table.at(index).name for index in indices)
            raise ValueError(f"a channel belongs to one layer, and {name} has several: name one of {names}")
        layer = table.at(indices[0])
        if channel >= layer.in_channels:
            raise ValueError(f"{layer.name} has no channel {channel}: its style has {layer.in_channels}, from 0")
        styles[0, layer.style_start + channel] += weight
    return Array(styles)


def emit_channels(build: Build, model: str, rows: Sequence[Array], unit: Unit) -> Operand:
    """Emit rows of S, each [1, styles], in units of the deviation of each style, or as they are."""
    op = Given(model, "s", (build.table(model).style_length,))
    code = build.emit(op, params=[(row, 0) for row in rows])
    return build.emit(InDeviations(model), [code]) if unit == "deviation" else code


class ChannelDirection(Direction):
    """A change of the styles of single channels, in StyleSpace (Wu et al. 2021).

    `channels` lists [layer, channel] or [layer, channel, weight]. The layer is a name or a σ index. As in the paper and
    its program, σ indices count ToRGB layers.
    """

    kind: Literal["channel"] = "channel"
    channels: Data[Channels] = Field(description="the channels: [layer, channel] or [layer, channel, weight] each")
    unit: Unit = Field(
        "deviation", description="the unit of strength: standard deviations of each channel, or the styles themselves"
    )

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        rows: list[Array] = []
        with blaming("channels"):
            for member in inputs.members:
                rows += [channel_row(member.node.channels, build.table(model))] * member.slot.rows
        return FoundDirections("s", emit_channels(build, model, rows, self.unit))


class TextDirection(Direction):
    """StyleCLIP's global direction from one text to another (Patashnik et al. 2021, section 6).

    The relevance of a channel is the cosine between its effect and the change of text. Channels with a relevance below
    `beta` do not move. The most relevant channel moves by `strength` of its standard deviations. CLIP embeds the texts,
    which needs the extra `clip`. With `vectors`, the vectors of the texts come from a file instead.
    """

    kind: Literal["text"] = "text"
    target: Data[str] = Field(description="the target text, such as smiling face")
    neutral: Data[str] = Field(description="a neutral text, such as face")
    file: Data[str] = Field(description="the effects of the channels, such as fs3.npy", json_schema_extra=FILE)
    beta: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(0.15, description="the least relevance of a channel")
    vectors: Data[str | None] = Field(
        None, description="a file with an array for each text, named by the text: a vector, or a vector for each "
        "template",
        json_schema_extra=FILE,
    )  # fmt: skip
    deviations: Data[str | None] = Field(
        None, description="StyleCLIP's S_mean_std; default: the deviations of the model", json_schema_extra=FILE
    )

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self.deviations is None)

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        table = build.table(model)
        params: list[tuple[Any, ...]] = []
        spreads: list[tuple[Array, int]] = []
        betas = inputs.per_row("beta")
        for member in inputs.members:
            texts = member.node.texts(table)
            params += [(*texts, beta) for beta in betas[len(params) : len(params) + member.slot.rows]]
            spreads += [(member.node.spread(table), 0)] * member.slot.rows if self.deviations is not None else []
        code = build.emit(TextDirectionOp(model, table.style_length), params=params)
        if not spreads:
            return FoundDirections("s", build.emit(InDeviations(model), [code]))
        spread = build.emit(Given(model, "s", (table.style_length,)), params=spreads)
        return FoundDirections("s", build.emit(InDeviations(model), [code, spread]))

    def texts(self, table: Table) -> tuple[Array, Array | str, Array | str]:
        """Return the effects of the channels, and both texts, as their vectors if a file has them.

        Raises:
            ValueError: a file cannot be read or does not fit the model.
        """
        with blaming("file"):
            effects = read_latent(self.file).codes
            if effects.array.ndim != 2:
                raise ValueError(f"the effects of channels have shape [channels, F], these have {list(effects.shape)}")
            effect_layers(table, len(effects))
        with blaming("vectors"):
            if self.vectors is None:
                if find_spec("open_clip") is None:
                    raise ValueError("texts are embedded by CLIP: pip install 'fgraph-gan[clip]', or give vectors")
                return effects, self.target, self.neutral
            target, neutral = (read_latent(self.vectors, name).codes for name in (self.target, self.neutral))
            width = effects.shape[1]
            for one in (target, neutral):
                if one.shape[-1:] != (width,):
                    raise ValueError(f"a text has vectors of {width} numbers in {self.file}; found {list(one.shape)}")
        return effects, Array(target.array.reshape(-1, width)), Array(neutral.array.reshape(-1, width))

    def spread(self, table: Table) -> Array:
        """Return the standard deviations in the file `deviations`, [1, styles].

        Raises:
            ValueError: the file cannot be read or does not fit the model.
        """
        with blaming("deviations"):
            deviations = read_style_moments(find_file(str(self.deviations))[0])[1]
            if deviations.shape != (table.style_length,):
                raise ValueError(f"the model has {table.style_length} styles; found {list(deviations.shape)}")
        return Array(deviations.array[None])
