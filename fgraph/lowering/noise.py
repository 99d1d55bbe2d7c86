"""Lowering of noise: the noise that a carrier adds at a layer, and the parameters of each row."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry import Canvas
from fgraph.ir.ops import NoiseField
from fgraph.ir.program import Operand
from fgraph.lowering.build import Build
from fgraph.lowering.values import Run
from fgraph.masks import MaskExpr
from fgraph.stylegan.tables.base import Layer


@dataclass(frozen=True)
class NoiseOrigin(MaskExpr):
    """The innermost expression of a noise frame: noise before any edit. The noise kernel replaces it with numbers."""

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        raise AssertionError("a noise frame has no pixels of its own")


@dataclass(frozen=True)
class NoiseRows:
    """The identities of the rows of a pass, from which their noise is drawn."""

    canvas: Canvas
    keys: tuple[int, ...]
    declared: tuple[tuple[int, int], ...]  # (number of rows of the node that started the pass, this row)


def lower_noise(build: Build, run: Run, layer: Layer, rows: NoiseRows) -> Operand | None:
    """Emit the noise that a carrier adds after a convolution; return None if it adds none.

    Raises:
        ValueError: the buffer or the given array does not fit the canvas.
    """
    noise = run.noise
    if noise.mode == "none" or build.table(run.model).at(layer.index).noise_index is None:
        return None
    height, width = rows.canvas.pixels(layer.size)
    op = NoiseField(run.model, layer, noise.mode, noise.fit, height, width)
    count = len(rows.keys)
    params: list[Hashable]
    if noise.mode == "given":
        params = _given_params(run, layer, rows, height, width)
    elif noise.mode == "random":
        frames: tuple[MaskExpr | None, ...] = noise.frames if noise.fit == "follow" else (None,) * count
        params = list(zip(noise.seeds, rows.keys, frames, strict=True))
    elif noise.fit == "follow":
        params = list(noise.frames)
    elif noise.fit == "ends":
        params = _ends_params(layer, rows, height, width)
    else:
        params = [None] * count
    return build.emit_distinct(op, params)


def _ends_params(layer: Layer, rows: NoiseRows, height: int, width: int) -> list[Hashable]:
    buffer_height, buffer_width = layer.size
    if height != buffer_height or width < buffer_width:
        raise ValueError(
            f"noise fit 'ends' cannot fill {height}x{width} pixels at {layer.name} from a buffer of "
            f"{buffer_height}x{buffer_width}: it needs the buffer's height and "
            "at least its width; fit 'tile' works for every size"
        )
    if width <= 2 * buffer_width:  # the two copies cover the canvas: nothing is drawn, so rows do not differ
        return [None] * len(rows.keys)
    return list(rows.declared)


def _given_params(run: Run, layer: Layer, rows: NoiseRows, height: int, width: int) -> list[Hashable]:
    from fgraph.array_files.latents import read_arrays  # most graphs have no file of noise

    assert run.noise.file is not None
    arrays = read_arrays(run.noise.file)
    name = f"noise_{layer.noise_index}"
    if name not in arrays:
        raise ValueError(f"the noise file {run.noise.file} has no array {name}, which {layer.name} needs")
    array = arrays[name].check()
    shape = array.array.shape
    if len(shape) != 4 or shape[1:] != (1, height, width):
        raise ValueError(
            f"{name} in {run.noise.file} has shape {list(shape)}; {layer.name} needs [rows, 1, {height}, {width}]"
        )
    # Passes that are lowered together can have different numbers of rows.
    misfits = sorted({count for count, _ in rows.declared} - {shape[0]})
    if shape[0] != 1 and misfits:
        raise ValueError(f"{name} in {run.noise.file} has {shape[0]} rows; the pass has {misfits[0]}")
    picked = np.zeros(len(rows.keys), int) if shape[0] == 1 else [row for _, row in rows.declared]
    return [(array, int(row)) for row in picked]
