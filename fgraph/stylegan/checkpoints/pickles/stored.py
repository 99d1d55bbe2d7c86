"""A tensor in a file: its bytes, type, shape and strides. Without torch until it is loaded."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.span import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

ITEM_SIZES = {
    "float32": 4, "float16": 2, "float64": 8, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
    "bool": 1,
}  # fmt: skip
STORAGES = {
    "FloatStorage": "float32", "HalfStorage": "float16", "DoubleStorage": "float64", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip
MOST_AXES = 8
_MOST_REPEATED = 1 << 20  # most items of a tensor that repeats items of its storage; a W+ of 1024 pixels has 9,216
_MOST_NUMBERS = 256  # most numbers of a tensor that is read without torch
_LONGEST_TEXT = 1 << 20  # bytes of text that hold the numbers of such a tensor


@dataclass(slots=True, eq=False)
class Storage:
    """`items` numbers of one type, from byte `start` of `data` on; the place may be set after construction."""

    data: Span | bytes
    dtype: str
    items: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A view of a storage; its shape and strides are checked to stay inside."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def dtype(self) -> str:
        """The type of the items, such as `float32`."""
        return self.storage.dtype

    def numbers(self) -> list[float]:
        """Return the values of a small tensor, row-major, without torch.

        Raises:
            PickleRefused: the tensor is not small, or of an unsupported type.
        """
        code = {"float32": "f", "float16": "e", "float64": "d", "bfloat16": "H", "int64": "q", "int32": "i"}.get(
            self.dtype
        )
        count = math.prod(self.shape)
        if code is None or count > _MOST_NUMBERS:
            raise PickleRefused(f"holds {count} numbers of type {self.dtype}; expected at most {_MOST_NUMBERS} floats")
        places = [self.offset]
        for length, step in zip(self.shape, self.stride, strict=True):
            places = [place + index * step for place in places for index in range(length)]
        width, data = ITEM_SIZES[self.dtype], self.storage.data
        if isinstance(data, Span) and data.utf8 and data.length > _LONGEST_TEXT:
            raise PickleRefused(f"takes {data.length} bytes of text; expected at most {_LONGEST_TEXT}")
        starts = [self.storage.start + place * width for place in places]
        raw = (data.read(at, width) if isinstance(data, Span) else data[at : at + width] for at in starts)
        numbers = [struct.unpack("<" + code, one)[0] for one in raw]
        if self.dtype == "bfloat16":  # the upper half of a float32
            numbers = [struct.unpack("<f", struct.pack("<I", one << 16))[0] for one in numbers]
        return [float(one) for one in numbers]

    def array(self) -> NDArray[Any]:
        """Return the values as a numpy array, without torch.

        Raises:
            PickleRefused: the file has changed.
        """
        import numpy as np

        width, extent = ITEM_SIZES[self.dtype], _extent(self.shape, self.stride)
        start, data = self.storage.start + self.offset * width, self.storage.data
        raw = data.read(start, extent * width) if isinstance(data, Span) else data[start : start + extent * width]
        if len(raw) != extent * width:
            raise PickleRefused("the file is cut short")
        flat: NDArray[Any]
        if self.dtype == "bfloat16":  # the upper half of a float32
            flat, width = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32), 4
        else:
            flat = np.frombuffer(raw, self.dtype)
        return np.lib.stride_tricks.as_strided(flat, self.shape, [step * width for step in self.stride])

    @property
    def bytes_read(self) -> int:
        """The bytes of the file to read to load the tensor."""
        data = self.storage.data
        if isinstance(data, Span) and data.utf8:
            return data.length  # UTF-8 has no random access
        return self.extent_bytes

    @property
    def nbytes(self) -> int:
        """The bytes of the items."""
        return math.prod(self.shape) * ITEM_SIZES[self.dtype]

    @property
    def extent_bytes(self) -> int:
        """The bytes from the first to the last item, both included."""
        return _extent(self.shape, self.stride) * ITEM_SIZES[self.dtype]

    def load(self, scratch: Tensor | None = None) -> Tensor:
        """Return the values as a tensor, in the layout of the file.

        With `scratch` (uint8, at least `extent_bytes` long), the tensor is a view of that memory.

        Raises:
            PickleRefused: the file has changed.
        """
        import torch

        dtype, needed = getattr(torch, self.dtype), self.extent_bytes
        raw = torch.empty(needed, dtype=torch.uint8) if scratch is None else scratch[:needed]
        if needed:
            buffer = memoryview(raw.numpy())  # type: ignore[arg-type]
            start = self.storage.start + self.offset * ITEM_SIZES[self.dtype]
            if isinstance(self.storage.data, Span):
                self.storage.data.read_into(buffer, start)
            else:
                buffer[:] = self.storage.data[start : start + needed]
        return raw.view(dtype).as_strided(self.shape, self.stride)


def view(storage: Any, offset: Any, shape: Any, stride: Any) -> StoredTensor:
    """Return a view of a storage.

    Raises:
        PickleRefused: the arguments do not describe a view, or it reaches beyond the storage.
    """
    if type(storage) is not Storage or type(shape) is not tuple or type(stride) is not tuple:
        raise PickleRefused("it has a tensor of an unknown layout")
    if len(shape) != len(stride) or len(shape) > MOST_AXES or not all(map(is_size, (offset, *shape, *stride))):
        raise PickleRefused("it has a tensor of an impossible shape")
    # A tensor with more items than its storage repeats items. Expanded codes do so, weights do not.
    if offset + _extent(shape, stride) > storage.items or math.prod(shape) > max(storage.items, _MOST_REPEATED):
        raise PickleRefused(f"a tensor of shape {list(shape)} is larger than its storage of {storage.items} items")
    return StoredTensor(storage, offset, shape, stride)


def whole(storage: Storage, shape: tuple[int, ...], fortran: bool = False) -> StoredTensor:
    """Return a view of all items of a storage, row-major or column-major.

    Raises:
        PickleRefused: the shape has more items than the storage.
    """
    order = range(len(shape)) if fortran else range(len(shape) - 1, -1, -1)
    stride, step = [0] * len(shape), 1
    for axis in order:
        stride[axis] = step
        step *= shape[axis] if is_size(shape[axis]) else 0
    return view(storage, 0, shape, tuple(stride))


def is_size(value: Any) -> bool:
    """Return whether a value can be a size, an offset or a stride."""
    return type(value) is int and 0 <= value < 1 << 48


def item_size(dtype: Any) -> int:
    """Return the bytes of an item of a type.

    Raises:
        PickleRefused: the type is unknown.
    """
    if type(dtype) is not str or dtype not in ITEM_SIZES:
        raise PickleRefused(f"it has numbers of the type {brief(dtype)}")
    return ITEM_SIZES[dtype]


def _extent(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Count the items from the first to the last of a view, both included."""
    if 0 in shape:
        return 0
    return 1 + sum((count - 1) * step for count, step in zip(shape, stride, strict=True))
