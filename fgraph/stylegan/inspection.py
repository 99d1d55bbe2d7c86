"""What a model file holds, in words. Without torch, and without loading weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fgraph.stylegan.alias_free.reading import is_alias_free, read_alias_free
from fgraph.stylegan.alias_free.table import AliasFreeTable
from fgraph.stylegan.alias_free.table import required_shapes as alias_free_shapes
from fgraph.stylegan.contents import Contents, Format, Weight
from fgraph.stylegan.header import find_model, read_contents, sniff
from fgraph.stylegan.layers import LayerTable
from fgraph.stylegan.nvlabs import pick_network
from fgraph.stylegan.pickles.files import read_pickled
from fgraph.stylegan.sources import file_digest
from fgraph.stylegan.tensors import required_shapes

_KINDS = {
    "safetensors": "fgraph (.safetensors)",
    "rosinality": "rosinality / SOAT (.pt)",
    "nvlabs": "NVlabs PyTorch (.pkl)",
    "tensorflow": "NVlabs TensorFlow (.pkl)",
}
_BUFFERS = (".transform", ".freqs", ".phases", ".magnitude_ema")  # set, not trained


@dataclass(frozen=True)
class Inspection:
    """What is known of a model file; `str` gives it a line each."""

    path: Path
    format: Format
    table: LayerTable | AliasFreeTable
    parameters: int  # numbers that training sets: without noise and statistics
    types: tuple[str, ...]  # of the weights as stored
    file_bytes: int
    sha256: str  # of the file
    notes: tuple[str, ...]

    def __str__(self) -> str:
        width = max(map(len, self.lines()))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.lines().items())

    def lines(self) -> dict[str, str]:
        """Each fact by its name."""
        table = self.table
        if isinstance(table, LayerTable):
            kind, channels = f"StyleGAN2, {table.architecture}", [f"{side}: {count}" for side, count in table.channels]
        else:
            kind = f"StyleGAN3, {table.architecture[-1].upper()}"
            channels = [f"{layer.out_size}: {layer.out_channels}" for layer in table.layers]
        lines = {
            "file": str(self.path),
            "format": _KINDS[self.format],
            "architecture": kind,
            "image": f"{table.size}x{table.size}, {table.image_channels} channels",
            "channels": ", ".join(channels),
            "codes": f"z {table.z_dim}, w {table.w_dim}, W+ {table.num_ws} rows, S {table.style_length}",
            "mapping": f"{table.mapping_layers} layers",
            "parameters": f"{self.parameters:,} ({', '.join(self.types)})",
            "size": f"{self.file_bytes:,} bytes",
            "sha256": self.sha256,
        }
        if table.c_dim:
            lines["classes"] = str(table.c_dim)
        return lines | ({"notes": "; ".join(self.notes)} if self.notes else {})


def inspect(source: str | Path) -> Inspection:
    """Say what the model `source`, a bundled name or a path, holds.

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    path = find_model(source)
    if sniff(path) == "pickle" and is_alias_free(content := read_pickled(path, "pickle")):
        other = read_alias_free(pick_network(content, str(path))[0])
        trained = alias_free_shapes(other.table, {})
        parameters = sum(math.prod(shape) for name, shape in trained.items() if not name.endswith(_BUFFERS))
        return _inspection(path, "nvlabs", other.table, parameters, weights=other.weights)
    contents = read_contents(path)
    parameters = sum(math.prod(shape) for shape in required_shapes(contents.table).values())
    notes = tuple(_notes(contents))
    return _inspection(path, contents.format, contents.table, parameters, weights=contents.weights, notes=notes)


def _inspection(
    path: Path,
    kind: Format,
    table: LayerTable | AliasFreeTable,
    parameters: int,
    *,
    weights: Mapping[str, Weight],
    notes: tuple[str, ...] = (),
) -> Inspection:
    types = tuple(sorted({weight.stored.dtype for weight in weights.values()}))
    return Inspection(path, kind, table, parameters, types, path.stat().st_size, file_digest(path), notes)


def _notes(contents: Contents) -> list[str]:
    table, notes = contents.table, []
    if base := contents.metadata.get("base"):
        notes.append(f"it is a small difference to the model '{base}'")
    if table.clamp is not None:
        notes.append(f"outputs of layers are kept within +-{table.clamp:g}")
    for name, value in (("layers", table.activation), ("mapping", table.mapping_activation)):
        if value != "lrelu":
            notes.append(f"the activation of the {name} is {value}")
    if not table.has_noise:
        notes.append("its layers add no noise")
    elif any(layer.noise_index is not None and f"{layer.name}.noise" not in contents.weights for layer in table.layers):
        notes.append("it has no noise: seeded noise is drawn for it")
    if "w_mean" not in contents.weights:
        notes.append("it has no mean of w: that of 10,000 seeded samples is taken")
    if contents.metadata.get("weights") in ("g", "G"):
        notes.append("it has no averaged generator: the one in training is taken")
    return notes
