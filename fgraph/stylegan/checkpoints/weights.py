"""Loading the weights of a model file, and writing fgraph's own `.safetensors` files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._errors import ModelError
from fgraph._log import get_logger
from fgraph.stylegan.checkpoints.contents import Weight
from fgraph.stylegan.checkpoints.fgraph_file import describe
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.stored import ITEM_SIZES, StoredTensor
from fgraph.stylegan.checkpoints.tensor_file import write_tensor_header
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.digest import ContentDigest, content_digest, tensor_bytes
from fgraph.stylegan.nn.stylegan2 import lay_out

_LOG = get_logger()
_KEPT_EXACT = (  # small, and inputs of further computations
    "w_mean", "style_mean", "style_std", ".transform", ".freqs", ".phases", ".magnitude_ema", "_filter",
)  # fmt: skip


def load_weights(
    weights: Mapping[str, Weight],
    metadata: Mapping[str, str],
    where: str,
    placement: tuple[str | torch.device, torch.dtype],
    layout: Mapping[str, int],
) -> tuple[dict[str, Tensor], str]:
    """Return the tensors, and the digest of the tensors as the file has them.

    All tensors are read through one buffer of the size of the largest, because the process would keep buffers of many
    sizes.

    Args:
        weights: the weights by fgraph's names.
        metadata: the metadata of the file; `sha256` is checked if it is there.
        where: the file, for messages.
        placement: the device and the type of the result.
        layout: the weights to lay out for speed, with the up-sampling factors of their layers.

    Raises:
        ModelError: the file has changed, or a tensor holds numbers that are not finite.
    """
    if (chosen := metadata.get("weights")) in ("g", "G"):
        _LOG.warning(
            "%s: has no averaged generator '%s_ema'; '%s' is loaded, with rougher images", where, chosen, chosen
        )
    if (assumed := metadata.get("assumed")) and not metadata.get("format", "").startswith("fgraph"):
        _LOG.warning("%s: does not state all settings; fgraph assumes: %s", where, assumed)
    _check_shared([one.stored for one in weights.values()], where)
    digest, tensors = ContentDigest(), {}
    largest = max((max(one.stored.extent_bytes, one.stored.nbytes) for one in weights.values()), default=0)
    scratch, contiguous = (torch.empty(largest, dtype=torch.uint8) for _ in range(2))
    for name in sorted(weights):
        try:
            value = weights[name].load(scratch)
        except (PickleRefused, OSError) as error:
            raise ModelError(f"{where}: its tensor for {name} {error}; copy or download the file again") from error
        if not value.is_contiguous():
            value = contiguous[: value.nbytes].view(value.dtype).view(value.shape).copy_(value)
        digest.add(name, value)
        value = value.to(*placement)
        value = lay_out(value, layout[name]) if name in layout else value
        tensors[name] = value.clone() if _shares(value, scratch) or _shares(value, contiguous) else value
    found = digest.hexdigest()
    if found != metadata.get("sha256", found):
        raise ModelError(f"{where}: its tensors have changed since it was saved (SHA-256 differs); copy it again")
    return tensors, found


def _check_shared(stored: Iterable[StoredTensor], where: str) -> None:
    """Refuse tensors that are views of the same numbers: in memory, they could take many times the file's size."""
    tensors = list(stored)
    storages = {id(one.storage): one.storage for one in tensors}.values()
    if sum(one.nbytes for one in tensors) > sum(one.items * ITEM_SIZES[one.dtype] for one in storages):
        raise ModelError(f"{where}: its tensors share their numbers and are larger than the file; save it again")


def _shares(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def save_generator(generator: Generator, path: str | Path, half: bool = False) -> None:
    """Write a generator, with its statistics, to one of fgraph's `.safetensors` files.

    The file appears whole or not at all. With `half`, weights and noise are stored in float16, which halves the file;
    statistics keep their type.

    Raises:
        ModelError: a weight does not fit float16.
        SaveError: the file cannot be written.
    """
    mean, std = generator.style_statistics()
    tensors = {**generator.tensors, "style_mean": mean, "style_std": std}
    if half:
        tensors = {key: value if key.endswith(_KEPT_EXACT) else _halve(key, value) for key, value in tensors.items()}
    metadata = {**generator.metadata, **describe(generator.table), "sha256": content_digest(tensors)}
    write_atomic(Path(path), encode_tensors(tensors, metadata))


def encode_tensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a `.safetensors` file. Equal tensors and metadata make equal bytes."""
    # Widest type first keeps every tensor aligned; names make the order deterministic.
    tensors = dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))
    entries = {key: (str(value.dtype).removeprefix("torch."), tuple(value.shape)) for key, value in tensors.items()}
    return b"".join([write_tensor_header(entries, metadata), *map(tensor_bytes, tensors.values())])


def _halve(key: str, value: Tensor) -> Tensor:
    half = value.to(torch.float16)
    if not torch.isfinite(half).all():
        raise ModelError(f"{key} holds numbers beyond the range of float16; save the generator with half=False")
    return half
