"""Loading a generator of either kind."""

from __future__ import annotations

from pathlib import Path

import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.header import ModelHeader
from fgraph.stylegan.checkpoints.weights import build_generator, load_weights, read_again
from fgraph.stylegan.generators.statistics import w_mean
from fgraph.stylegan.generators.stylegan2 import Generator
from fgraph.stylegan.generators.stylegan3 import AliasFreeGenerator
from fgraph.stylegan.tables.stylegan3 import AliasFreeTable

AnyGenerator = Generator | AliasFreeGenerator


def load_model(
    source: ModelHeader | str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> AnyGenerator:
    """Load a generator of either kind: a bundled name, a path, or a header that was read before.

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    contents, path = read_again(source)
    if isinstance(contents.table, AliasFreeTable):
        return _build(contents, contents.table, path, device, dtype)
    return build_generator(contents, path, device, dtype)


def load_alias_free(
    source: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> AliasFreeGenerator:
    """Load a StyleGAN3 generator.

    Raises:
        ModelError: there is no such file, or it holds another kind of network.
    """
    contents, path = read_again(source)
    if not isinstance(contents.table, AliasFreeTable):
        raise ModelError(f"{path}: holds no StyleGAN3 network; expected is NVlabs' stylegan3-t or -r")
    return _build(contents, contents.table, path, device, dtype)


def _build(
    contents: Contents, table: AliasFreeTable, path: Path, device: str | torch.device, dtype: torch.dtype
) -> AliasFreeGenerator:
    with torch.inference_mode(False):
        tensors, digest = load_weights(contents.weights, contents.metadata, str(path), (device, dtype), {})
        if "w_mean" not in tensors:
            tensors["w_mean"] = w_mean(table, tensors).to(tensors["input.weight"])
    return AliasFreeGenerator(table, path.stem, digest, tensors, dict(contents.metadata), path)
