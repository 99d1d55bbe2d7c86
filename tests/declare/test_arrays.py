"""Fields that hold numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import fgraph
from fgraph._arrays import Array


class Tensor:
    """A class with the methods that make an object look like a torch tensor."""

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return self

    def numpy(self) -> np.ndarray:
        return np.arange(3.0)


def test_takes_lists_arrays_and_tensors() -> None:
    adapter = TypeAdapter(Array)
    expected = Array([0, 1, 2])
    for value in ([0, 1, 2], (0, 1, 2), np.arange(3), Tensor(), expected):
        assert adapter.validate_python(value) == expected
    rows = [torch.arange(3.0), np.array([True, False, True])]
    assert adapter.validate_python(rows) == Array([[0, 1, 2], [1, 0, 1]])
    assert expected.array.dtype == np.float32
    assert hash(expected) == hash(Array(np.arange(3)))
    assert adapter.dump_python(expected) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "value",
    ["abc", None, {"a": 1}, [[1], [2, 3]], [1, "x"], [1j], ["1"], [1, True], [[0.5], [False]], True],
)
def test_refuses_what_holds_no_numbers(value: object) -> None:
    with pytest.raises(ValidationError, match="nested lists"):
        TypeAdapter(Array).validate_python(value)


@pytest.mark.parametrize("value", [[1.0, np.nan], [[-np.inf]], [1e39], Array([np.inf])])
def test_refuses_numbers_that_are_not_finite(value: object) -> None:
    with pytest.raises(ValidationError, match="not finite, or too large for float32"):
        TypeAdapter(Array).validate_python(value)


def test_is_a_copy_that_cannot_be_written() -> None:
    mine = np.zeros(2, np.float32)
    array = Array(mine)
    mine[0] = 1
    assert array.array[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        array.array[0] = 1
    assert np.asarray(array).base is array.array or np.asarray(array) is array.array
    assert np.asarray(array, dtype=np.float64).dtype == np.float64


def test_differs_by_shape_and_content() -> None:
    assert Array([1, 2]) != Array([[1, 2]])
    assert Array([1, 2]) != Array([1, 3])
    assert Array([1, 2]) != [1, 2]
    assert len({Array([1]), Array([1.0]), Array([2])}) == 2


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_lists_are_exact(values: list[float]) -> None:
    assert Array(Array(values).to_lists()) == Array(values)


def test_lists_are_short() -> None:
    assert Array([0.1, 1e-7, 3]).to_lists() == [0.1, 1e-7, 3.0]


def test_a_whole_number_beyond_float32_is_an_error() -> None:
    with pytest.raises(ValueError, match="a whole number is too large for float32"):
        Array([[10**400]])
    (fault,) = fgraph.check({"nodes": {"code": {"op": "latent", "value": [[10**400] * 4]}}, "outputs": ["code"]})
    assert fault.where == "nodes.code.value"
