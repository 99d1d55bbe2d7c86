"""The header of a model file: its format and its layer table. Without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from fgraph._downloads import is_url
from fgraph._errors import ModelError, nearest
from fgraph._files import open_file
from fgraph._paths import expanded
from fgraph.stylegan.checkpoints.contents import Contents, Format
from fgraph.stylegan.checkpoints.fgraph_file import DELTA_FORMAT, is_fgraph_file, read_fgraph_file
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.tensor_file import TensorFileHeader, read_tensor_header
from fgraph.stylegan.tables.base import Table

if TYPE_CHECKING:
    from fgraph.stylegan.checkpoints.pickles.files import Kind

# Functions import the readers of other programs' files: a run of a bundled model needs none of them.

BUNDLED = ("landscape", "avatar", "toon", "sketch", "landscape128")  # the models that come with the package
DEFAULT_MODEL = "landscape"

_BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
_EXPECTED = "expected a .safetensors, .pt, .pth, .ckpt, .pkl or .pdparams file of a StyleGAN2 or StyleGAN3"
_ZIP_MAGIC = b"PK\x03\x04"
_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number 0x1950a86a20f9469cfc6c, as torch.save pickles it
_MOST_DELTAS = 8  # length of a chain of deltas
_ATTEMPTS = 10  # attempts to read a file that is evicted from the cache meanwhile
_PICKLE_MAGICS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))

T = TypeVar("T")


@dataclass(frozen=True)
class ModelHeader:
    """The header of a model file, which is read without torch."""

    source: str  # the source as the user wrote it
    path: Path
    format: Format
    table: Table
    identity: str  # changes when the file does: path, size, time
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The bundled name, or the name of the file without its suffix."""
        return self.path.stem


def read_header(source: str | Path) -> ModelHeader:
    """Find a model and read its layer table, without torch and without the weights.

    Args:
        source: a bundled name, a path or a URL.

    Raises:
        ModelError: the model does not exist, or its file is damaged or of an unknown kind.
    """
    return read_model(source, lambda path: _read_header(str(source), path))


def read_model(source: str | Path, read: Callable[[Path], T]) -> T:
    """Return the result of a function of a model's file.

    If another process evicts the file of a URL from the cache meanwhile, it is downloaded again.

    Args:
        source: a bundled name, a path or a URL.
        read: takes the path of the file, and raises a `ModelError` or an `OSError` if the file is gone.

    Raises:
        ModelError: the model does not exist, or its file cannot be read.
    """
    for remaining in reversed(range(_ATTEMPTS if is_url(source) else 1)):
        path = find_model(source)
        try:
            return read(path)
        except ModelError:
            if path.exists() or not remaining:
                raise
        except OSError as error:
            if path.exists() or not remaining:
                raise ModelError(f"{path}: cannot be read: {error}") from error
    raise AssertionError


def _read_header(source: str, path: Path) -> ModelHeader:
    contents = read_contents(path)
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    identity = f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    return ModelHeader(source, path, contents.format, contents.table, identity, contents.metadata)


def find_model(source: str | Path) -> Path:
    """Return the file of a model; a URL is downloaded (see `fgraph.stylegan.checkpoints.sources`).

    Args:
        source: a bundled name, a path or a URL.

    Raises:
        ModelError: there is no such file; the message suggests bundled models with similar names.
    """
    if isinstance(source, str) and is_url(source):
        from fgraph.stylegan.checkpoints.sources import fetch_model

        return fetch_model(source)
    try:
        path = _bundled(str(source)) or expanded(source)
        if path.is_file():
            return path
        if path.exists():
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise ModelError(f"model '{source}' is {kind}; expected a .safetensors, .pt or .pkl file")
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise ModelError(f"model '{source}' cannot be read: {getattr(error, 'strerror', None) or error}") from error
    hint = nearest(str(source), BUNDLED)
    raise ModelError(
        f"there is no model '{source}': neither a file nor a bundled model (bundled are {', '.join(BUNDLED)})"
        + (f"; {hint}" if hint else "")
    )


def _bundled(name: str) -> Path | None:
    """Return the file of a bundled model, or None."""
    return _BUNDLED_FOLDER / f"{name}.safetensors" if name in BUNDLED else None


def read_contents(path: Path, deltas: int = _MOST_DELTAS) -> Contents:
    """Read the layer table of a model file, and the places of its tensors; without torch, and without the weights.

    Args:
        path: the file.
        deltas: the greatest length of a chain of deltas.

    Raises:
        ModelError: the file is damaged, hostile, or of an unknown kind.
    """
    kind = sniff(path)
    if kind == "safetensors":
        header = read_tensor_header(path)
        if header.metadata.get("format") == DELTA_FORMAT:
            return _read_delta(path, header, deltas)
        contents = (
            read_fgraph_file(path, header) if is_fgraph_file(header) else _pick_generator(dict(header.tensors), path)
        )
    else:
        from fgraph.stylegan.checkpoints.pickles.files import read_pickled

        contents = _pick_generator(read_pickled(path, kind), path)
    try:
        contents.check_size(path.stat().st_size, str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return contents


def _read_delta(path: Path, header: TensorFileHeader, deltas: int) -> Contents:
    """Read a delta and its base, which may itself be a delta."""
    from fgraph.stylegan.checkpoints.delta import read_delta

    if not deltas:
        raise ModelError(f"{path}: is a chain of more than {_MOST_DELTAS} deltas: convert its base to a whole model")
    return read_delta(path, header, _bundled, partial(read_contents, deltas=deltas - 1))


def _pick_generator(content: Any, path: Path) -> Contents:
    """Read the layer table of the generator in the value of a file."""
    from fgraph.stylegan.checkpoints.families.picking import read_value

    try:
        return read_value(content, str(path))
    except (PickleRefused, RecursionError, OSError) as error:
        raise ModelError(f"{path}: cannot be read safely: {error}") from error


def sniff(path: Path) -> Literal["safetensors"] | Kind:
    """Return the kind of a model file, from its first bytes.

    Raises:
        ModelError: the file cannot be read, or is of an unknown kind.
    """
    try:
        with open_file(path) as file:
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
