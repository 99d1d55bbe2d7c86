"""Comparisons of results of `fgraph.run` with each other and with the step interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import torch

import fgraph
from tests.networks import tiny
from tests.rounding import PROMISED, largest, likely, network_terms
from tests.step_codes import Code
from tests.step_interpreter import Paused
from tests.step_nodes import interpret
from tests.stylegan3_networks import Kind, tiny_stylegan3

TERMS = network_terms(tiny(0, 32).table)  # of the largest tiny StyleGAN2
LANDSCAPE_TERMS = network_terms(fgraph.load_generator("landscape").table)
STYLEGAN3_TERMS = max(network_terms(tiny_stylegan3(0, kind).table) for kind in get_args(Kind))


def arrays_of(result: Any) -> dict[str, np.ndarray]:
    """Return the tensors of a result by name."""
    if isinstance(result, fgraph.Photographs):
        return {"patch": result.patches, **result.facts}
    return dict(result.tensors) if isinstance(result, fgraph.FeatureMaps) else {"array": result.array}


def assert_equal(
    found: Mapping[str, Any], expected: Mapping[str, Any], row: int | None = None, *, terms: int = TERMS
) -> None:
    """Assert that every output of one run equals the output of another run; with `row`, that row of the other."""
    assert found.keys() == expected.keys()
    for name in found:
        one, other = arrays_of(found[name]), arrays_of(expected[name])
        assert one.keys() == other.keys(), name
        for part, array in one.items():
            wanted = other[part]
            if row is not None:
                wanted = wanted[row : row + 1] if len(wanted) > 1 else wanted
            assert_close(array, wanted, f"{name}.{part}", terms)


def assert_close(found: Any, expected: Any, what: str, terms: int = TERMS) -> None:
    """Assert that two results are the same except for rounding, and never further apart than promised.

    `terms` is the number of terms in the sums of the larger computation (see `tests.rounding`).
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, what
    worst = float(np.abs(found - expected).max(initial=0))
    bound = min(PROMISED, likely(terms, largest(expected)))
    assert worst < bound, f"{what} differs by {worst}, where rounding explains {bound}"


def assert_as_interpreted(found: Mapping[str, Any], graph: fgraph.Graph, *, terms: int = TERMS) -> None:
    """Assert that every output equals the output of the direct interpreter of `step`."""
    for name, rows in interpret(graph.spec).items():
        for part, array in arrays_of(found[name]).items():
            expected = [interpreted_row(row, part, array) for row in rows]
            assert_close(array, np.stack(expected), f"{name}.{part}", terms)


def interpreted_row(row: Any, part: str, like: np.ndarray) -> np.ndarray:
    if isinstance(row, Paused):
        tensor = getattr(row, part)
        return np.asarray(tensor[0])
    if isinstance(row, Code):
        return np.asarray(row.code[0])
    if isinstance(row, dict):  # of a Photograph
        row = row[part]
    if isinstance(row, torch.Tensor):
        return np.asarray(row[0])
    return np.asarray(row(*like.shape[-2:]), np.float32)[None]
