"""Directions in files of several programs. No code in a file is run.

| file | written by | holds |
| --- | --- | --- |
| `*_pca.pt` | e4e, PTI, HyperStyle | mean [1, w_dim], comp [n, 1, w_dim], std [n] |
| `.npz` | GANSpace | lat_comp [n, 1, w_dim], lat_stdev [n], lat_mean [1, w_dim] |
| `.pkl` | GANSpace's interactive.py | lat_comp [1, w_dim], lat_stdev, latent_space, edit_type, edit_start, edit_end |
| `factor.pt` | rosinality | eigvec, with a direction in each column |
| a folder of `*_0.pkl`, `*_1.pkl`, ... | StyleGAN-Human | a difference of the styles of each convolution |
| any | any | an array |
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
from fgraph._log import get_logger
from fgraph.array_files.latents import find_file, read_latent, read_named_arrays
from fgraph.array_files.pickled import Plain, is_pickled, read_fields
from fgraph.array_files.spaces import Space, code_shapes, fit_space
from fgraph.stylegan.tables.base import Table

_FACTORS = "eigvec"
_COMPONENTS = {"comp": ("std", "mean"), "lat_comp": ("lat_stdev", "lat_mean")}  # -> their deviations and mean
_LATENT_SPACES: dict[str, Space] = {"W": "w", "Z": "z"}
_NUMBERED = re.compile(r"(.*?)([0-9]+)\.(pkl|pt|npy)")
_MOST_PARTS = 200  # files of a folder
_OF_INTERFACEGAN = re.compile(r"(stylegan|pggan).*boundary", re.IGNORECASE)
_LOG = get_logger()


@dataclass(frozen=True)
class DirectionFile:
    """Directions as stored in a file, with the facts that the file states."""

    directions: Array
    space: Space | None = None
    mean: Array | None = None  # [w_dim]: the code whose coordinates along the directions are 0
    rows: str | None = None  # the rows of W+ that move
    parts: tuple[Array, ...] = ()  # instead of directions: a difference of the styles of each convolution
    name: str = ""  # name of the file

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the numbers."""
        return self.directions.shape

    def fitted(self, table: Table, space: Space | None) -> tuple[Array, Space]:
        """Return the directions [n, ...] and their space: `space`, the one in the file, or the only one that fits.

        Raises:
            ValueError: the shape fits no space of this model, several, or not the given one; or the name of the file
                says that the directions can be in Z.
        """
        if self.parts:
            return self._styles(table), "s"
        chosen = space or self.space
        fitting = fit_space(self.directions.array, table, chosen)
        if fitting is not None:
            if chosen is None and fitting[1] == "w":
                self._check_name(table)
            return Array(fitting[0]), fitting[1]
        shapes = code_shapes(table)
        expected = ", ".join(f"{list(shapes[one])} in {one}" for one in ((chosen,) if chosen else shapes))
        raise ValueError(
            f"a direction of this {table.extent}-pixel model has shape {expected}; found {list(self.shape)}"
        )

    def _check_name(self, table: Table) -> None:
        """Refuse a boundary of InterFaceGAN that can be in Z; names of its boundaries in W end in `_w_boundary`."""
        if "boundary" not in self.name.lower() or "_w_" in self.name.lower() or table.z_dim != table.w_dim:
            return
        if _OF_INTERFACEGAN.match(self.name):
            raise ValueError(
                f"{show(self.name)} has the name of a boundary of InterFaceGAN in Z, because those in W end in "
                "_w_boundary: give space: z or space: w"
            )
        _warn_of_z(self.name)

    def _styles(self, table: Table) -> Array:
        layers = [layer for layer in table.layers[1:] if layer.kind == "conv"]
        found, expected = [len(part) for part in self.parts], [layer.in_channels for layer in layers]
        if found != expected[: len(found)]:
            raise ValueError(
                f"the convolutions of this {table.extent}-pixel model have {expected} styles; the files of "
                f"{show(self.name)} have {found}"
            )
        styles = np.zeros(table.style_length, np.float32)
        for layer, part in zip(layers, self.parts, strict=False):
            styles[layer.style_slice] = part.array
        return Array(styles[None])


@lru_cache(maxsize=256)
def _warn_of_z(name: str) -> None:
    """Warn once that a boundary of this name may be in Z."""
    _LOG.warning("%s is read as a direction in W; if it is a boundary in Z, give space: z", show(name))


