"""StyleGAN2 generators of PaddleGAN: rosinality's names, and dense weights of the shape [in, out]. Without torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_DENSE = re.compile(r"style\.\d+\.weight|.*\.modulation\.weight")


ASSUMED = "dense weights are [in, out], as PaddleGAN stores them"


def is_paddle(tensors: Mapping[str, StoredTensor]) -> bool | None:
    """Return whether dense weights are [in, out]; then an affine layer has a column for each channel of its layer.

    Where all widths are equal, the shapes do not decide, and the result is None.
    """
    for name, weight in tensors.items():
        affine = tensors.get(f"{name.removesuffix('.weight')}.modulation.weight")
        if affine is None or len(weight.shape) != 5 or len(affine.shape) != 2:
            continue
        if affine.shape[0] != affine.shape[1]:
            return affine.shape[1] == weight.shape[2]
    return None


def transposed(tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Return the tensors with dense weights [out, in], as views of the same numbers."""
    return {
        name: replace(one, shape=one.shape[::-1], stride=one.stride[::-1]) if _DENSE.fullmatch(name) else one
        for name, one in tensors.items()
    }
