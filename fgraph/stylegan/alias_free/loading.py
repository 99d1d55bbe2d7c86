"""Loading a StyleGAN3 generator from NVlabs' pickle."""

from __future__ import annotations

from pathlib import Path

import torch

from fgraph._errors import ModelError
from fgraph.stylegan.alias_free.generator import AliasFreeGenerator
from fgraph.stylegan.alias_free.reading import is_alias_free, read_alias_free
from fgraph.stylegan.checkpoint import build_generator, load_generator, load_weights
from fgraph.stylegan.generator import Generator
from fgraph.stylegan.header import contents_of, find_model, sniff
from fgraph.stylegan.nvlabs import pick_network
from fgraph.stylegan.pickles.files import read_pickled
from fgraph.stylegan.statistics import w_mean


def load_model(
    source: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> Generator | AliasFreeGenerator:
    """Load a generator of either kind: a bundled name or a path.

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    path = find_model(source)
    if sniff(path) != "pickle":
        return load_generator(path, device, dtype)
    content = read_pickled(path, "pickle")
    if is_alias_free(content):
        return _load(content, path, device, dtype)
    contents = contents_of(content, path, "pickle")
    contents.check_size(path.stat().st_size, str(path))
    return build_generator(contents, path, device, dtype)


def load_alias_free(
    source: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> AliasFreeGenerator:
    """Load a StyleGAN3 generator.

    Raises:
        ModelError: there is no such file, or it holds another kind of network.
    """
    path = find_model(source)
    if sniff(path) != "pickle" or not is_alias_free(content := read_pickled(path, "pickle")):
        raise ModelError(f"{path}: holds no StyleGAN3 network; expected is a .pkl of NVlabs' stylegan3-t or -r")
    return _load(content, path, device, dtype)


def _load(content: object, path: Path, device: str | torch.device, dtype: torch.dtype) -> AliasFreeGenerator:
    network, chosen = pick_network(content, str(path))
    contents = read_alias_free(network)
    with torch.inference_mode(False):
        tensors, digest = load_weights(contents.weights, str(path), device, dtype, {})
        if "w_mean" not in tensors:
            tensors["w_mean"] = w_mean(contents.table.mapping, tensors).to(tensors["input.weight"])
    return AliasFreeGenerator(contents.table, path.stem, digest, tensors, {"format": "nvlabs", "weights": chosen})