def read_directions(path: str, name: str | None = None) -> DirectionFile:
    """Return the directions in a `.npz`, `.npy`, `.safetensors`, `.pt` or `.pkl` file, or in a folder of them.

    They are the array `name`, otherwise an array with a known name, otherwise the only array. Components are multiplied
    by their standard deviations, and rosinality's factors are transposed to rows.

    Raises:
        ValueError: the file cannot be read, or it is not clear which array is meant.
    """
    file, modified, size = find_file(path)
    return _read_folder(file) if file.is_dir() else _read_directions(file, name, modified, size)


@lru_cache(maxsize=16)
def _read_directions(path: Path, name: str | None, modified: int, size: int) -> DirectionFile:
    fields = _read_known(path)
    for known in _COMPONENTS:
        if known in fields and name in (None, known):
            return _read_components(path, fields, known)
    factors = fields.get(_FACTORS)
    if isinstance(factors, Array) and factors.array.ndim == 2 and name in (None, _FACTORS):
        return DirectionFile(Array(factors.check().array.T), "w", name=path.name)
    latent = read_latent(str(path), name)
    return DirectionFile(latent.codes, None if latent.codes.array.ndim == 3 else latent.space, name=path.name)


def _read_known(path: Path) -> Mapping[str, Plain]:
    """Return the entries of a file if one of them has a known name; empty otherwise, also for a damaged file."""
    try:
        fields: Mapping[str, Plain] = read_fields(path) if is_pickled(path) else read_named_arrays(path)[0]
    except (ValueError, OSError):
        return {}  # the error is raised again where the file is read as codes
    known = _FACTORS in fields or "lat_comp" in fields or {"comp", "std"} <= fields.keys()
    return fields if known else {}


def _read_components(path: Path, fields: Mapping[str, Plain], name: str) -> DirectionFile:
    """Return components of PCA, each as long as its standard deviation.

    Raises:
        ValueError: the deviations are missing, or do not fit the components.
    """
    deviation_name, mean_name = _COMPONENTS[name]
    components, deviations, mean = fields[name], fields.get(deviation_name), fields.get(mean_name)
    if fields.get("edit_type", "latent") != "latent":
        raise ValueError(
            f"{show(path, 300)} moves activations, not codes: export it from GANSpace with the mode 'latent'"
        )
    if not isinstance(components, Array) or components.array.ndim == 0 or isinstance(deviations, str | None):
        raise ValueError(f"{show(path, 300)} has components '{name}' without their deviations '{deviation_name}'")
    rows = components.check().array.reshape(-1, components.shape[-1])  # [n, w_dim]
    spread = np.asarray(deviations, np.float32).reshape(-1, 1)
    if len(spread) != len(rows) or not np.isfinite(spread).all():
        raise ValueError(f"{show(path, 300)} has {len(rows)} components and {len(spread)} deviations")
    centre = Array(mean.check().array.reshape(-1)) if isinstance(mean, Array) else None
    if centre is not None and len(centre) != rows.shape[1]:
        raise ValueError(f"{show(path, 300)} has components of {rows.shape[1]} numbers and a mean of {len(centre)}")
    return DirectionFile(Array(rows * spread), _space_of(fields), centre, _rows_of(fields), name=path.name)


def _space_of(fields: Mapping[str, Plain]) -> Space:
    return _LATENT_SPACES.get(str(fields.get("latent_space", "W")), "w")


def _rows_of(fields: Mapping[str, Plain]) -> str | None:
    """Return the rows of W+ that an exported edit of GANSpace moves; its end is exclusive."""
    start, end = fields.get("edit_start"), fields.get("edit_end")
    return f"{start}..{end - 1}" if isinstance(start, int) and isinstance(end, int) else None


def _read_folder(folder: Path) -> DirectionFile:
    """Return the differences of styles in a folder of StyleGAN-Human, which has a numbered file for each convolution.

    Raises:
        ValueError: the files are not numbered from 0 on, or cannot be read.
    """
    found = {int(match[2]): one for one in folder.iterdir() if (match := _NUMBERED.fullmatch(one.name))}
    if not found or sorted(found) != [*range(len(found))] or len(found) > _MOST_PARTS:
        raise ValueError(
            f"{show(folder, 300)} is a folder: expected files such as style_vect_mean_0.pkl, numbered from 0, one "
            "for each convolution"
        )
    parts = [read_latent(str(found[number])).codes.array.reshape(-1) for number in range(len(found))]
    return DirectionFile(Array(parts[0]), "s", parts=tuple(map(Array, parts)), name=folder.name)
