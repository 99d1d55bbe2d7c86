"""Loading generators from files, saving them to our own.

A file of ours is a `.safetensors` file with the tensors of `fgraph.stylegan.tensors` (all of them, statistics
included) and these metadata, all strings:

| key | is |
| --- | --- |
| `format`, `format_version` | `fgraph-stylegan2`, `1` |
| `architecture`, `size`, `channels`, `image_channels` | `skip`, pixels, JSON {resolution: channels}, 3 |
| `z_dim`, `w_dim`, `mapping_layers` | the mapping network |
| `sha256` | digest of the tensors as stored, checked when they are loaded |
| `noise` | `stored`, or `seeded` if the noise was drawn because the original had none |
| `title`, `license`, `origin` | for people |
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from fgraph._errors import ModelError, SaveError
from fgraph.stylegan.digest import content_digest, tensor_bytes
from fgraph.stylegan.generator import Generator
from fgraph.stylegan.header import FORMAT, FORMAT_VERSION, ModelHeader, read_header
from fgraph.stylegan.layers import LayerTable
from fgraph.stylegan.rosinality import FILTERS, key_map, our_shape, pick_state
from fgraph.stylegan.tensor_file import write_tensor_header
from fgraph.stylegan.torch_file import read_torch_file

_DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}
_KEPT_EXACT = ("w_mean", "style_mean", "style_std")  # small, and others compute with them


def load_generator(
    source: ModelHeader | str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> Generator:
    """Load the generator that `source` names: a bundled name, a path, or a header that was read before.

    Raises:
        ModelError: there is no such model, or its file is damaged or of a kind that is not understood.
    """
    header = source if isinstance(source, ModelHeader) else read_header(source)
    where = str(header.path)
    with torch.inference_mode(False):  # see complete_tensors
        stored = _read_own(header) if header.format == "safetensors" else _read_rosinality(header.path, header.table)
        digest = content_digest(stored)
        if digest != header.metadata.get("sha256", digest):
            raise ModelError(f"{where}: its tensors are not those it was saved with (SHA-256 differs); copy it again")
        tensors = {key: value.to(device, dtype) for key, value in stored.items()}
        return Generator.from_tensors(header.table, tensors, name=header.name, digest=digest, metadata=header.metadata)


def save_generator(generator: Generator, path: str | Path, half: bool = False) -> None:
    """Write a generator, with its statistics, to a `.safetensors` file of ours; the file appears whole or not at all.

    With `half`, weights and noise are stored in float16, which halves the file; statistics stay as they are.

    Raises:
        ModelError: a weight does not fit float16.
        SaveError: the file cannot be written.
    """
    mean, std = generator.style_statistics()
    tensors = {**generator.tensors, "style_mean": mean, "style_std": std}
    if half:
        tensors = {key: value if key in _KEPT_EXACT else _halve(key, value) for key, value in tensors.items()}
    # Widest type first keeps every tensor aligned; the rest of the order only has to be the same each time.
    tensors = dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))
    metadata = {**generator.metadata, **_describe(generator.table), "sha256": content_digest(tensors)}
    entries = {key: (_DTYPES[value.dtype], tuple(value.shape)) for key, value in tensors.items()}
    _write_atomic(Path(path), [write_tensor_header(entries, metadata), *map(tensor_bytes, tensors.values())])


def _read_own(header: ModelHeader) -> dict[str, Tensor]:
    try:
        return load_file(header.path)
    except Exception as error:  # the library's own errors are of several kinds
        raise ModelError(f"{header.path}: cannot be read: {error}; copy or download it again") from error


def _read_rosinality(path: Path, table: LayerTable) -> dict[str, Tensor]:
    state, mean = pick_state(read_torch_file(path), str(path))
    _check_filters(state, str(path))
    tensors = {}
    for ours, theirs in key_map(table).items():
        if theirs in state:
            value = state[theirs].detach()  # state dicts of parameters exist
            tensors[ours] = value.reshape(our_shape(theirs, tuple(value.shape))).clone()
    if mean is not None:
        if not isinstance(mean, Tensor) or mean.numel() != table.w_dim:
            raise ModelError(f"{path}: 'latent_avg' is no vector of {table.w_dim} numbers; expected is the mean of w")
        tensors["w_mean"] = mean.detach().reshape(-1).clone()
    return tensors


def _check_filters(state: Mapping[str, Any], where: str) -> None:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    expected = torch.outer(taps, taps) / 16
    for key in filter(FILTERS.fullmatch, state):
        if state[key].shape != (4, 4) or not torch.allclose(state[key].float(), expected, atol=1e-5):
            raise ModelError(f"{where}: '{key}' is not the filter [1, 3, 3, 1]; generators with others do not run here")


def _describe(table: LayerTable) -> dict[str, str]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "architecture": table.architecture,
        "size": str(table.size),
        "channels": json.dumps(dict(table.channels)),
        "image_channels": str(table.image_channels),
        "z_dim": str(table.z_dim),
        "w_dim": str(table.w_dim),
        "mapping_layers": str(table.mapping_layers),
    }


def _halve(key: str, value: Tensor) -> Tensor:
    half = value.to(torch.float16)
    if not torch.isfinite(half).all():
        raise ModelError(f"{key} holds numbers that float16 cannot; save the generator with half=False")
    return half


def _write_atomic(path: Path, parts: list[bytes | memoryview]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.writelines(parts)
                file.close()
                os.chmod(file.name, 0o644)  # temporary files are private
                os.replace(file.name, path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SaveError(f"{path}: cannot be written: {error}") from error
