"""The state of the training of an encoder as one file, as in `fgraph.training.snapshot`.

Tensors are `tensors/NAME`, `averaged/NAME`, Adam's moments `first/NAME` and `second/NAME`, and `mean`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from fgraph._atomic import write_atomic
from fgraph.stylegan.checkpoints.encoder_file import describe_encoder, encoder_table_of
from fgraph.stylegan.checkpoints.weights import encode_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from fgraph.training.counters import UPDATES, Counters
from fgraph.training.encoder_state import EncoderState
from fgraph.training.projected import Tensors
from fgraph.training.snapshot import plain, read_state_file
from fgraph.training.state import Moments, lay_out_discriminator

FORMAT = "fgraph-encoder-training"
VERSION = "1"
_COUNTERS = ("steps", "images", "history", "pending", "origin")
_GROUPS = ("tensors", "averaged", "first", "second")


def write_encoder_snapshot(state: EncoderState, path: Path) -> None:
    """Write the state to `path`, whole or not at all.

    Raises:
        SaveError: the file can't be written; an earlier file of this name does not change.
    """
    groups = (state.tensors, state.averaged, state.moments.first, state.moments.second)
    tensors = {
        f"{group}/{name}": plain(one) for group, part in zip(_GROUPS, groups, strict=True) for name, one in part.items()
    }
    metadata = {
        "table": json.dumps(describe_encoder(state.table)),
        "format": FORMAT,
        "version": VERSION,
        "adam": json.dumps(state.moments.steps, sort_keys=True),
        "state": json.dumps({name: getattr(state, name) for name in _COUNTERS}),
    }
    write_atomic(path, encode_tensors({**tensors, "mean": plain(state.mean)}, metadata))


def read_encoder_snapshot(path: Path) -> EncoderState:
    """Return the state in a snapshot.

    Raises:
        ModelError: the file is damaged, of another kind or of a later version.
    """
    return read_state_file(path, FORMAT, VERSION, _build)


def _build(metadata: Mapping[str, str], tensors: Tensors, where: str) -> EncoderState:
    table = encoder_table_of(json.loads(metadata["table"]), where)
    assert isinstance(table.network, DiscriminatorTable)
    mean = tensors.pop("mean")
    groups: dict[str, Tensors] = {name: {} for name in _GROUPS}
    for key, value in tensors.items():
        group, _, name = key.partition("/")
        groups[group][name] = value
    shapes, steps = (
        discriminator_shapes(table.network),
        UPDATES.validate_json(metadata["adam"]),
    )
    for group, part in groups.items():
        expected = {name: shapes[name] for name in steps} if group in _GROUPS[2:] else shapes
        if {name: tuple(value.shape) for name, value in part.items()} != expected:
            raise ValueError(f"its tensors '{group}/...' are not those of the encoder")
    if tuple(mean.shape) != (table.w_dim,):
        raise ValueError(f"its mean has shape {list(mean.shape)}")
    counters = Counters.model_validate_json(metadata["state"])
    if not {"model", "model_sha256"} <= counters.origin.keys():
        raise ValueError("its origin does not name the model")
    tensors, averaged = (lay_out_discriminator(groups[name]) for name in _GROUPS[:2])
    moments = Moments(groups["first"], groups["second"], steps)
    return EncoderState(table, tensors, averaged, mean, moments, **dict(counters))
