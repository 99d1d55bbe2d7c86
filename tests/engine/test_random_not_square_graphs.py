"""Random valid graphs of generators whose images are not square: the engines and the step interpreter agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import fgraph
from tests.engine.comparing import STYLEGAN3_TERMS, assert_as_interpreted, assert_equal
from tests.examples import thoroughly
from tests.strategies import TallBuilder, graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs

pytestmark = pytest.mark.numeric


@thoroughly(60)
@given(graphs(TallBuilder))
def test_engines_and_interpreter_agree_on_stylegan2(document: dict[str, Any]) -> None:
    graph = load(document)
    plan = fgraph.compile(graph, device="cpu")
    batched = fgraph.run(plan)
    assert_equal(batched, fgraph.run(plan, engine="eager"))
    assert_as_interpreted(batched, graph)


@thoroughly(20)
@given(stylegan3_graphs(("n",)))
def test_engines_and_interpreter_agree_on_stylegan3(document: dict[str, Any]) -> None:
    graph = load(document)
    plan = fgraph.compile(graph, device="cpu")
    batched = fgraph.run(plan)
    assert_equal(batched, fgraph.run(plan, engine="eager"), terms=STYLEGAN3_TERMS)
    assert_as_interpreted(batched, graph, terms=STYLEGAN3_TERMS)
