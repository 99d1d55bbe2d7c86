"""Models that are another model and a small difference, as pivotal tuning makes them. Without torch.

A `.safetensors` file whose metadata say `format` `fgraph-stylegan2-delta`, `base` (a bundled name, a path, an address)
and `base_sha256` (of the base's file). For a tensor of ours it holds either `{name}.delta`, of the same shape, or
`{name}.up` [O, r] and `{name}.down` [r, I k k], whose product is added to the weight [O, I, k, k].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import Contents, Weight
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.checkpoints.sources import file_digest
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header

if TYPE_CHECKING:
    from torch import Tensor

DELTA_FORMAT = "fgraph-stylegan2-delta"
_KEPT = ("title", "license", "noise", "weights")  # metadata of the base that hold for the tuned model


def is_delta(path: Path) -> bool:
    """Whether a `.safetensors` file is a difference to another model.

    Raises:
        ModelError: it is damaged.
    """
    return read_tensor_header(path).metadata.get("format") == DELTA_FORMAT


def read_delta(path: Path, find: Callable[[str], Path], read_base: Callable[[Path], Contents]) -> Contents:
    """The contents of such a file: those of its base, with what is added.

    Raises:
        ModelError: the base is not there or is another, or the difference does not fit it.
    """
    header = read_tensor_header(path)
    named, digest = header.metadata.get("base", ""), header.metadata.get("base_sha256", "")
    base = read_base(_find_base(path, named, digest, find))
    weights = dict(base.weights)
    for name in sorted({key.rpartition(".")[0] for key in header.tensors}):
        if name not in weights:
            raise ModelError(f"{path}: changes '{name:.80}', which its base does not have")
        parts = [header.tensors.get(f"{name}.{part}") for part in ("delta", "up", "down")]
        _check(parts, weights[name], f"{path}: what it adds to '{name}'")
        weights[name] = _changed(weights[name], *parts)
    facts = {key: value for key, value in base.metadata.items() if key in _KEPT}
    return replace(
        base, weights=weights, metadata={**facts, "base": named, "origin": header.metadata.get("origin", "")}
    )


def _find_base(path: Path, named: str, digest: str, find: Callable[[str], Path]) -> Path:
    """The file of the base: where it was, else of that name beside the difference."""
    beside = path.parent / Path(named).name
    try:
        found = beside if beside.is_file() and not beside.samefile(path) else find(named)
    except (ModelError, OSError, RuntimeError) as error:  # RuntimeError: a home of nobody
        raise ModelError(
            f"{path}: is a difference to the model '{named}', which is not to be found: {error}"
        ) from error
    if found.samefile(path) or file_digest(found) != digest:
        raise ModelError(f"{path}: is a difference to another file than {found} is now (SHA-256 {digest:.12}...)")
    return found


def _check(parts: list[StoredTensor | None], weight: Weight, where: str) -> None:
    shapes = [None if part is None else part.shape for part in parts]
    rows, columns = weight.shape[0] if weight.shape else 1, math.prod(weight.shape[1:])
    whole = shapes == [weight.shape, None, None]
    up, down = shapes[1] or (), shapes[2] or ()
    factors = shapes[0] is None and len(up) == len(down) == 2 and (up[0], down[1], up[1]) == (rows, columns, down[0])
    if not whole and not factors:
        raise ModelError(f"{where} has shapes {shapes}, where {list(weight.shape)} or two factors of it belong")


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


def delta_facts(base: str, base_sha256: str, origin: str) -> Mapping[str, str]:
    """The metadata of such a file."""
    return {"format": DELTA_FORMAT, "format_version": "1", "base": base, "base_sha256": base_sha256, "origin": origin}
