"""Reading the shapes of the tensors in a zip file made by `torch.save`, without torch.

The pickle inside is read by an unpickler that knows a handful of names and hands out inert stand-ins for them, after a
scan that refuses any opcode `torch.save` does not write. Nothing in the file is ever called or imported.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.tensors import Shape

_PICKLE_LIMIT = 64 << 20  # bytes of data.pkl; a full training checkpoint of a 1024-pixel model has less than 1 MiB
_ITEM_SIZES = {
    "FloatStorage": 4, "HalfStorage": 2, "DoubleStorage": 8, "BFloat16Storage": 2, "LongStorage": 8,
    "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
}  # fmt: skip
_SPOKEN = (
    "PROTO STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE EMPTY_DICT EMPTY_LIST "
    "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 APPEND APPENDS SETITEM SETITEMS BINGET LONG_BINGET BINPUT LONG_BINPUT "
    "GLOBAL BINPERSID REDUCE NEWOBJ BUILD"
)  # the opcodes torch.save writes (protocol 2), which are those torch.load reads
_OPCODES = frozenset(_SPOKEN.split())


class _Sealed:
    """Something that a pickle's BUILD opcode cannot change."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("it changes something that it may only name")


@dataclass(frozen=True, slots=True)
class TensorShape(_Sealed):
    """What stands for a tensor: its shape."""

    shape: Shape
    __setstate__ = _Sealed.__setstate__  # else dataclass adds one that sets the fields


@dataclass(frozen=True, slots=True)
class _Storage(_Sealed):
    items: int
    __setstate__ = _Sealed.__setstate__


@dataclass(frozen=True, slots=True)
class _Maker(_Sealed):
    """A stand-in for a function: it can be called, no more."""

    make: Callable[..., Any]
    __setstate__ = _Sealed.__setstate__

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)


class _StateDict(dict[Any, Any]):
    """A stand-in for OrderedDict; the attribute `_metadata` that state dicts carry is dropped."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


class _Namespace:
    """A stand-in for argparse.Namespace, which training checkpoints hold: it keeps nothing."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


def read_zip_shapes(path: Path) -> Any:
    """The object that `torch.save` wrote into the zip file at `path`, with a `TensorShape` for every tensor.

    Raises:
        ModelError: the zip is damaged, is not one of torch's, or names anything but tensors and plain data.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = _pickle_name(archive.namelist(), path)
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            with archive.open(name) as member:
                data = member.read(_PICKLE_LIMIT + 1)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: is damaged or cut short ({error}); copy or download it again") from error
    if len(data) > _PICKLE_LIMIT:
        raise ModelError(f"{path}: its {name} is larger than {_PICKLE_LIMIT >> 20} MiB, which no checkpoint needs")
    prefix = name.removesuffix("data.pkl")
    try:
        _scan(data)
        return _Unpickler(data, {n.removeprefix(f"{prefix}data/"): s for n, s in sizes.items()}).load()
    except Exception as error:  # a hostile pickle may fail in any way
        raise ModelError(
            f"{path}: cannot be read safely: {error}. Expected are tensors, dicts and plain values; "
            "a file that holds whole modules, or was pickled by another protocol, has to be saved again as a state dict"
        ) from error


def _pickle_name(names: Iterable[str], path: Path) -> str:
    found = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(found) != 1:
        raise ModelError(f"{path}: is a zip file with {len(found)} entries data.pkl; torch.save writes exactly one")
    return found[0]


def _scan(data: bytes) -> None:
    """Refuse opcodes that `torch.save` does not write, and memo numbers that would make the reader allocate wildly."""
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name not in _OPCODES:
            raise pickle.UnpicklingError(f"the pickle opcode {opcode.name} is not allowed")
        if opcode.name == "LONG_BINPUT" and isinstance(argument, int) and argument > len(data):
            raise pickle.UnpicklingError(f"the memo number {argument} is out of range")


class _Unpickler(pickle.Unpickler):
    """Knows the names in `_globals` and no others; a tensor is checked against the bytes that the zip has for it."""

    def __init__(self, data: bytes, sizes: Mapping[str, int]) -> None:
        super().__init__(io.BytesIO(data))
        self._sizes = sizes
        self._globals: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): _StateDict,
            ("argparse", "Namespace"): _Namespace,
            ("torch._utils", "_rebuild_tensor_v2"): _Maker(_tensor),
            ("torch._utils", "_rebuild_parameter"): _Maker(_parameter),
            **{("torch", name): name for name in _ITEM_SIZES},
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._globals:
            raise pickle.UnpicklingError(f"it names '{module}.{name}', which is not allowed")
        return self._globals[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage, key, _, items = pid
        if kind != "storage" or storage not in _ITEM_SIZES or not _is_size(items):
            raise pickle.UnpicklingError("it has a storage of an unknown kind")
        if self._sizes.get(key, -1) < items * _ITEM_SIZES[storage]:
            raise pickle.UnpicklingError(f"the data of storage '{key}' is missing or cut short")
        return _Storage(items)


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> TensorShape:
    if not isinstance(storage, _Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise pickle.UnpicklingError("it has a tensor of an unknown layout")
    if not (_is_size(offset) and all(map(_is_size, size)) and all(map(_is_size, stride)) and len(size) == len(stride)):
        raise pickle.UnpicklingError("it has a tensor of an impossible shape")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) > 0 and last >= storage.items:
        raise pickle.UnpicklingError(f"a tensor of shape {list(size)} is larger than its storage")
    return TensorShape(size)


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48
