"""What can be known of a model file without torch: its format and its layer table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fgraph._errors import ModelError, nearest
from fgraph.stylegan.layers import LayerTable
from fgraph.stylegan.rosinality import infer_table, pick_state
from fgraph.stylegan.tensor_file import read_tensor_header
from fgraph.stylegan.tensors import check_shapes
from fgraph.stylegan.torch_zip import TensorShape, read_zip_shapes

BUNDLED = ("landscape", "avatar")  # the models that come with the package
DEFAULT_MODEL = "landscape"
FORMAT = "fgraph-stylegan2"  # the metadata key "format" of our own files
FORMAT_VERSION = "1"

LARGEST_BLOCKS = 11  # 4096 pixels

_BUNDLED_FOLDER = Path(__file__).parent / "bundled"
_EXPECTED = "expected is a .safetensors file of fgraph, or a rosinality / SOAT .pt checkpoint"
_ZIP_MAGIC = b"PK\x03\x04"
_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number 0x1950a86a20f9469cfc6c, as torch.save pickles it


@dataclass(frozen=True)
class ModelHeader:
    """A model file, as far as it is known without torch."""

    source: str  # what the user wrote
    path: Path
    format: Literal["safetensors", "rosinality"]
    table: LayerTable
    identity: str  # changes when the file does: path, size, time
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name: the bundled name, or the file's without its suffix."""
        return self.path.stem


def read_header(source: str | Path) -> ModelHeader:
    """Find the model `source`, the name of a bundled one or a path, and read its layer table.

    Torch is loaded for one kind of file only, checkpoints older than torch 1.6 (not zip files).

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    path = find_model(source)
    kind = _sniff(path)
    stat = path.stat()
    identity = f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    if kind == "safetensors":
        table, metadata = _read_own(path)
        return ModelHeader(str(source), path, "safetensors", table, identity, metadata)
    return ModelHeader(str(source), path, "rosinality", _read_torch(path, kind), identity, {"format": "rosinality"})


def find_model(source: str | Path) -> Path:
    """The file that `source` names.

    Raises:
        ModelError: there is none; near bundled names are suggested.
    """
    if isinstance(source, str) and source in BUNDLED:
        path = _BUNDLED_FOLDER / f"{source}.safetensors"
    else:
        path = Path(source).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelError(f"model '{source}' is a directory; expected is a .safetensors or .pt file")
    hint = nearest(str(source), BUNDLED)
    raise ModelError(
        f"there is no model '{source}': neither a file nor a bundled model (bundled are {', '.join(BUNDLED)})"
        + (f"; {hint}" if hint else "")
    )


def table_of(metadata: Mapping[str, str], where: str) -> LayerTable:
    """The layer table that the metadata of one of our files describe.

    Raises:
        ModelError: the file is not one of ours, is of a later version, or its metadata are not understood.
    """
    if metadata.get("format") != FORMAT:
        raise ModelError(
            f"{where}: is a .safetensors file, but not of an fgraph generator (its metadata say format "
            f"{metadata.get('format')!r}, expected is '{FORMAT}'); load the original .pt instead"
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        version = metadata.get("format_version")
        raise ModelError(f"{where}: is of format version {version}; this fgraph reads {FORMAT_VERSION}: update fgraph")
    try:
        channels = {int(resolution): int(count) for resolution, count in json.loads(metadata["channels"]).items()}
        table = LayerTable(
            size=int(metadata["size"]),
            channels=tuple(sorted(channels.items())),
            z_dim=int(metadata["z_dim"]),
            w_dim=int(metadata["w_dim"]),
            mapping_layers=int(metadata["mapping_layers"]),
            image_channels=int(metadata["image_channels"]),
        )
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{where}: its metadata are not understood: {error!r}") from error
    if metadata.get("architecture") != table.architecture:
        found = metadata.get("architecture")
        raise ModelError(f"{where}: its architecture is {found!r}; this fgraph runs '{table.architecture}'")
    _check_numbers(table, where)
    return table


def _check_numbers(table: LayerTable, where: str) -> None:
    resolutions = [resolution for resolution, _ in table.channels]
    doubling = [4 << i for i in range(len(resolutions))]
    widths = [count for _, count in table.channels]
    counts = [*widths, table.z_dim, table.w_dim, table.mapping_layers, table.image_channels]
    if not 1 <= len(resolutions) <= LARGEST_BLOCKS or resolutions != doubling or table.size != resolutions[-1]:
        raise ModelError(f"{where}: has resolutions {resolutions} for {table.size} pixels; expected are 4, 8, ... size")
    if not all(1 <= count <= 1 << 16 for count in counts):
        raise ModelError(f"{where}: its channels or dimensions are out of range (1 to 65536): {counts}")


def _read_own(path: Path) -> tuple[LayerTable, Mapping[str, str]]:
    header = read_tensor_header(path)
    table = table_of(header.metadata, str(path))
    check_shapes(header.shapes, table, str(path))
    return table, header.metadata


def _read_torch(path: Path, kind: Literal["zip", "legacy"]) -> LayerTable:
    where = str(path)
    if kind == "zip":
        state, _ = pick_state(read_zip_shapes(path), where)
        shapes = {str(key): value.shape for key, value in state.items() if isinstance(value, TensorShape)}
    else:
        # The shapes of a legacy file stand in nested pickles that only torch reads.
        from fgraph.stylegan.torch_file import read_torch_file

        state, _ = pick_state(read_torch_file(path), where)
        shapes = {str(key): tuple(value.shape) for key, value in state.items() if hasattr(value, "shape")}
    return infer_table(shapes, where)


def _sniff(path: Path) -> Literal["safetensors", "zip", "legacy"]:
    """The kind of file, from its first bytes; the suffix decides only what an error says."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    if start.startswith(_ZIP_MAGIC):
        return "zip"
    if start[8:9] == b"{" or path.suffix == ".safetensors":
        return "safetensors"
    if _LEGACY_MAGIC in start:
        return "legacy"
    if path.suffix == ".pkl" or start[:1] == b"\x80":
        raise ModelError(f"{path}: looks like an NVlabs pickle, which this version does not read yet; {_EXPECTED}")
    found = "is empty" if not start else f"starts with {start[:8]!r}"
    raise ModelError(f"{path}: {found}; {_EXPECTED}")
