"""Deltas: models that are stored as a small difference to a base model, as pivotal tuning makes them. Without torch.

A delta is a `.safetensors` file. Its metadata are `format` (`fgraph-stylegan2-delta`), `base` (a file name, or the name
of a bundled model) and `base_sha256` (of the base's file). For a tensor, it holds either `{name}.delta`, of the same
shape, or `{name}.up` [O, r] and `{name}.down` [r, I k k], whose product is added to the weight [O, I, k, k].
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import Contents, Weight
from fgraph.stylegan.checkpoints.fgraph_file import DELTA_FORMAT
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.checkpoints.sources import file_digest, find_by_digest
from fgraph.stylegan.checkpoints.tensor_file import TensorFileHeader

if TYPE_CHECKING:
    from torch import Tensor

_INHERITED = ("title", "license", "noise", "weights")  # metadata of the base that apply to the changed model too


def read_delta(
    path: Path,
    header: TensorFileHeader,
    bundled: Callable[[str], Path | None],
    read_base: Callable[[Path], Contents],
) -> Contents:
    """Return the contents of the base of a delta, changed by the delta.

    Args:
        path: the file of the delta.
        header: the header of that file.
        bundled: returns the file of a bundled model, or None.
        read_base: reads the base.

    Raises:
        ModelError: the base is missing or has another digest, or the delta does not fit it.
    """
    named, digest = header.metadata.get("base", ""), header.metadata.get("base_sha256", "")
    base = read_base(_find_base(path, named, digest, bundled))
    weights = dict(base.weights)
    for name in sorted({key.rpartition(".")[0] for key in header.tensors}):
        if name not in weights:
            raise ModelError(f"{path}: changes '{show(name)}', which its base does not have")
        parts = [header.tensors.get(f"{name}.{part}") for part in ("delta", "up", "down")]
        _check(parts, weights[name], f"{path}: what it adds to '{name}'")
        weights[name] = _changed(weights[name], *parts)
    facts = {key: value for key, value in base.metadata.items() if key in _INHERITED}
    return replace(
        base, weights=weights, metadata={**facts, "base": named, "origin": header.metadata.get("origin", "")}
    )


def _find_base(path: Path, named: str, digest: str, bundled: Callable[[str], Path | None]) -> Path:
    """Return the file of the base: beside the delta, a bundled one, or in the cache by its digest.

    The name is never used as a path or a URL, because a file must not choose which other files or servers are
    read.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ModelError(f"{path}: is a delta without the SHA-256 of its base; save it again")
    beside = path.parent / Path(named.replace("\\", "/")).name
    try:
        there = [one for one in (beside, bundled(named)) if one is not None and one.is_file()]
        for one in there:
            if not one.samefile(path) and file_digest(one) == digest:
                return one
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: is a delta to '{show(named)}', which cannot be read: {error}") from error
    if (found := find_by_digest(digest)) is not None:
        return found
    if there:
        raise ModelError(f"{path}: is a delta to another version of {there[0]} (SHA-256 {digest[:12]}...)")
    raise ModelError(
        f"{path}: is a delta to '{show(named)}', which is neither beside it, nor bundled, nor in the cache; copy it "
        "there, or fetch it first if it has a URL (mode=inspect model=URL)"
    )


def _check(parts: list[StoredTensor | None], weight: Weight, where: str) -> None:
    shapes = [None if part is None else part.shape for part in parts]
    rows, columns = weight.shape[0] if weight.shape else 1, math.prod(weight.shape[1:])
    whole = shapes == [weight.shape, None, None]
    up, down = shapes[1] or (), shapes[2] or ()
    factors = shapes[0] is None and len(up) == len(down) == 2 and (up[0], down[1], up[1]) == (rows, columns, down[0])
    if not whole and not factors:
        raise ModelError(f"{where} has shapes {shapes}; expected {list(weight.shape)} or two factors of it")


def _changed(weight: Weight, delta: StoredTensor | None, up: StoredTensor | None, down: StoredTensor | None) -> Weight:
    def change(value: Tensor) -> Tensor:
        value = (value if weight.change is None else weight.change(value)).reshape(weight.shape)
        if delta is not None:
            return value.float() + Weight(delta, delta.shape).load().float()
        assert up is not None
        assert down is not None
        product = Weight(up, up.shape).load().float() @ Weight(down, down.shape).load().float()
        return value.float() + product.view(weight.shape)

    return Weight(weight.stored, weight.shape, change)


def delta_metadata(base: str, base_sha256: str, origin: str) -> Mapping[str, str]:
    """Return the metadata of a delta."""
    return {"format": DELTA_FORMAT, "format_version": "1", "base": base, "base_sha256": base_sha256, "origin": origin}
