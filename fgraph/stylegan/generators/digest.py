"""The digest of a set of tensors, which identifies a generator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class ContentDigest:
    """The SHA-256 of tensors' names, types, shapes and values, added in the order of names."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._last = ""

    def add(self, name: str, tensor: Tensor) -> None:
        """Add a tensor; its name must sort after all previous names."""
        assert name > self._last
        self._last = name
        kind = str(tensor.dtype).removeprefix("torch.")
        self._digest.update(f"{name}|{kind}|{list(tensor.shape)}\n".encode())
        self._digest.update(tensor_bytes(tensor))

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal digits."""
        return self._digest.hexdigest()


def content_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 (hex) of tensors' names, types, shapes and values, independent of their order and layout."""
    digest = ContentDigest()
    for name in sorted(tensors):
        digest.add(name, tensors[name])
    return digest.hexdigest()


def tensor_bytes(tensor: Tensor) -> memoryview:
    """Return the values of a tensor, row-major, as bytes."""
    values: Any = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return memoryview(values)
