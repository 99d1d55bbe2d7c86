"""What can be known of a model file without torch: its format and its layer table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fgraph._errors import ModelError, nearest
from fgraph._paths import expanded
from fgraph.stylegan.checkpoints.contents import Contents, Format
from fgraph.stylegan.checkpoints.delta import is_delta, read_delta
from fgraph.stylegan.checkpoints.nvlabs import read_nvlabs
from fgraph.stylegan.checkpoints.own_file import read_own
from fgraph.stylegan.checkpoints.pickles.files import Kind, read_pickled
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.sources import fetch_model, is_address
from fgraph.stylegan.checkpoints.stylegan3_nvlabs import is_stylegan3, read_stylegan3
from fgraph.stylegan.checkpoints.tensorflow import is_tensorflow, read_tensorflow
from fgraph.stylegan.tables.base import Table

BUNDLED = ("landscape", "avatar", "toon", "landscape128")  # the models that come with the package
DEFAULT_MODEL = "landscape"

_BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
_EXPECTED = "expected is a .safetensors file of fgraph, a rosinality / SOAT .pt checkpoint, or an NVlabs .pkl"
_ZIP_MAGIC = b"PK\x03\x04"
_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number 0x1950a86a20f9469cfc6c, as torch.save pickles it
_PICKLE_MAGICS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


@dataclass(frozen=True)
class ModelHeader:
    """A model file, as far as it is known without torch."""

    source: str  # what the user wrote
    path: Path
    format: Format
    table: Table
    identity: str  # changes when the file does: path, size, time
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name: the bundled name, or the file's without its suffix."""
        return self.path.stem


def read_header(source: str | Path) -> ModelHeader:
    """Find the model `source`, the name of a bundled one or a path, and read its layer table.

    Torch is not loaded, and no weights are read.

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    path = find_model(source)
    contents = read_contents(path)
    stat = path.stat()
    identity = f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    return ModelHeader(str(source), path, contents.format, contents.table, identity, contents.metadata)


def find_model(source: str | Path) -> Path:
    """The file that `source` names: a bundled model, a path, or an address (see `fgraph.stylegan.checkpoints.sources`).

    Raises:
        ModelError: there is none; near bundled names are suggested.
    """
    if isinstance(source, str) and is_address(source):
        return fetch_model(source)
    if isinstance(source, str) and source in BUNDLED:
        path = _BUNDLED_FOLDER / f"{source}.safetensors"
    else:
        path = expanded(source)
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelError(f"model '{source}' is a directory; expected is a .safetensors, .pt or .pkl file")
    hint = nearest(str(source), BUNDLED)
    raise ModelError(
        f"there is no model '{source}': neither a file nor a bundled model (bundled are {', '.join(BUNDLED)})"
        + (f"; {hint}" if hint else "")
    )


def read_contents(path: Path) -> Contents:
    """What a model file holds: its table, and where its tensors stand; weights are not read, nor torch loaded.

    Raises:
        ModelError: the file is damaged, hostile, or of a kind that is not understood.
    """
    kind = sniff(path)
    if kind == "safetensors" and is_delta(path):
        return read_delta(path, find_model, read_contents)
    contents = read_own(path) if kind == "safetensors" else contents_of(read_pickled(path, kind), path, kind)
    contents.check_size(path.stat().st_size, str(path))
    return contents


def contents_of(content: Any, path: Path, kind: Kind) -> Contents:
    """What the value of a pickled file says of its generator.

    Raises:
        ModelError: it holds none, or one that does not run here.
    """
    where = str(path)
    try:
        if kind != "pickle":
            return read_rosinality(content, where)
        if is_stylegan3(content):
            return read_stylegan3(content, where)
        return read_tensorflow(content, where) if is_tensorflow(content) else read_nvlabs(content, where)
    except (Refused, RecursionError) as error:
        raise ModelError(f"{where}: cannot be read safely: {error}") from error


def sniff(path: Path) -> Literal["safetensors"] | Kind:
    """The kind of a file, from its first bytes.

    Raises:
        ModelError: it cannot be read, or is of none of the kinds that models come in.
    """
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
    if start.startswith(_PICKLE_MAGICS):
        return "pickle"
    found = "is empty" if not start else f"starts with {start[:8]!r}"
    raise ModelError(f"{path}: {found}; {_EXPECTED}")
