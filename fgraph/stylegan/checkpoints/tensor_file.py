"""The header of a `.safetensors` file, read and written without torch.

Layout: 8 bytes little-endian length n, n bytes of JSON (name -> dtype, shape, data_offsets; `__metadata__` holds
strings), then the data without gaps. Our own writer keeps the metadata sorted, so equal models give equal files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.pickles.span import Span
from fgraph.stylegan.checkpoints.pickles.stored import ITEM_SIZES, Storage, StoredTensor, is_size, whole
from fgraph.stylegan.tables.base import Shape

_HEADER_LIMIT = 4 << 20  # bytes; ours have a few kB
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
_CODES = {name: code for code, name in _TYPES.items()}


@dataclass(frozen=True)
class TensorFileHeader:
    """What a `.safetensors` file says of itself."""

    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str]

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each tensor."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def read_tensor_header(path: Path) -> TensorFileHeader:
    """Read the header of `path` and check that it fits the size of the file.

    Raises:
        ModelError: the file is cut short, damaged, or no `.safetensors` file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(_HEADER_LIMIT, size - 8):
                raise _damaged(path, f"its header would be {length} bytes of {size}")
            header = json.loads(file.read(length))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not a mapping")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "its metadata are not strings")
    data = Span(path, 8 + length, size - 8 - length)
    tensors = {name: _entry(name, entry, data) for name, entry in header.items()}
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if end != size - 8 - length:
        raise _damaged(path, f"its tensors take {end} bytes, {size - 8 - length} are there")
    return TensorFileHeader(tensors, metadata)


def write_tensor_header(entries: Mapping[str, tuple[str, Shape]], metadata: Mapping[str, str]) -> bytes:
    """The first bytes of a file whose tensors (name -> type such as `float32`, shape) follow in that order."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    position = 0
    for name, (dtype, shape) in entries.items():
        end = position + math.prod(shape) * ITEM_SIZES[dtype]
        header[name] = {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the data is aligned
    return len(text).to_bytes(8, "little") + text


def _entry(name: str, entry: Any, data: Span) -> StoredTensor:
    try:
        shape, (start, end), dtype = tuple(entry["shape"]), entry["data_offsets"], _TYPES[entry["dtype"]]
        numbers_fit = all(is_size(number) for number in (*shape, start, end))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(data.path, f"the entry of tensor '{name:.60}' is not understood") from error
    items = math.prod(shape) if numbers_fit and len(shape) <= 8 else -1
    if items < 0 or end > data.length or end - start != items * ITEM_SIZES[dtype]:
        raise _damaged(data.path, f"the entry of tensor '{name:.60}' does not fit the file")
    return whole(Storage(data, dtype, items, start), shape)


def _damaged(path: Path, detail: str) -> ModelError:
    return ModelError(f"{path}: is not a whole .safetensors file: {detail}; copy or download it again")
