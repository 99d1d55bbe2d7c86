"""Any model file -> one of ours, or of rosinality's programs; with a report of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fgraph._errors import ModelError
from fgraph.stylegan.inspection import Inspection, inspect

_SUFFIXES = (".safetensors", ".pt")


@dataclass(frozen=True)
class Conversion:
    """What was converted, and into what; `digest` is the SHA-256 of the tensors, which both hold."""

    source: Inspection
    target: Inspection
    digest: str

    def __str__(self) -> str:
        return f"{self.source}\n\nconverted to\n\n{self.target}\ndigest of the tensors: {self.digest}"


def convert(source: str | Path, target: str | Path, *, half: bool = False) -> Conversion:
    """Write the model `source` to `target`: a `.safetensors` of ours, or a `.pt` of rosinality and SOAT.

    Tensors are kept to the bit, but with `half`, which stores weights of a `.safetensors` in float16.

    Raises:
        ModelError: the source cannot be read, or is of a kind that the target cannot hold.
        SaveError: the target cannot be written.
    """
    path = Path(target).expanduser()
    if path.suffix.lower() not in _SUFFIXES:
        raise ModelError(f"{path}: models are converted to {' or '.join(_SUFFIXES)}, not to '{path.suffix}'")
    if half and path.suffix.lower() == ".pt":
        raise ModelError(f"{path}: half is for .safetensors; rosinality's programs read float32")
    found = inspect(source)
    if found.table.is_alias_free and path.suffix.lower() == ".pt":
        raise ModelError(
            f"{found.path}: is a StyleGAN3 network, which rosinality's programs cannot run; convert it to .safetensors"
        )
    if path.exists() and path.samefile(found.path):
        raise ModelError(f"{path}: is the model itself; give the result another name")
    digest = _write(found.path, path, half)
    return Conversion(found, inspect(path), digest)


def _write(source: Path, target: Path, half: bool) -> str:
    """Write the file; the digest of its tensors as they are in memory."""
    from fgraph.stylegan.alias_free.loading import load_model
    from fgraph.stylegan.checkpoint import save_generator
    from fgraph.stylegan.digest import content_digest
    from fgraph.stylegan.generator import Generator
    from fgraph.stylegan.rosinality_file import save_rosinality

    generator = load_model(source)
    if target.suffix.lower() == ".pt":
        assert isinstance(generator, Generator)
        save_rosinality(generator, target)
    else:
        save_generator(generator, target, half=half)
    # Statistics are measured, not part of the model: without them the digest is the same in every format.
    tensors = {name: value for name, value in generator.tensors.items() if name not in ("style_mean", "style_std")}
    return content_digest(tensors)
