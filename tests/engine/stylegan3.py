"""Graphs of tiny StyleGAN3 generators, run by both engines."""

from __future__ import annotations

from functools import partial
from typing import Any

import fgraph
from tests.engine import comparing
from tests.engine.comparing import STYLEGAN3_TERMS
from tests.stylegan3_networks import tiny_stylegan3

assert_close = partial(comparing.assert_close, terms=STYLEGAN3_TERMS)
T, R = tiny_stylegan3(0, "t"), tiny_stylegan3(0, "r")


def compute(generator: Any, nodes: dict[str, dict[str, Any]], **settings: Any) -> Any:
    """Return the array of the last node, after a comparison of both engines."""
    document = {"models": {"main": generator}, "nodes": nodes, "outputs": [list(nodes)[-1]], **settings}
    results = [fgraph.run(fgraph.load(document), device="cpu", engine=engine) for engine in ("batched", "eager")]
    arrays = [result.tensors["activation"] if isinstance(result, fgraph.FeatureMaps) else result.array
              for one in results for result in one.values()]  # fmt: skip
    assert_close(arrays[0], arrays[1], "the two engines")
    return arrays[0]


def decoded(generator: Any, *steps: dict[str, Any], seed: Any = 3) -> Any:
    """Return the image of a code after some nodes, one after the other."""
    nodes: dict[str, dict[str, Any]] = {"n0": {"op": "sample", "seed": seed, "truncation": 0.7}}
    for number, step in enumerate((*steps, {"op": "decode", "clamp": False}), 1):
        nodes[f"n{number}"] = {"of": f"n{number - 1}"} | step
    return compute(generator, nodes)


def faults(generator: Any, **nodes: dict[str, Any]) -> list[tuple[str, str]]:
    first: dict[str, Any] = {"code": {"op": "sample", "seed": 3}, "other": {"op": "sample", "seed": 4}}
    document = {"models": {"main": generator}, "nodes": first | nodes, "outputs": [list(nodes)[-1]]}
    return [(one.where, one.message) for one in fgraph.check(fgraph.load(document))]
