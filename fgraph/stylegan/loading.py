"""Loading generators from model files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.header import ModelHeader, read_contents, read_model
from fgraph.stylegan.checkpoints.weights import load_weights
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.statistics import w_mean
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Table


def load_generator(
    source: ModelHeader | str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> Generator:
    """Load a generator of either architecture.

    Args:
        source: a bundled name, a path, a URL, or a header that `read_header` returned.
        device: the device of the tensors.
        dtype: the dtype of the tensors.

    Raises:
        ModelError: the model does not exist, has changed since its header was read, or cannot be read.
    """
    if not isinstance(source, ModelHeader):
        return read_model(source, lambda path: _load(path, None, (device, dtype)))
    if source.path.exists():
        try:
            return _load(source.path, source.table, (device, dtype))
        except ModelError:
            if source.path.exists():
                raise
    return read_model(source.source, lambda path: _load(path, source.table, (device, dtype)))


def _load(path: Path, expected: Table | None, placement: tuple[str | torch.device, torch.dtype]) -> Generator:
    contents = read_contents(path)
    if expected is not None and contents.table != expected:
        raise ModelError(f"{path}: has changed since its header was read; run again")
    build = _build_stylegan3 if isinstance(contents.table, StyleGAN3Table) else _build_stylegan2
    with torch.inference_mode(False):  # see complete_tensors
        return replace(build(contents, path, placement), path=path)


def load_stylegan2(
    source: ModelHeader | str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> StyleGAN2Generator:
    """Load a StyleGAN2 generator, as `load_generator` does.

    Raises:
        ModelError: the model cannot be read, or is of another architecture.
    """
    found = load_generator(source, device, dtype)
    if not isinstance(found, StyleGAN2Generator):
        raise ModelError(f"{found.path}: is a StyleGAN3 network; expected a StyleGAN2")
    return found


def _build_stylegan2(contents: Contents, path: Path, placement: tuple[str | torch.device, torch.dtype]) -> Generator:
    table = contents.table
    assert isinstance(table, StyleGAN2Table)
    layout = {f"{layer.name}.weight": layer.up for layer in table.layers[1:]}
    tensors, digest = load_weights(contents.weights, contents.metadata, str(path), placement, layout)
    return StyleGAN2Generator.from_tensors(table, tensors, name=path.stem, digest=digest, metadata=contents.metadata)


def _build_stylegan3(contents: Contents, path: Path, placement: tuple[str | torch.device, torch.dtype]) -> Generator:
    table = contents.table
    assert isinstance(table, StyleGAN3Table)
    tensors, digest = load_weights(contents.weights, contents.metadata, str(path), placement, {})
    if "w_mean" not in tensors:
        tensors["w_mean"] = w_mean(table, tensors).to(tensors["input.weight"])
    return StyleGAN3Generator(table, path.stem, digest, tensors, dict(contents.metadata))
