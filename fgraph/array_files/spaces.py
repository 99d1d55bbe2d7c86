"""Spaces of codes: the shape that each has for a model, and the readings of an array that fit them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from numpy.typing import NDArray

from fgraph.stylegan.tables.base import Table

Space = Literal["z", "w", "w+", "s"]
GUESSED: tuple[Space, ...] = ("w", "w+", "s")  # read without being named; z must be named


def code_shapes(table: Table) -> Mapping[Space, tuple[int, ...]]:
    """Return the shape of one code in each space."""
    return {
        "z": (table.code_width,),
        "w": (table.w_dim,),
        "w+": (table.num_ws, table.w_dim),
        "s": (table.style_length,),
    }


def fit_space(array: NDArray[Any], table: Table, space: Space | None) -> tuple[NDArray[Any], Space] | None:
    """Return the codes or directions [n, ...] in an array and their space, or None if the array fits no space.

    Args:
        array: one code, or several along the first axis. W+ may be flattened to one axis.
        table: the layer table of the model.
        space: the space; None: the only one of W, W+ and S that the shape fits.

    Raises:
        ValueError: the shape fits several spaces.
    """
    shapes = code_shapes(table)
    for one in (array, array[0] if array.ndim == 3 and len(array) == 1 else None):
        if one is None:
            continue
        read = {name: _in_rows(one, shapes[name]) for name in ((space,) if space else GUESSED)}
        fitting = {name: rows for name, rows in read.items() if rows is not None}
        if len(fitting) > 1:
            raise ValueError(_ambiguous(array.shape, fitting))
        for name, rows in fitting.items():
            return rows, name
    return None


def _in_rows(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return [n, *shape] of one code or several; GANSpace has an axis of length 1 after the first."""
    if array.shape == shape:
        return array[None]
    if array.shape[1:] == shape:
        return array
    if len(shape) == 1 and array.ndim == 3 and array.shape[1:] == (1, *shape):
        return array[:, 0]
    if len(shape) == 2 and array.ndim in (1, 2) and array.shape[-1] == math.prod(shape):
        return array.reshape(-1, *shape)
    return None


def _ambiguous(shape: tuple[int, ...], fitting: Mapping[Space, NDArray[Any]]) -> str:
    readings = " or ".join(f"{len(rows)} in {name}" for name, rows in fitting.items())
    cures = " or ".join(f"space: {name}" for name in fitting)
    return f"an array of shape {list(shape)} can be read as {readings} of this model: give {cures}"
