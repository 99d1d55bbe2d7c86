"""A training's state as one file, written whole or not at all, from which it continues bit for bit.

It is a `.safetensors` file: tensors `generator/NAME`, `averaged/NAME`, `discriminator/NAME` and Adam's moments
`generator.first/NAME`, ...; the metadata hold the rest as JSON. The file holds no code, and none is run.
Random numbers need no place in it: they follow from the seed and the step (`fgraph.training.draws`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import Field, TypeAdapter
from safetensors import SafetensorError, safe_open
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.fgraph_file import describe, table_of
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header
from fgraph.stylegan.checkpoints.weights import encode_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes
from fgraph.training.counters import UPDATES, Count, Counters
from fgraph.training.projected import ProjectedTable, Tensors, projected_shapes
from fgraph.training.state import AnyDiscriminator, Moments, TrainingState, lay_out_discriminator, lay_out_generator

SNAPSHOT = "snapshot.safetensors"  # in the target folder of a training
FORMAT = "fgraph-training"
VERSION = "1"
T = TypeVar("T")
_TRIES = 5  # to read a file that a training may replace meanwhile
_COUNTERS = ("steps", "images", "earlier", "strength", "signs", "history", "pending", "origin")


def is_snapshot(path: Path) -> bool:
    """Return whether a file is a snapshot."""
    try:
        return read_tensor_header(path).metadata.get("format") == FORMAT
    except ModelError:
        return False


def count_images(path: Path) -> int | None:
    """Return how many images the training of a snapshot of any kind has shown; None if there is no whole snapshot."""
    try:
        return int(json.loads(read_tensor_header(path).metadata["state"])["images"])
    except (ModelError, LookupError, ValueError, TypeError, RecursionError, OverflowError):
        return None


def write_snapshot(state: TrainingState, path: Path) -> None:
    """Write the state to `path`, whole or not at all.

    Raises:
        SaveError: the file can't be written; an earlier file of this name does not change.
    """
    groups: dict[str, Tensors] = {
        "generator": state.generator,
        "averaged": state.averaged,
        "discriminator": state.discriminator,
    }
    steps, table = {}, state.discriminator_table
    for name, moments in (("generator", state.generator_moments), ("discriminator", state.discriminator_moments)):
        groups |= {f"{name}.first": moments.first, f"{name}.second": moments.second}
        steps[name] = moments.steps
    tensors = {f"{group}/{name}": plain(value) for group, part in groups.items() for name, value in part.items()}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "table": json.dumps(describe(state.table)),
        "discriminator": json.dumps(table and dataclasses.asdict(table)),
        "adam": json.dumps(steps, sort_keys=True),
        "state": json.dumps({name: getattr(state, name) for name in _COUNTERS}),
    }
    write_atomic(path, encode_tensors(tensors, metadata))


def read_snapshot(path: Path) -> TrainingState:
    """Return the state in a snapshot.

    Raises:
        ModelError: the file is damaged, or of a later version.
    """
    return read_state_file(path, FORMAT, VERSION, _build)


def read_state_file(path: Path, kind: str, version: str, build: Callable[[Mapping[str, str], Tensors, str], T]) -> T:
    """Return the result of a function of the metadata and the tensors of a snapshot of any kind.

    Args:
        path: the path of the file.
        kind: the format that its metadata state.
        version: the version of the format.
        build: makes the state; its errors of values and types become a `ModelError`.

    Raises:
        ModelError: the file is damaged, of another kind or of a later version.
    """
    for _ in range(_TRIES):
        before = _identity(path)
        try:
            found = _read_state_file(path, kind, version, build)
        except ModelError:
            if _identity(path) == before:
                raise
        else:
            if _identity(path) == before:
                return found
    raise ModelError(f"{path}: was replaced in each of {_TRIES} attempts to read it: try again")


def _identity(path: Path) -> tuple[int, ...] | None:
    """Return what differs once a training has replaced a file; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read_state_file(path: Path, kind: str, version: str, build: Callable[[Mapping[str, str], Tensors, str], T]) -> T:
    read_tensor_header(path)  # refuses FIFOs, devices, deep JSON and tensors that overlap
    try:
        with safe_open(path, "pt") as file:  # opens the path twice: for the header, and for the numbers
            metadata = file.metadata() or {}
            tensors = {name: _finite(name, file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - no mapping
        if metadata.get("format") not in (None, kind):
            raise ModelError(f"{path}: is a file of format {show(metadata['format'])}; expected a snapshot, {kind}")
        if (found := metadata.get("version")) != version:
            raise ModelError(f"{path}: is a snapshot of version {show(found)}; this fgraph reads {version}")
        return build(metadata, tensors, str(path))
    except (RecursionError, MemoryError) as error:
        raise ModelError(f"{path}: is not a whole snapshot of a training: its metadata are too large") from error
    except (
        SafetensorError,
        OSError,
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise ModelError(f"{path}: is not a whole snapshot of a training: {show(error, 300)}") from error


class _Counters(Counters):
    """The counters of the training of a generator."""

    earlier: Count
    strength: float = Field(ge=0, le=1)
    signs: tuple[float, Count]


def _finite(name: str, value: Tensor) -> Tensor:
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        raise ValueError(f"'{show(name)}' holds numbers that are not finite")
    return value


def _build(metadata: Mapping[str, str], tensors: Tensors, where: str) -> TrainingState:
    groups: dict[str, Tensors] = {}
    for key, value in tensors.items():
        group, _, name = key.partition("/")
        groups.setdefault(group, {})[name] = value
    table = table_of(json.loads(metadata["table"]), where)
    discriminator = _discriminator_table(json.loads(metadata["discriminator"]))
    _check(table, discriminator, groups, where)
    steps = {name: UPDATES.validate_python(one) for name, one in json.loads(metadata["adam"]).items()}
    moments = {name: _moments(name, groups, steps[name]) for name in ("generator", "discriminator")}
    counters = _Counters.model_validate_json(metadata["state"])
    return TrainingState(
        table,
        discriminator,
        lay_out_generator(table, groups["generator"]),
        lay_out_generator(table, groups["averaged"]),
        lay_out_discriminator(groups.get("discriminator", {})),
        moments["generator"],
        moments["discriminator"],
        **dict(counters),
    )


def _moments(name: str, groups: Mapping[str, Tensors], steps: dict[str, int]) -> Moments:
    """Return Adam's moments of a network, whose shapes must be those of its tensors."""
    first, second = groups.get(f"{name}.first", {}), groups.get(f"{name}.second", {})
    if not first.keys() == second.keys() == steps.keys():
        raise ValueError(f"the moments of the {name} do not belong together")
    for key, value in first.items():
        if not value.shape == second[key].shape == groups[name][key].shape:
            raise ValueError(f"the moments of '{show(key)}' have a different shape")
    return Moments(first, second, steps)


def _check(table: StyleGAN2Table, discriminator: AnyDiscriminator, groups: dict[str, Tensors], where: str) -> None:
    for group in ("generator", "averaged"):
        check_shapes({name: tuple(value.shape) for name, value in groups[group].items()}, table, f"{where} ({group})")
    found = {name: tuple(value.shape) for name, value in groups.get("discriminator", {}).items()}
    if found != _discriminator_shapes(discriminator):
        raise ModelError(f"{where}: its discriminator's tensors are not those of {discriminator}")


def _discriminator_shapes(table: AnyDiscriminator) -> dict[str, tuple[int, ...]]:
    if table is None:
        return {}
    return projected_shapes(table) if isinstance(table, ProjectedTable) else discriminator_shapes(table)


def _discriminator_table(fields: dict[str, Any] | None) -> AnyDiscriminator:
    if fields is None:
        return None
    if "features" in fields:
        return TypeAdapter(ProjectedTable).validate_python(fields)
    return TypeAdapter(DiscriminatorTable).validate_python(fields)


def plain(value: Tensor) -> Tensor:
    """Return a tensor on the CPU, in the order of its axes."""
    return value.detach().to("cpu").contiguous(memory_format=torch.contiguous_format)
