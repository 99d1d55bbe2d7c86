"""Stand-ins for numpy's arrays, scalars and types in a pickle. Without numpy."""

from __future__ import annotations

import struct
from typing import Any

from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.span import Span
from fgraph.stylegan.checkpoints.pickles.stand_ins import Factory, StandIn
from fgraph.stylegan.checkpoints.pickles.stored import MOST_AXES, Storage, StoredTensor, is_size, item_size, view, whole

_DTYPES = {
    "f4": "float32", "f2": "float16", "f8": "float64", "i8": "int64", "i4": "int32", "i2": "int16", "i1": "int8",
    "u1": "uint8", "b1": "bool",
}  # fmt: skip
_CODES = {"float32": "f", "float16": "e", "float64": "d", "int64": "q", "int32": "i", "int16": "h", "int8": "b",
          "uint8": "B", "bool": "?"}  # fmt: skip
_LITTLE = ("<", "|", "=")


def read_dtype(stand_in: Any) -> str:
    """Return the name of a pickled `numpy.dtype`.

    Raises:
        PickleRefused: the type is not one of plain little-endian numbers.
    """
    if type(stand_in) is StandIn and stand_in.kind == "dtype" and stand_in.made_of:
        code, state = stand_in.made_of[0], stand_in.state
        little = state is None or (type(state) is tuple and len(state) > 4 and _is_little(state))
        if type(code) is str and code.lstrip("<|=") in _DTYPES and little:
            return _DTYPES[code.lstrip("<|=")]
        raise PickleRefused(f"it has an array of the type {brief(code)}; plain little-endian numbers are read")
    raise PickleRefused("it has an array of an unknown type")


def _is_other_type(dtype: Any) -> bool:
    """Return whether a pickled dtype is of values that are not read, such as text and complex numbers."""
    if type(dtype) is not StandIn or dtype.kind != "dtype":
        return False
    try:
        read_dtype(dtype)
    except PickleRefused:
        return True
    return False


def _is_little(state: tuple[Any, ...]) -> bool:
    return type(state[1]) is str and state[1] in _LITTLE and state[2] is None and state[3] is None


def read_array(stand_in: StandIn) -> StoredTensor:
    """Return a pickled `numpy.ndarray`, whose state is (version, shape, dtype, fortran, raw).

    Raises:
        PickleRefused: the stand-in is not an array, or its parts do not fit together.
    """
    state = stand_in.state
    if stand_in.kind != "ndarray" or type(state) is not tuple or len(state) != 5:
        raise PickleRefused("it has an array without content")
    return _array(state[4], state[2], state[1], fortran=state[3] is True)


def read_objects(stand_in: Any) -> list[Any]:
    """Return the values of a pickled `numpy.ndarray` of objects, row-major.

    Raises:
        PickleRefused: the stand-in is not an array of objects.
    """
    state = stand_in.state if type(stand_in) is StandIn and stand_in.kind == "ndarray" else None
    if type(state) is not tuple or len(state) != 5 or type(state[4]) is not list:
        raise PickleRefused("it has no array of objects")
    return state[4]


def from_buffer(raw: Any, dtype: Any, shape: Any, order: Any, axis_order: Any = None) -> StoredTensor | StandIn:
    """Return an array that protocol 5 wrote.

    An array of numbers that are not read, such as complex ones, stays a stand-in.

    Args:
        raw: the bytes.
        dtype: the type of the numbers.
        shape: before the permutation of axes.
        order: `C` for row-major, `F` for column-major.
        axis_order: the permutation of axes that follows; None: the axes stay.
    """
    if _is_other_type(dtype):
        return StandIn("numpy.array", (raw, dtype, shape, order, axis_order))
    made = _array(raw, dtype, shape, fortran=type(order) is str and order == "F")
    if axis_order is None:
        return made
    axes = range(len(made.shape))
    if type(axis_order) not in (tuple, list) or not all(map(is_size, axis_order)) or sorted(axis_order) != [*axes]:
        raise PickleRefused("it has an array whose order of axes is not a permutation")
    return view(made.storage, 0, tuple(made.shape[i] for i in axis_order), tuple(made.stride[i] for i in axis_order))


def _array(raw: Any, dtype: Any, shape: Any, *, fortran: bool) -> StoredTensor:
    kind = read_dtype(dtype)
    if type(raw) not in (bytes, Span) or type(shape) is not tuple or len(shape) > MOST_AXES:
        raise PickleRefused("it has an array of an unknown layout")
    if not all(map(is_size, shape)):
        raise PickleRefused("it has an array of an impossible shape")
    count, remainder = divmod(raw.size if isinstance(raw, Span) else len(raw), item_size(kind))
    made = whole(Storage(raw, kind, count), shape, fortran)
    if remainder or (made.shape and count != _count(made.shape)):
        raise PickleRefused(f"an array of shape {list(shape)} does not fit its {count} items")
    return made


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def _scalar(dtype: Any, raw: Any) -> Any:
    """Return a number; a scalar of a type that is not read, such as text, stays a stand-in."""
    if _is_other_type(dtype):
        return StandIn("numpy.scalar", (dtype, raw))
    kind = read_dtype(dtype)
    if type(raw) is not bytes or len(raw) != item_size(kind):
        raise PickleRefused("it has a number whose bytes do not fit its type")
    return struct.unpack("<" + _CODES[kind], raw)[0]


def _encode(text: Any, encoding: Any) -> Any:
    """Return the bytes that protocol 2 writes as a call of `_codecs.encode`."""
    if type(encoding) is not str or encoding != "latin1" or type(text) not in (str, Span):
        raise PickleRefused("it encodes text with a codec other than latin1")
    if isinstance(text, Span):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeError as error:
        raise PickleRefused("text that stores bytes has characters beyond latin1") from error


def _reconstruct(*_: Any) -> StandIn:
    return StandIn("ndarray")


def numpy_globals() -> dict[tuple[str, str], Any]:
    """Return the globals that numpy's pickles name, of numpy 1 and 2, with their stand-ins."""
    known: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): "ndarray",  # a token, used as an argument only
        ("numpy", "dtype"): Factory("numpy.dtype", lambda *arguments: StandIn("dtype", arguments)),
        ("_codecs", "encode"): Factory("_codecs.encode", _encode),
    }
    for core in ("numpy.core", "numpy._core"):
        known[f"{core}.multiarray", "scalar"] = Factory("numpy.scalar", _scalar)
        known[f"{core}.multiarray", "_reconstruct"] = Factory("numpy._reconstruct", _reconstruct)
        known[f"{core}.numeric", "_frombuffer"] = Factory("numpy._frombuffer", from_buffer)
    return known
