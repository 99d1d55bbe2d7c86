"""A training's state as one file, written whole or not at all, from which it goes on bit for bit.

It is a `.safetensors` file: tensors `generator/NAME`, `averaged/NAME`, `discriminator/NAME` and Adam's moments
`generator.first/NAME`, ...; what else there is stands in the metadata as JSON. No code is in it, and none is run.
Random numbers need no place in it: they follow from the seed and the step (`fgraph.training.draws`).
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.own_file import describe, table_of
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes
from fgraph.training.projected import ProjectedTable, Tensors, projected_shapes
from fgraph.training.state import Moments, State, lay_out_discriminator, lay_out_generator

FORMAT = "fgraph-training"
VERSION = "1"
_COUNTERS = ("steps", "images", "earlier", "strength", "signs", "history", "pending", "origin")


def is_snapshot(path: Path) -> bool:
    """Whether a file is a snapshot of ours."""
    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (SafetensorError, OSError):
        return False


def write_snapshot(state: State, path: Path) -> None:
    """Write the state to `path`, whole or not at all.

    Raises:
        SaveError: it could not be written, as on a full disk; what stood there before still stands.
    """
    groups: dict[str, Tensors] = {
        "generator": state.generator,
        "averaged": state.averaged,
        "discriminator": state.discriminator,
    }
    steps = {}
    for name, moments in (("generator", state.generator_moments), ("discriminator", state.discriminator_moments)):
        groups |= {f"{name}.first": moments.first, f"{name}.second": moments.second}
        steps[name] = moments.steps
    tensors = {f"{group}/{name}": _plain(value) for group, own in groups.items() for name, value in own.items()}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "table": json.dumps(describe(state.table)),
        "discriminator": json.dumps(dataclasses.asdict(state.discriminator_table)),
        "adam": json.dumps(steps),
        "state": json.dumps({name: getattr(state, name) for name in _COUNTERS}),
    }
    write_atomic(path, save(tensors, metadata))


def read_snapshot(path: Path) -> State:
    """The state that a file holds.

    Raises:
        ModelError: it is damaged, or of a later version.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        if metadata.get("version") != VERSION:
            raise ModelError(f"{path}: is a snapshot of version {metadata.get('version')}; this fgraph reads {VERSION}")
        return _build(metadata, tensors, str(path))
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: is no whole snapshot of a training: {error}") from error


def _build(metadata: dict[str, str], tensors: Tensors, where: str) -> State:
    groups: dict[str, Tensors] = {}
    for key, value in tensors.items():
        group, _, name = key.partition("/")
        groups.setdefault(group, {})[name] = value
    table = table_of(json.loads(metadata["table"]), where)
    shape = _discriminator_table(json.loads(metadata["discriminator"]))
    _check(table, shape, groups, where)
    steps = json.loads(metadata["adam"])
    moments = {
        name: Moments(groups.get(f"{name}.first", {}), groups.get(f"{name}.second", {}), steps[name])
        for name in ("generator", "discriminator")
    }
    counters = json.loads(metadata["state"])
    counters["signs"] = tuple(counters["signs"])
    return State(
        table,
        shape,
        lay_out_generator(table, groups["generator"]),
        lay_out_generator(table, groups["averaged"]),
        lay_out_discriminator(groups["discriminator"]),
        moments["generator"],
        moments["discriminator"],
        **counters,
    )


def _check(
    table: StyleGAN2Table, shape: DiscriminatorTable | ProjectedTable, groups: dict[str, Tensors], where: str
) -> None:
    for group in ("generator", "averaged"):
        check_shapes({name: tuple(value.shape) for name, value in groups[group].items()}, table, f"{where} ({group})")
    found = {name: tuple(value.shape) for name, value in groups["discriminator"].items()}
    expected = projected_shapes(shape) if isinstance(shape, ProjectedTable) else discriminator_shapes(shape)
    if found != expected:
        raise ModelError(f"{where}: its discriminator's tensors are not those of {shape}")


def _discriminator_table(fields: dict[str, Any]) -> DiscriminatorTable | ProjectedTable:
    if "features" in fields:
        return ProjectedTable(**{**fields, "channels": tuple(map(int, fields["channels"]))})
    channels = tuple((int(size), int(width)) for size, width in fields.pop("channels"))
    return DiscriminatorTable(channels=channels, faded=tuple(fields.pop("faded")), **fields)


def _plain(value: Tensor) -> Tensor:
    return value.detach().to("cpu").contiguous(memory_format=torch.contiguous_format)
