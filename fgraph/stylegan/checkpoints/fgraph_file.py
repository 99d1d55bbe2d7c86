"""fgraph's own `.safetensors` files: their metadata, and the layer table that the metadata describe. Without torch.

The tensors have the names of `fgraph.stylegan.tables.stylegan2_tensors`; statistics are among them. All metadata are
strings. `stylegan3_fgraph_file` lists those of StyleGAN3. Those of StyleGAN2 are:

| key | is |
| --- | --- |
| `format`, `format_version` | `fgraph-stylegan2`; `1`, or `2` if a field of the last three rows is given |
| `architecture`, `size`, `channels`, `image_channels` | `skip`, last resolution, JSON {resolution: channels}, 3 |
| `z_dim`, `w_dim`, `mapping_layers` | the mapping network |
| `sha256` | digest of the tensors as stored, checked when they are loaded |
| `noise` | `stored`, or `seeded` if the noise was drawn because the original had none |
| `title`, `license`, `origin` | for people |
| `c_dim`, `embed_width`, `mapping_widths`, `mapping_rate`, `mapping_activation` | if they differ from the defaults |
| `activation`, `clamp`, `has_noise`, `class_means` | if they differ from the defaults |
| `base` | height and width of the constant, if it is not 4x4 |
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints import stylegan3_fgraph_file as stylegan3
from fgraph.stylegan.checkpoints.contents import Contents, Weight, check_numbers
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.tensor_file import TensorFileHeader
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import ARCHITECTURES, StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Table
from fgraph.stylegan.tables.stylegan3_checks import check_stylegan3

FORMAT, DELTA_FORMAT = "fgraph-stylegan2", "fgraph-stylegan2-delta"
_VERSIONS = ("1", "2")
_PLAIN = ("z_dim", "w_dim", "mapping_layers", "image_channels")
_DEFAULTS = {
    one.name: one.default
    for one in dataclasses.fields(StyleGAN2Table)
    if one.default is not dataclasses.MISSING and one.name not in ("image_channels", "architecture")
}


def is_fgraph_file(header: TensorFileHeader) -> bool:
    """Return whether a `.safetensors` file states a format of fgraph, of any version."""
    return header.metadata.get("format", "").startswith("fgraph")


def read_fgraph_file(path: Path, header: TensorFileHeader) -> Contents:
    """Return the contents of one of fgraph's files with this header.

    Raises:
        ModelError: the file is of another program or a later version, or its tensors do not fit its metadata.
    """
    table: Table
    if header.metadata.get("format") == stylegan3.FORMAT:
        table = stylegan3.stylegan3_table_of(header.metadata, str(path))
        check_stylegan3(header.shapes, table, str(path))
    else:
        table = table_of(header.metadata, str(path))
        check_shapes(header.shapes, table, str(path))
    weights = {name: Weight(stored, stored.shape) for name, stored in header.tensors.items()}
    return Contents("safetensors", table, weights, header.metadata)


def describe(table: Table) -> dict[str, str]:
    """Return the metadata that `read_fgraph_file` reads."""
    if isinstance(table, StyleGAN3Table):
        return stylegan3.describe_stylegan3(table)
    assert isinstance(table, StyleGAN2Table)
    facts = {name: json.dumps(getattr(table, name)) for name in _DEFAULTS if getattr(table, name) != _DEFAULTS[name]}
    unusual = facts or table.architecture != "skip"
    return {
        "format": FORMAT,
        "format_version": _VERSIONS[1 if unusual else 0],
        "architecture": table.architecture,
        "channels": json.dumps(dict(table.channels)),
        "size": str(table.resolution),
        **{name: str(getattr(table, name)) for name in _PLAIN},
        **facts,
    }


def table_of(metadata: Mapping[str, str], where: str) -> StyleGAN2Table:
    """Return the layer table that the metadata of one of fgraph's files describe.

    Raises:
        ModelError: the file is of another program or a later version, or its metadata are wrong.
    """
    if metadata.get("format") == "fgraph-encoder":
        raise ModelError(f"{where}: is an encoder, not a generator: name it by `encoder` of the node `encode`")
    if metadata.get("format") != FORMAT:
        raise ModelError(
            f"{where}: is a .safetensors file, but not of an fgraph generator (its metadata say format "
            f"{brief(metadata.get('format'))}, expected '{FORMAT}' or '{stylegan3.FORMAT}'); load the original .pt or "
            ".pkl instead"
        )
    if (version := metadata.get("format_version")) not in _VERSIONS:
        raise ModelError(
            f"{where}: is of format version {show(version)}; this fgraph reads {' and '.join(_VERSIONS)}: update fgraph"
        )
    if metadata.get("architecture") not in ARCHITECTURES:
        found = metadata.get("architecture")
        raise ModelError(f"{where}: its architecture is {brief(found)}; this fgraph runs {', '.join(ARCHITECTURES)}")
    try:
        channels = {int(resolution): int(count) for resolution, count in json.loads(metadata["channels"]).items()}
        facts: dict[str, Any] = {name: _checked(name, metadata[name]) for name in _DEFAULTS if name in metadata}
        table = StyleGAN2Table(
            channels=tuple(sorted(channels.items())),
            architecture=metadata["architecture"],  # type: ignore[arg-type]
            **(facts | {name: int(metadata[name]) for name in _PLAIN}),
        )
        check_numbers(table, where)
        if int(metadata["size"]) != table.resolution:
            listed, size = [resolution for resolution, _ in table.channels], show(metadata["size"])
            raise ModelError(f"{where}: has resolutions {listed} for {size} pixels; expected 4, 8, ... size")
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{where}: its metadata are wrong: {error!r:.200}") from error
    return table


def _checked(name: str, text: str) -> Any:
    """Return a fact that differs from its default, if it has the right type."""
    value, default = json.loads(text), _DEFAULTS[name]
    if isinstance(default, bool):
        good = isinstance(value, bool)
    elif isinstance(default, str):
        good = value in GAINS
    elif isinstance(default, int):
        good = type(value) is int
    elif isinstance(default, tuple):
        good = isinstance(value, list) and all(type(width) is int for width in value)
        good = good and (name != "base" or len(value) == len(default))
        value = tuple(value) if good else value
    else:  # the rate, the clamp
        good = type(value) in (int, float) and math.isfinite(value) and value > 0
        value = float(value) if good else value
    if not good:
        raise ValueError(f"{name} is {text[:60]}")
    return value
