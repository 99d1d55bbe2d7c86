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
from fgraph.stylegan.tensors import Shape

_HEADER_LIMIT = 16 << 20  # bytes; ours have a few kB
_ITEM_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True)
class TensorFileHeader:
    """What a `.safetensors` file says of itself."""

    shapes: Mapping[str, Shape]
    metadata: Mapping[str, str]


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
    shapes = {name: _entry_shape(name, entry, size - 8 - length, path) for name, entry in header.items()}
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if end != size - 8 - length:
        raise _damaged(path, f"its tensors take {end} bytes, {size - 8 - length} are there")
    return TensorFileHeader(shapes, metadata)


def write_tensor_header(entries: Mapping[str, tuple[str, Shape]], metadata: Mapping[str, str]) -> bytes:
    """The first bytes of a file whose tensors (name -> dtype, shape) follow in the order of `entries`."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    position = 0
    for name, (dtype, shape) in entries.items():
        end = position + math.prod(shape) * _ITEM_SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the data is aligned
    return len(text).to_bytes(8, "little") + text


def _entry_shape(name: str, entry: Any, available: int, path: Path) -> Shape:
    try:
        shape, (start, end), item = entry["shape"], entry["data_offsets"], _ITEM_SIZES[entry["dtype"]]
        numbers_fit = all(type(n) is int and n >= 0 for n in [*shape, start, end])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"the entry of tensor '{name}' is not understood") from error
    if not numbers_fit or len(shape) > 8 or end > available or end - start != math.prod(shape) * item:
        raise _damaged(path, f"the entry of tensor '{name}' does not fit the file")
    return tuple(shape)


def _damaged(path: Path, detail: str) -> ModelError:
    return ModelError(f"{path}: is not a whole .safetensors file: {detail}; copy or download it again")
