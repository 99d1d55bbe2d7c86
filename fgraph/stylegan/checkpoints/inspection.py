"""A description of a model file. Without torch, and without the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fgraph._errors import show
from fgraph.stylegan.checkpoints.contents import Contents, Format
from fgraph.stylegan.checkpoints.families.picking import NETWORKS
from fgraph.stylegan.checkpoints.header import read_contents, read_model
from fgraph.stylegan.checkpoints.sources import file_digest
from fgraph.stylegan.tables.base import Size, Table, extent
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Table
from fgraph.stylegan.tables.stylegan3 import required_shapes as stylegan3_shapes

_FORMATS = {
    "safetensors": "fgraph",
    "rosinality": "rosinality / SOAT",
    "nvlabs": "NVlabs PyTorch",
    "tensorflow": "NVlabs TensorFlow",
    "mmgeneration": "MMGeneration / MMagic",
    "genforce": "genforce",
    "basicsr": "BasicSR",
    "paddlegan": "PaddleGAN",
}
_USUAL_PLACES = (*NETWORKS, "state dict", "the network")  # of the generator in a file
_BUFFERS = (".transform", ".freqs", ".phases", ".magnitude_ema", "_filter")  # not trained


@dataclass(frozen=True)
class Inspection:
    """A description of a model file; `str` has a line for each fact."""

    path: Path
    format: Format
    table: Table
    parameters: int  # trained numbers: without noise and statistics
    types: tuple[str, ...]  # types of the weights as stored
    file_bytes: int
    sha256: str  # SHA-256 of the file
    notes: tuple[str, ...]

    def __str__(self) -> str:
        width = max(map(len, self.lines()))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.lines().items())

    def lines(self) -> dict[str, str]:
        """Return the facts by name."""
        table = self.table
        architecture, channels = _architecture_and_channels(table)
        lines = {
            "file": show(self.path, 4096),
            "format": _FORMATS[self.format] + (f" ({self.path.suffix})" if self.path.suffix else ""),
            "architecture": architecture,
            "image": f"{_image(table.size)}, {table.image_channels} channels",
            "channels": ", ".join(channels),
            "codes": f"z {table.z_dim}, w {table.w_dim}, W+ {table.num_ws} rows, S {table.style_length}",
            "mapping": f"{table.mapping_layers} layers",
            "parameters": f"{self.parameters:,} ({', '.join(self.types)})",
            "size": f"{self.file_bytes:,} bytes",
            "sha256": self.sha256,
        }
        if table.c_dim:
            lines["classes"] = f"{table.c_dim}" + (", each with a mean of w" if table.class_means else "")
        return lines | ({"notes": "; ".join(self.notes)} if self.notes else {})


def inspect(source: str | Path) -> Inspection:
    """Describe a model file without loading its weights.

    Args:
        source: a bundled name, a path or a URL.

    Raises:
        ModelError: the model does not exist, or its file is damaged or of an unknown kind.
    """
    return read_model(source, _inspect)


def _inspect(path: Path) -> Inspection:
    contents = read_contents(path)
    types = tuple(sorted({weight.stored.dtype for weight in contents.weights.values()}))
    facts = (_parameters(contents.table), types, path.stat().st_size, file_digest(path))
    return Inspection(path, contents.format, contents.table, *facts, tuple(_notes(contents)))


def _architecture_and_channels(table: Table) -> tuple[str, list[str]]:
    if isinstance(table, StyleGAN3Table):
        sizes = [(table.input_size, table.features), *((one.out_size, one.out_channels) for one in table.filtered)]
        return f"StyleGAN3, {table.architecture[-1].upper()}", [f"{extent(size)}: {count}" for size, count in sizes]
    assert isinstance(table, StyleGAN2Table)
    return f"StyleGAN2, {table.architecture}", [f"{extent(table.size_at(at))}: {count}" for at, count in table.channels]


def _image(size: Size) -> str:
    height, width = size
    return f"{height}x{width}" + ("" if height == width else " (height x width)")


def _parameters(table: Table) -> int:
    """Count the trained numbers."""
    if isinstance(table, StyleGAN3Table):
        shapes = {name: shape for name, shape in stylegan3_shapes(table).items() if not name.endswith(_BUFFERS)}
    else:
        assert isinstance(table, StyleGAN2Table)
        shapes = required_shapes(table)
    return sum(math.prod(shape) for name, shape in shapes.items() if name != "w_mean")


def _notes(contents: Contents) -> Iterator[str]:
    table = contents.table
    if base := contents.metadata.get("base"):
        yield f"it is a delta to the model '{show(base)}'"
    if contents.format != "safetensors" and (place := contents.metadata.get("weights", "G_ema")) not in _USUAL_PLACES:
        yield f"the generator is under '{place}' in the file"
    if beside := contents.metadata.get("beside"):
        yield f"the file also holds {beside}"
    if assumed := contents.metadata.get("assumed"):
        yield f"fgraph assumes what the file does not state: {assumed}"
    if isinstance(table, StyleGAN2Table):
        yield from _notes_on_layers(table, contents)
    if table.mapping_activation != "lrelu":
        yield f"the activation of the mapping is {table.mapping_activation}"
    if "w_mean" not in contents.weights:
        yield "it has no mean of w; fgraph measures it over 10,000 seeded samples"
    if contents.metadata.get("weights") in ("g", "G"):
        yield "it has no averaged generator; fgraph takes the one in training"


def _notes_on_layers(table: StyleGAN2Table, contents: Contents) -> Iterator[str]:
    if table.clamp is not None and "clamped" not in contents.metadata.get("assumed", ""):
        yield f"outputs of layers are clamped to +-{table.clamp:g}"
    if table.activation != "lrelu":
        yield f"the activation of the layers is {table.activation}"
    if not table.has_noise:
        yield "its layers add no noise"
    elif any(layer.noise_index is not None and f"{layer.name}.noise" not in contents.weights for layer in table.layers):
        yield "it has no noise; fgraph draws it from a seed"
