"""The header of a `.safetensors` file, read and written without torch.

Layout: a length n, 8 bytes little-endian; n bytes of JSON (name -> dtype, shape, data_offsets; `__metadata__` holds
strings); then the data. Tensors are consecutive, without gaps and without overlaps. The writer here sorts the metadata,
so that equal models make equal files.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._errors import ModelError, show
from fgraph._files import open_file
from fgraph._limits import TENSOR_HEADER
from fgraph._paths import as_text
from fgraph.stylegan.checkpoints.pickles.span import Span
from fgraph.stylegan.checkpoints.pickles.stored import ITEM_SIZES, Storage, StoredTensor, is_size, whole
from fgraph.stylegan.tables.base import Shape

_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
_CODES = {name: code for code, name in _TYPES.items()}


@dataclass(frozen=True)
class TensorFileHeader:
    """The header of a `.safetensors` file: its tensors by name, and its metadata."""

    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str]

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of the tensors by name."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def read_tensor_header(path: Path) -> TensorFileHeader:
    """Read the header of a `.safetensors` file, and check it against the size of the file.

    Raises:
        ModelError: the file cannot be read, is cut short or damaged, or its tensors overlap.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(TENSOR_HEADER, size - 8):
                raise _damaged(path, f"its header would take {length} bytes, but the file has {size}")
            header = json.loads(file.read(length).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not a mapping")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "its metadata are not strings")
    data = Span(path, 8 + length, size - 8 - length)
    tensors = {name: _entry(name, entry, data) for name, entry in header.items()}
    end = 0
    for start, stop in sorted(entry["data_offsets"] for entry in header.values()):
        if start != end:
            raise _damaged(path, f"a tensor starts at byte {start}, but should start at byte {end}")
        end = stop
    if end != data.length:
        raise _damaged(path, f"its tensors take {end} bytes, but the file has {data.length}")
    return TensorFileHeader(tensors, metadata)


def write_tensor_header(entries: Mapping[str, tuple[str, Shape]], metadata: Mapping[str, str]) -> bytes:
    """Return the first bytes of a file.

    Args:
        entries: the type (such as `float32`) and the shape of each tensor by name, in the order of the data.
        metadata: strings by name.
    """
    header: dict[str, Any] = {"__metadata__": {name: as_text(value) for name, value in sorted(metadata.items())}}
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
        raise _damaged(data.path, f"the entry of tensor '{show(name)}' is not understood") from error
    items = math.prod(shape) if numbers_fit and len(shape) <= 8 else -1
    if items < 0 or end > data.length or end - start != items * ITEM_SIZES[dtype]:
        raise _damaged(data.path, f"the entry of tensor '{show(name)}' does not fit the file")
    return whole(Storage(data, dtype, items, start), shape)


def _damaged(path: Path, detail: str) -> ModelError:
    return ModelError(f"{path}: is not a whole .safetensors file: {show(detail, 200)}; copy or download it again")
