"""Conversion of a model file to fgraph's `.safetensors`, or to rosinality's `.pt`, with a report of both files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fgraph._errors import ModelError
from fgraph._paths import expanded
from fgraph.stylegan.checkpoints.families.rosinality import widths_note
from fgraph.stylegan.checkpoints.inspection import Inspection, inspect
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table

if TYPE_CHECKING:
    from fgraph.stylegan.generators.base import Generator

_SUFFIXES = (".safetensors", ".pt")


@dataclass(frozen=True)
class Conversion:
    """The source and the target of a conversion; digests are the SHA-256 of the tensors of each, read as float32."""

    source: Inspection
    target: Inspection
    source_digest: str
    digest: str  # digest of the target file, which is read again after writing
    note: str = ""  # requirements of another program for loading the target

    @property
    def exact(self) -> bool:
        """True if the target holds exactly the numbers of the source."""
        return self.digest == self.source_digest

    def __str__(self) -> str:
        text = f"digest of the tensors of both: {self.digest}"
        if not self.exact:
            text = f"digest of the tensors of the source: {self.source_digest}\nrounded to float16: {self.digest}"
        text += f"\nnote: {self.note}" if self.note else ""
        return f"{self.source}\n\nconverted to\n\n{self.target}\n{text}"


def convert(source: str | Path, target: str | Path, *, half: bool = False) -> Conversion:
    """Write a model as a `.safetensors` of fgraph, or as a `.pt` of rosinality and SOAT.

    Tensors are copied bit by bit, unless `half` stores the weights of a `.safetensors` in float16.

    Args:
        source: a bundled name, a path or a URL.
        target: the file to write; its suffix chooses the format.
        half: whether to store weights in float16.

    Raises:
        ModelError: the source cannot be read, or the format of the target has no place for it.
        SaveError: the target cannot be written.
    """
    path = checked_target(target, half=half)
    found = inspect(source)
    if path.exists() and path.resolve() == found.path.resolve():
        raise ModelError(f"{path}: is the model itself; give the result another name")
    from fgraph.stylegan.loading import load_generator

    generator = load_generator(source)
    write_generator(generator, path, half=half)
    report = Conversion(found, inspect(path), digest_of(generator), _digest(path), target_note(found.table, path))
    if not report.exact and not half:
        raise ModelError(f"{path}: differs from what was written to it; check the disk and convert again")
    return report


def checked_target(target: str | Path, *, half: bool = False) -> Path:
    """Return the path of a model file to write.

    Raises:
        ModelError: its suffix names no format that fgraph writes, or none with weights in float16.
    """
    path = expanded(target)
    if path.suffix.lower() not in _SUFFIXES:
        raise ModelError(f"{path}: models are written to {' or '.join(_SUFFIXES)}, not to '{path.suffix}'")
    if half and path.suffix.lower() == ".pt":
        raise ModelError(f"{path}: half is for .safetensors; rosinality's programs read float32")
    return path


def write_generator(generator: Generator, path: Path, *, half: bool = False) -> None:
    """Write a generator in the format that the suffix of the path names.

    Raises:
        ModelError: the format has no place for the generator.
        SaveError: the file cannot be written.
    """
    from fgraph.stylegan.checkpoints.rosinality_file import save_rosinality
    from fgraph.stylegan.checkpoints.weights import save_generator
    from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator

    if path.suffix.lower() != ".pt":
        save_generator(generator, path, half=half)
    elif isinstance(generator, StyleGAN2Generator):
        save_rosinality(generator, path)
    else:
        raise ModelError(
            f"{generator.path or generator.name}: is a StyleGAN3 network, which rosinality's programs do not run; "
            "write it to .safetensors"
        )


def target_note(table: Table, path: Path) -> str:
    """Return what another program needs to load the written file, or "" if it needs nothing."""
    return widths_note(table) if path.suffix.lower() == ".pt" and isinstance(table, StyleGAN2Table) else ""


def _digest(path: Path) -> str:
    from fgraph.stylegan.loading import load_generator

    return digest_of(load_generator(path))


def digest_of(generator: Generator) -> str:
    """Return the SHA-256 of a generator's tensors, without statistics."""
    from fgraph.stylegan.generators.digest import content_digest

    # Statistics are measured, and not part of the model. Without them, the digest is the same in every format.
    tensors = {name: value for name, value in generator.tensors.items() if name not in ("style_mean", "style_std")}
    return content_digest(tensors)
