"""Growing: a block of twice the resolution for generator and discriminator.

At first, the generator's new block does not change the picture, because its ToRGB is 0. The discriminator keeps its
former fromRGB, and adds the output of the new block to it, multiplied by a learned share that starts at 0.1. Without
the former fromRGB, the discriminator would have to start again from almost nothing. Karras et al. 2018, "Progressive
Growing of GANs", fade the former fromRGB out on a schedule.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.training.initial import draw_generator
from fgraph.training.projected import Tensors
from fgraph.training.state import Moments, TrainingState, lay_out_discriminator, lay_out_generator


def grow(state: TrainingState, channels: int | None, seed: int) -> TrainingState:
    """Return the state with one more block, of `channels` channels (default: half of the last block's, at least 16)."""
    width = channels or max(16, state.table.channels[-1][1] // 2)
    pairs = (*state.table.channels, (state.table.resolution * 2, width))
    table = replace(state.table, channels=pairs)
    drawn = draw_generator(table, seed)
    last = f"b{table.resolution}.torgb.weight"
    drawn[last] = torch.zeros_like(drawn[last])
    grown = replace(
        state,
        table=table,
        generator=lay_out_generator(table, drawn | state.generator),
        averaged=lay_out_generator(table, drawn | state.averaged),
    )
    former = state.discriminator_table
    if isinstance(former, DiscriminatorTable):  # a projected one sees images of any size
        return _grow_discriminator(grown, former, width, seed)
    return grown


def _grow_discriminator(state: TrainingState, former: DiscriminatorTable, width: int, seed: int) -> TrainingState:
    shape, moments = grow_table(former, width), state.discriminator_moments
    renamed = {name: new_name(name, former) for name in state.discriminator}
    return replace(
        state,
        discriminator_table=shape,
        discriminator=lay_out_discriminator(
            initial_tensors(shape, seed) | {renamed[name]: value for name, value in state.discriminator.items()}
        ),
        discriminator_moments=Moments(
            _rename(moments.first, renamed), _rename(moments.second, renamed),
            {renamed[name]: steps for name, steps in moments.steps.items()},
        ),
    )  # fmt: skip


def grow_table(table: DiscriminatorTable, width: int) -> DiscriminatorTable:
    """Return the table of a discriminator with one more block; the fromRGB of the former first block stays."""
    size = table.size * 2
    return replace(table, size=size, channels=(*table.channels, (size, width)), faded=(*table.faded, table.size))


def new_name(name: str, table: DiscriminatorTable) -> str:
    """Return the name that a tensor of a discriminator of `table` has after growth: blocks count from the top."""
    part, number, *rest = name.split(".")
    if part != "convs":
        return name
    if number == "0":
        return ".".join([f"faded.{table.size}", *rest])
    return ".".join([part, str(int(number) + 1), *rest])


def _rename(tensors: Tensors, names: dict[str, str]) -> Tensors:
    return {names[name]: value for name, value in tensors.items()}
