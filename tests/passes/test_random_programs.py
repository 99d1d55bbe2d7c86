"""Passes on random graphs: each pass keeps the meaning of a program, and a second round changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fgraph
from fgraph._options import RunOptions
from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes import PASSES, optimise
from fgraph.runtime.eager import run_eagerly
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.run import make_context
from tests.engine.comparing import assert_close
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs

pytestmark = pytest.mark.numeric

deterministic = settings(
    max_examples=50, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def prepared(document: dict[str, Any]) -> tuple[Program, KernelContext]:
    plan = fgraph.compile([load(document), load(document | {"seed": 77})], device="cpu")
    return plan.raw, make_context(plan.models, RunOptions("cpu"))


def assert_same_meaning(rewritten: Program, program: Program, context: KernelContext) -> None:
    outputs = zip(run_eagerly(rewritten, context), run_eagerly(program, context), strict=True)
    for own, other in outputs:
        assert own.keys() == other.keys()
        for name, tensor in own.items():
            assert_close(tensor.numpy(), other[name].numpy(), name)


@pytest.mark.parametrize("rewrite", PASSES, ids=lambda rewrite: rewrite.__name__)
def test_a_pass_keeps_what_a_program_means(rewrite: Callable[[Program], Program]) -> None:
    @deterministic
    @given(st.one_of(graphs(), graphs(), stylegan3_graphs()))
    def keeps(document: dict[str, Any]) -> None:
        program, context = prepared(document)
        assert_same_meaning(verify(rewrite(program)), program, context)

    keeps()


@deterministic
@given(st.one_of(graphs(), graphs(), stylegan3_graphs()))
def test_passes_together_keep_what_a_program_means_and_leave_nothing(document: dict[str, Any]) -> None:
    program, context = prepared(document)
    optimised = optimise(program)
    assert_same_meaning(optimised, program, context)
    assert str(optimise(optimised)) == str(optimised)
    assert optimised.total_rows <= program.total_rows
