"""Directions in files: of users, of GANSpace, of rosinality's closed-form factorisation. No code in a file is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._arrays import Array
from fgraph.array_files.latents import Space, read_latent
from fgraph.stylegan.tables.base import Table

_FACTORS = "eigvec"  # of rosinality's closed_form_factorization.py: directions are columns
_COMPONENTS, _DEVIATIONS = "lat_comp", "lat_stdev"  # of GANSpace: [n, 1, w_dim], [n]


@dataclass(frozen=True)
class DirectionFile:
    """Directions as a file holds them, and their space, where the file states it."""

    directions: Array
    space: Space | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the numbers."""
        return self.directions.shape

    def fitted(self, table: Table, space: Space | None) -> tuple[Array, Space]:
        """Return the directions [n, ...] and their space: `space`, else the file's, else the one that their shape fits.

        Raises:
            ValueError: the shape fits no space of this model, or not the given one.
        """
        meant = space or self.space
        shapes: dict[Space, tuple[int, ...]] = {
            "w": (table.w_dim,),
            "w+": (table.num_ws, table.w_dim),
            "s": (table.style_length,),
            "z": (table.code_width,),
        }
        for one in (meant,) if meant else ("w", "w+", "s"):
            array = _in_rows(self.directions.array, shapes[one])
            if array is not None:
                return Array(array), one
        expected = ", ".join(f"{list(shapes[one])} in {one}" for one in ((meant,) if meant else shapes))
        raise ValueError(f"a direction of this {table.size}-pixel model has shape {expected}; found {list(self.shape)}")


def _in_rows(array: NDArray[Any], shape: Sequence[int]) -> NDArray[Any] | None:
    """Return [n, *shape] of a single direction or of several; GANSpace has an axis of length 1 after the first."""
    if array.shape == tuple(shape):
        return array[None]
    if array.shape[1:] == tuple(shape):
        return array
    if len(shape) == 1 and array.ndim == 3 and array.shape[1:] == (1, *shape):
        return array[:, 0]
    return None


def read_directions(path: str, name: str | None = None) -> DirectionFile:
    """Return the directions in a `.npz`, `.npy`, `.safetensors` or `.pt` file.

    They are the array `name`, else an array of a known name, else the only array. GANSpace's components are multiplied
    by their standard deviations, and rosinality's factors are transposed to rows.

    Raises:
        ValueError: the file cannot be read, or it is not clear which array is meant.
    """
    for known, read in ((_COMPONENTS, _read_ganspace), (_FACTORS, _read_factors)):
        if name in (None, known):
            found = read(path)
            if found is not None:
                return found
    held = read_latent(path, name)
    return DirectionFile(held.codes, None if held.codes.array.ndim == 3 and held.space == "w+" else held.space)


def _read_ganspace(path: str) -> DirectionFile | None:
    components, deviations = _try(path, _COMPONENTS), _try(path, _DEVIATIONS)
    if components is None or deviations is None:
        return None
    array = components.array.reshape(len(components), -1)
    return DirectionFile(Array(array * deviations.array.reshape(-1, 1)), "w")


def _read_factors(path: str) -> DirectionFile | None:
    factors = _try(path, _FACTORS)
    return None if factors is None else DirectionFile(Array(np.ascontiguousarray(factors.array.T)), "w")


def _try(path: str, name: str) -> Array | None:
    try:
        return read_latent(path, name).codes
    except ValueError:
        return None
