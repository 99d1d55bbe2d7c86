"""The text form of programs shows everything and can be parsed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgraph
from fgraph.ir.parse import parse
from fgraph.ir.program import Bases, Operand, Program
from tests.examples import thoroughly
from tests.plan.graphs import local_edit
from tests.programs import lowered
from tests.strategies import graphs, load
from tests.strategies_stylegan3 import stylegan3_graphs


def plain(value: Any) -> Any:
    """Return a part of a program with lists for arrays, so that it can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Operand | Bases):
        return [plain(getattr(value, one.name)) for one in fields(value)]
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def assert_same(one: Program, other: Program) -> None:
    for a, b in zip(one.instructions, other.instructions, strict=True):
        for field in fields(a):
            assert plain(getattr(a, field.name)) == plain(getattr(b, field.name)), (field.name, str(a.op))
    for a, b in zip(one.outputs, other.outputs, strict=True):  # type: ignore[assignment]
        assert all(plain(getattr(a, field.name)) == plain(getattr(b, field.name)) for field in fields(a))
    assert one.source_locations == other.source_locations
    assert one.graphs == other.graphs
    assert one.tables == other.tables


def assert_reads_back(program: Program) -> None:
    found = parse(str(program), program.tables, program.resources)
    assert_same(found, program)
    assert str(found) == str(program)


@thoroughly(40)
@given(st.one_of(graphs(), graphs(), stylegan3_graphs()))
def test_a_program_is_read_back_from_its_text(document: dict[str, Any]) -> None:
    plan = fgraph.compile([load(document), load(document | {"seed": 77})], device="cpu")
    for program in (plan.raw, plan.program):
        assert_reads_back(program)


def test_rows_with_bases_are_shown_and_read_back() -> None:
    program = fgraph.compile([local_edit(0.5), local_edit(1.0)], device="cpu").program
    assert any(one.bases is not None for one in program.instructions)
    shown = [line for line in str(program).splitlines() if line.startswith("    row ")]
    assert len(shown) == sum(int((one.bases.values >= 0).sum()) for one in program.instructions if one.bases)
    assert_reads_back(program)


def test_a_baseline_is_read_back() -> None:
    baseline = fgraph.run(local_edit(0.5), keep=True, device="cpu").baseline
    program = fgraph.compile(local_edit(1.0), device="cpu").since(baseline).program
    assert "baseline(" in str(program)
    assert_reads_back(program)


def test_arrays_and_functions_are_resources() -> None:
    nodes = {
        "z": {"op": "latent", "space": "w", "value": [0.5] * 8},
        "image": {"op": "decode", "of": "z"},
    }
    program = lowered({"nodes": nodes, "outputs": ["image"]})
    assert [type(one).__name__ for one in program.resources.values()] == ["Array"]
    assert_reads_back(program)
    with pytest.raises(
        ValueError, match=r"line 1, .*: the text refers to 'array_\w+', which is not among the resources"
    ):
        parse(str(program), program.tables)


WRONG = {
    "%1 = clamp() () x1 : rgb[3x4x4] @[0]": "it defines %1; the next value is %0",
    "%0 = nothing() () x1 : rgb[3x4x4] @[0]": "is not an operation",
    "%0 = clamp(height=3) () x1 : rgb[3x4x4] @[0]": "unexpected keyword",
    "%0 = clamp() (": "is not closed",
    "%0 = clamp() () x1 : rgb": "expected ` xROWS",
    "%0 = conv(main, b4.conv9) () x1 : rgb[3x4x4] @[0]": "has no layer 'b4.conv9'",
    "%0 = mask(4, 4) () {Nothing()} x1 : mask[1x4x4] @[0]": "is not a value",
    "result 0": "expected an instruction",
}


@pytest.mark.parametrize("line", WRONG)
def test_lines_that_cannot_be_read_are_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2") as caught:
        parse(f"# a comment\n{line}\n", {})
    assert WRONG[line] in str(caught.value)


def test_rows_are_written_in_runs() -> None:
    program = fgraph.compile(local_edit(1.0), device="cpu").raw
    operand = Operand(0, np.array([4, 4, 4, 1, 2, 3, 9, 9, 7, 6]))
    changed = replace(program.outputs[0], tensors={"pixels": operand})
    text = str(replace(program, outputs=(changed,)))
    assert "%0[4 x3 1..3 9 9 7 6]" in text
