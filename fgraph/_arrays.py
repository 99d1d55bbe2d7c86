"""Arrays as fields of nodes: read-only, float32, comparable and hashable."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fgraph._cached import cached_property


class Array:
    """A read-only float32 array that is equal to another one with the same shape and content.

    Args:
        value: nested lists, a numpy array, or an object with `.detach().cpu().numpy()`, such as a torch tensor.

    >>> Array([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> Array([1, 2]) == Array(np.array([1.0, 2.0]))
    True
    """

    def __init__(self, value: Any) -> None:
        found = _as_numpy(value)
        if np.iscomplexobj(found):
            raise TypeError("complex numbers do not fit into float32")
        if not _holds_numbers(found):
            raise TypeError("booleans and texts are no numbers")
        with np.errstate(over="ignore"):  # `check` reports numbers that became infinite
            try:
                copied = np.array(found, dtype=np.float32, order="C")  # a copy: the caller may change theirs
            except OverflowError:
                raise ValueError("a whole number is too large for float32") from None
        copied.setflags(write=False)
        self._array = copied

    @property
    def array(self) -> npt.NDArray[np.float32]:
        """The numbers, as a read-only array."""
        return self._array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the numbers."""
        return self._array.shape

    def check(self) -> Array:
        """Return the array itself.

        Raises:
            ValueError: it contains numbers that are not finite, or that overflow float32.
        """
        if not np.isfinite(self._array).all():
            raise ValueError("there are numbers that are not finite, or too large for float32")
        return self

    @cached_property
    def digest(self) -> str:
        """A hash of shape and content that is the same in every process."""
        content = hashlib.blake2b(repr(self.shape).encode(), digest_size=16)
        content.update(self._array.astype("<f4", copy=False).tobytes())
        return content.hexdigest()

    def to_lists(self) -> Any:
        """Return nested lists with the shortest decimals that convert to the same float32."""
        return _shortest(self._array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._array, dtype=dtype) if copy or dtype is not None else self._array

    def __len__(self) -> int:
        return len(self._array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Array(shape={self.shape}, digest={self.digest[:8]})"

    @classmethod
    def _validate(cls, value: Any) -> Array:
        try:
            array = value if isinstance(value, Array) else cls(value)
        except (TypeError, ValueError) as error:
            raise ValueError("an array is nested lists of numbers, all of equal length, or a numpy array") from error
        return array.check()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.to_lists()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["array", "number"], "description": "numbers, as nested lists of equal length"}


def _as_numpy(value: Any) -> Any:
    if isinstance(value, Array):
        return value.array
    if callable(getattr(value, "detach", None)):  # duck-typed, so that no stage before the runtime loads torch
        return value.detach().cpu().numpy()
    if isinstance(value, str | bytes | dict) or value is None:
        raise TypeError(f"{type(value).__name__} holds no numbers")
    return value


def _holds_numbers(value: Any) -> bool:
    """Return whether nested lists hold neither booleans nor texts, and an array no texts."""
    if isinstance(value, list | tuple):
        return all(type(one) in (int, float) or _holds_numbers(_as_numpy(one)) for one in value)
    kind = getattr(value, "dtype", None)
    return not isinstance(value, bool) if kind is None else np.dtype(kind).kind in "iufbO"


def _shortest(array: npt.NDArray[np.float32]) -> Any:
    if array.ndim:
        return [_shortest(row) for row in array]
    return float(str(array[()]))
