"""The digest of a set of tensors: what tells one generator from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class ContentDigest:
    """SHA-256 of tensors' names, types, shapes and values, whatever their layout in memory; add them by name."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._last = ""

    def add(self, name: str, tensor: Tensor) -> None:
        """Take in one tensor, whose name comes after those before."""
        assert name > self._last
        self._last = name
        kind = str(tensor.dtype).removeprefix("torch.")
        self._digest.update(f"{name}|{kind}|{list(tensor.shape)}\n".encode())
        self._digest.update(tensor_bytes(tensor))

    def hexdigest(self) -> str:
        """The digest of all that was added."""
        return self._digest.hexdigest()


def content_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) of the tensors' names, types, shapes and values, whatever their order and layout in memory."""
    digest = ContentDigest()
    for name in sorted(tensors):
        digest.add(name, tensors[name])
    return digest.hexdigest()


def tensor_bytes(tensor: Tensor) -> memoryview:
    """The values of a tensor, row-major, as they stand in a file."""
    values: Any = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return memoryview(values)
