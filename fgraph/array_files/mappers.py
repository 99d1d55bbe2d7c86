"""Mappers of StyleCLIP (Patashnik et al. 2021, section 5) in files. No code in a file is run.

A mapper adds a difference to a code in W+. It has up to three networks: for rows 0 to 3, for rows 4 to 7, and for rows
from 8 on. Rows without a network stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import show
from fgraph.array_files.latents import find_file
from fgraph.array_files.pickled import read_state

_NAME = re.compile(r"(?:mapper\.)?(course|medium|fine)_mapping\.mapping\.([1-4])\.(weight|bias)")  # "course": sic
_ROWS: Mapping[str, tuple[int, int | None]] = {"course": (0, 4), "medium": (4, 8), "fine": (8, None)}
_LAYERS = 4


@dataclass(frozen=True)
class Level:
    """The network of some rows of W+: four layers like the layers of the mapping network."""

    weights: Array  # [4, w_dim, w_dim]
    biases: Array  # [4, w_dim]
    rate: float = 0.01


@dataclass(frozen=True)
class Mapper:
    """The networks of a mapper by the rows [start, stop) of W+ that each changes."""

    levels: tuple[tuple[tuple[int, int | None], Level], ...]

    @property
    def w_dim(self) -> int:
        """The length of w."""
        return self.levels[0][1].biases.shape[1]


def read_mapper(path: str) -> Mapper:
    """Return the mapper in a `.pt` file.

    Raises:
        ValueError: the file cannot be read, or holds no mapper of StyleCLIP.
    """
    return _read_mapper(*find_file(path))


@lru_cache(maxsize=16)
def _read_mapper(path: Path, modified: int, size: int) -> Mapper:
    found = {match.groups(): array.check().array for match, array in read_state(path, _NAME).items()}
    levels = []
    for name, rows in _ROWS.items():
        keys = [[(name, str(layer), part) for layer in range(1, _LAYERS + 1)] for part in ("weight", "bias")]
        kept = [[found[key] for key in part if key in found] for part in keys]
        if any(kept):
            levels.append((rows, _level(path, kept)))
    if not levels or len({level.biases.shape for _, level in levels}) != 1:
        raise ValueError(f"{show(path, 300)} holds no mapper of StyleCLIP, with course, medium and fine networks")
    return Mapper(tuple(levels))


def _level(path: Path, parts: list[list[np.ndarray]]) -> Level:
    weights, biases = parts
    shapes = {one.shape for one in weights}, {one.shape for one in biases}
    width = biases[0].shape[-1] if biases else 0
    if len(weights) != _LAYERS or len(biases) != _LAYERS or shapes != ({(width, width)}, {(width,)}):
        raise ValueError(f"{show(path, 300)} holds a mapper with other layers than StyleCLIP's four of equal width")
    return Level(Array(np.stack(weights)), Array(np.stack(biases)))
