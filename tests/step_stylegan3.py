"""StyleGAN3 passes in the step interpreter: matrices for the placement of canvases, and maps with margins.

A placement is a 3x3 matrix from canvas coordinates (centre at 0, in images) to coordinates of the model's plane.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph import _geometry as geometry
from fgraph._geometry import Canvas
from tests.step_interpreter import Blend, Draw, Mix, Paused, Run, moved

Place = Callable[[float, float], tuple[float, float]]


def is_plane(state: Paused) -> bool:
    return state.layer == -1 and state.model.table.is_stylegan3


def margin_of(state: Paused, name: str = "activation") -> tuple[int, int]:
    """Return the number of pixels by which a state tensor is larger than the canvas."""
    if not state.model.table.is_stylegan3 or state.layer < 0 or name == "skip":
        return (0, 0)
    last = max(one.index for one in state.model.table.layers if one.tensor == name and one.index <= state.layer)
    return state.model.table.at(last).margin


def matrix_of(place: Place) -> Any:
    """Return the matrix of an affine map from the images of three points."""
    origin, right, down = (np.array(place(*at)) for at in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    return np.vstack([np.column_stack([right - origin, down - origin, origin]), [0, 0, 1]])


def source_matrix(edit: Any, canvas: Canvas) -> Any:
    """Return the matrix from points of an edited canvas to their sources, from the centres in units of the plane."""
    if isinstance(edit, geometry.Transform):
        return np.linalg.inv(transform_matrix(edit, canvas))
    after = canvas.edited(edit)
    wide, high = float(canvas.width), float(canvas.height)

    def place(x: float, y: float) -> tuple[float, float]:
        x, y = x + float(after.width) / 2, y + float(after.height) / 2
        if isinstance(edit, geometry.Pad):
            x, y = x - float(edit.left) * wide, y - float(edit.top) * high
        elif isinstance(edit, geometry.Crop):
            x, y = x + float(edit.left) * wide, y + float(edit.top) * high
        elif isinstance(edit, geometry.Shift):
            x, y = x - float(edit.dx) * wide, y - float(edit.dy) * high
        elif isinstance(edit, geometry.Resize):
            x, y = x / float(edit.width), y / float(edit.height)
        else:
            x, y = (wide - x, y) if edit.axis == "x" else (x, high - y)
        return x - wide / 2, y - high / 2

    return matrix_of(place)


def in_units(state: Paused) -> Canvas:
    """Return the canvas of a pass in units of the plane instead of images."""
    high, wide = state.model.table.unit
    return Canvas(state.canvas.height * high, state.canvas.width * wide)


def transform_matrix(edit: geometry.Transform, canvas: Canvas) -> Any:
    """Return the matrix of NVlabs' `make_transform`, with a scale."""
    angle = math.radians(float(edit.rotate))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) * float(edit.scale)
    move = [[float(edit.dx * canvas.width)], [float(edit.dy * canvas.height)]]
    return np.vstack([np.hstack([turn, move]), [0, 0, 1]])


def on_each_run(carrier: Any, change: Callable[[Run], Run]) -> Any:
    if isinstance(carrier, Run):
        return change(carrier)
    if isinstance(carrier, Blend):
        return replace(carrier, a=on_each_run(carrier.a, change), b=on_each_run(carrier.b, change))
    if isinstance(carrier, Mix):
        return Mix(tuple(on_each_run(one, change) for one in carrier.of), carrier.weights)
    return replace(carrier, of=on_each_run(carrier.of, change))


def through(carrier: Any, back: Any) -> Any:
    """Return a carrier in which `back` is applied before the placement of each run."""
    return on_each_run(carrier, lambda run: replace(run, plane=run.plane @ back))


def first_run(carrier: Any) -> Run:
    while not isinstance(carrier, Run):
        carrier = carrier.a if isinstance(carrier, Blend) else carrier.of[0] if isinstance(carrier, Mix) else carrier.of
    return carrier


def edit_plane(state: Paused, edit: Any, carried: Callable[..., Any]) -> Paused:
    """Edit a pass paused at the plane; masks continue with their edge values."""
    canvas = state.canvas if isinstance(edit, geometry.Transform) else state.canvas.edited(edit)

    def move(draw: Draw) -> Draw:
        if isinstance(edit, geometry.Transform):
            return turned(draw, edit)
        return moved(draw, replace(edit, mode="replicate") if hasattr(edit, "dx") or hasattr(edit, "right") else edit)

    scale = (state.canvas.height / canvas.height, state.canvas.width / canvas.width)
    carrier = carried(through(state.carrier, source_matrix(edit, in_units(state))), move, scale)
    return replace(state, carrier=carrier, canvas=canvas)


def turned(draw: Draw, edit: geometry.Transform) -> Draw:
    """Transform a mask: each pixel is interpolated by hat functions at its source."""

    def after(height: int, width: int) -> Any:
        source = draw(height, width)
        back = np.linalg.inv(transform_matrix(edit, Canvas(height, width)))
        down, along = np.indices((height, width)).reshape(2, -1) + 0.5
        x, y, _ = back @ [along - width / 2, down - height / 2, np.ones(height * width)]
        y, x = (y + height / 2 - 0.5).clip(0, height - 1), (x + width / 2 - 0.5).clip(0, width - 1)
        rows = np.maximum(0.0, 1 - abs(np.arange(height) - y[:, None]))  # [pixels, height]
        columns = np.maximum(0.0, 1 - abs(np.arange(width) - x[:, None]))
        return ((rows @ source) * columns).sum(axis=1).reshape(height, width)

    return after


def join_maps(parts: list[Tensor], dim: int, margin: tuple[int, int]) -> Tensor:
    """Join maps side by side, with margins at the two ends only."""
    half, cut = margin[dim - 2] // 2, []
    for number, part in enumerate(parts):
        first, last = 0 if number == 0 else half, part.shape[dim] - (0 if number == len(parts) - 1 else half)
        cut.append(part.narrow(dim, first, last - first))
    return torch.cat(cut, dim)


def shifted(x: float, y: float) -> Any:
    """Return the matrix from a larger canvas to a part of it with its centre at (x, y)."""
    return np.array([[1.0, 0.0, -x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]])


def at_cell(run: Run, cell: tuple[int, int], grid: tuple[int, int]) -> Run:
    """Return the pass of a mosaic's cell, with the centre of its image at the centre of the cell."""
    middle = [(cell[axis] + 0.5 - grid[axis] / 2) * float(run.model.table.unit[axis]) for axis in (0, 1)]
    return replace(run, plane=run.plane @ shifted(middle[1], middle[0]))
