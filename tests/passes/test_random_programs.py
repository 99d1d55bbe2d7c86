"""Passes on random graphs: each pass keeps the meaning of a program, and a second round changes nothing."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from fgraph._options import RunOptions
from fgraph.api.graphs import lower_graphs
from fgraph.ir.ops import Op
from fgraph.ir.verify import verify
from fgraph.passes import PASSES, optimise
from fgraph.runtime.eager import compute_row, run_eagerly
from fgraph.runtime.kernels import KernelContext, Params
from fgraph.runtime.run import make_context
from tests.engine.comparing import assert_close
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs

pytestmark = pytest.mark.numeric

deterministic = settings(
    max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


class Memory:
    """Rows that were computed: a row with equal operation, parameter and operand rows is not computed again.

    Checking rows that a pass only moves therefore costs nothing. The engine under test does not use this memory.
    """

    def __init__(self) -> None:
        self._rows: dict[Hashable, Tensor] = {}
        self._alive: list[Tensor] = []  # so that no id is used again

    def __call__(self, op: Op, inputs: list[Tensor], params: Params, context: KernelContext) -> Tensor:
        key = (op, tuple(map(id, inputs)), tuple(params))
        if key in self._rows and op.is_pure:
            return self._rows[key]
        made = self._rows[key] = compute_row(op, inputs, params, context)
        self._alive.append(made)
        return made


def assert_same(found: list[dict[str, Tensor]], expected: list[dict[str, Tensor]], what: str) -> None:
    for own, other in zip(found, expected, strict=True):
        assert own.keys() == other.keys()
        for name, tensor in own.items():
            assert_close(tensor.numpy(), other[name].numpy(), f"{name} after {what}")


@deterministic
@given(st.one_of(graphs(), graphs(), stylegan3_graphs()))
def test_passes_keep_the_meaning_of_a_program_and_a_second_run_changes_nothing(document: dict[str, Any]) -> None:
    """The program as lowered is run once, and compared with each pass alone and then with all together."""
    program, pool = lower_graphs([load(document), load(document | {"seed": 77})])
    context = make_context(pool.models, RunOptions("cpu"))
    memory = Memory()
    expected = run_eagerly(program, context, memory)
    for rewrite in PASSES:
        rewritten = verify(rewrite(program))
        if rewritten is not program:
            assert_same(run_eagerly(rewritten, context, memory), expected, rewrite.__name__)
    optimised = optimise(program)
    assert_same(run_eagerly(optimised, context, memory), expected, "all passes")
    assert str(optimise(optimised)) == str(optimised)
    assert all(rewrite(optimised) is optimised for rewrite in PASSES)  # the same object: nothing is verified again
    assert optimised.total_rows <= program.total_rows
