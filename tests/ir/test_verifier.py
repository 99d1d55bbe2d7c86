"""The verifier reports each broken rule of a Program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fgraph.ir.ops import Conv
from fgraph.ir.program import Bases, Operand, Program, as_index
from fgraph.ir.region_arrays import as_regions
from fgraph.ir.types import Type
from fgraph.ir.verify import InvalidProgram, verify
from fgraph.lowering import Build
from tests.programs import lowered

DOCUMENT = {
    "noise": {"mode": "none"},
    "nodes": {
        "z": {"op": "sample", "seed": [1, 2, 3]},
        "t": {"op": "tap", "of": "z", "layer": "b4.conv1"},
        "moved": {"op": "shift", "of": "t", "dx": [0.25, 0.5, 0.75]},
        "last": {"op": "rows", "of": "moved", "take": "2,1"},
    },
    "outputs": ["last", "z"],
}
DRAW, CONV, SHIFT = 0, 4, 5  # the numbers of some instructions


@pytest.fixture
def program() -> Program:
    return lowered(DOCUMENT)


def changed(program: Program, number: int, **fields: Any) -> Program:
    instructions = list(program.instructions)
    instructions[number] = replace(instructions[number], **fields)
    return replace(program, instructions=tuple(instructions))


def reading(program: Program, number: int, port: int, operand: Operand) -> Program:
    operands = list(program.instructions[number].operands)
    operands[port] = operand
    return changed(program, number, operands=tuple(operands))


def from_two_values(program: Program, values: tuple[int, ...], rows: tuple[int, ...] = (0, 1, 2)) -> Program:
    """Return the program with another shift, which reads rows of several values."""
    operand = Operand.of(as_index(values), as_index(rows))
    return replace(
        program, instructions=(*program.instructions, replace(program.instructions[SHIFT], operands=(operand,)))
    )


REGIONS = ((0, 0, 4, 4), (1, 1, 3, 3), (0, 0, 4, 4))


def with_bases(
    program: Program,
    values: tuple[int, ...] = (-1, SHIFT, -1),
    rows: tuple[int, ...] = (0, 0, 0),
    regions: tuple[tuple[int, int, int, int], ...] = REGIONS,
) -> Program:
    bases = Bases(as_index(values), as_index(rows))
    return changed(program, SHIFT, bases=bases, regions=as_regions(regions))


def replace_field(program: Program, name: str) -> Program:
    return changed(program, SHIFT, **{name: None})


class Unregistered(Conv):
    """A convolution that is missing in OPS."""


def test_lowered_programs_keep_the_rules(program: Program) -> None:
    assert [one.op.name for one in program.instructions] == ["draw", "map", "affine", "const", "conv", "shift"]
    assert verify(program) is program
    assert verify(from_two_values(program, (CONV, SHIFT, CONV))).instructions[-1].rows == 3
    assert verify(with_bases(program)).instructions[SHIFT].bases is not None


RULES: dict[str, tuple[Callable[[Program], Program], str]] = {
    "defined before it is used": (
        lambda program: reading(program, CONV, 0, Operand(SHIFT, as_index([0, 1, 2]))),
        "not defined yet",
    ),
    "never itself": (
        lambda program: reading(program, SHIFT, 0, Operand(SHIFT, as_index([0, 1, 2]))),
        "not defined yet",
    ),
    "an operand has a value": (
        lambda program: reading(program, SHIFT, 0, Operand(-1, as_index([0, 1, 2]))),
        "not defined yet",
    ),
    "rows exist": (
        lambda program: reading(program, SHIFT, 0, Operand(CONV, as_index([0, 1, 3]))),
        "rows beyond the 3 of %4",
    ),
    "rows are not negative": (
        lambda program: reading(program, SHIFT, 0, Operand(CONV, as_index([0, 1, -1]))),
        "rows beyond",
    ),
    "operands have as many rows as the result": (
        lambda program: reading(program, SHIFT, 0, Operand(CONV, as_index([0, 1]))),
        r"3 rows, but its operands have \[2\]",
    ),
    "operands fit the operation": (
        lambda program: reading(program, CONV, 0, Operand(DRAW, as_index([0, 1, 2]))),
        "does not take",
    ),
    "the type is the one that the operands make": (
        lambda program: changed(program, CONV, type=Type("activation", (6, 4, 8))),
        "its operands make",
    ),
    "a parameter for each row": (
        lambda program: changed(program, SHIFT, params=program.instructions[SHIFT].params[:2]),
        "2 parameters for 3 rows",
    ),
    "no parameters where there can be none": (
        lambda program: changed(program, CONV, params=(1, 2, 3)),
        "3 parameters for 3 rows",
    ),
    "a source location for each row": (
        lambda program: changed(program, SHIFT, source_locations=as_index([0])),
        "1 source locations for 3 rows",
    ),
    "source locations exist": (
        lambda program: changed(program, SHIFT, source_locations=as_index([0, 1, 9])),
        "a source location beyond the 4",
    ),
    "operations are registered": (
        lambda program: changed(program, CONV, op=Unregistered(**vars(program.instructions[CONV].op))),
        "Unregistered is not registered in OPS",
    ),
    "bases exist": (lambda program: with_bases(program, values=(-1, 9999, -1)), "has a base in %9999"),
    "rows of bases exist": (lambda program: with_bases(program, rows=(0, 77, 0)), "rows beyond the 3 of %5"),
    "rows of bases are not negative": (lambda program: with_bases(program, rows=(0, -1, 0)), "rows beyond the 3"),
    "a base in the same value is an earlier row": (
        lambda program: with_bases(program, rows=(0, 1, 0)),
        "the base of a row is the row itself or a later one",
    ),
    "a base has the same type": (lambda program: with_bases(program, values=(-1, 0, -1)), r"of type z\[8\]"),
    "a base for each row": (lambda program: with_bases(program, values=(-1,), rows=(0,)), "1 bases for 3 rows"),
    "a region for each row": (
        lambda program: with_bases(program, regions=REGIONS[:1]),
        r"shape \[1, 4\]",
    ),
    "regions lie on the canvas": (
        lambda program: with_bases(program, regions=((0, 0, 4, 4), (0, 0, 4, 5), (0, 0, 4, 4))),
        r"region \[0, 0, 4, 5\] of row 1 is not on its canvas",
    ),
    "regions do not end before they begin": (
        lambda program: with_bases(program, regions=((0, 0, 4, 4), (2, 0, 1, 4), (0, 0, 4, 4))),
        r"region \[2, 0, 1, 4\] of row 1",
    ),
    "bases have regions": (
        lambda program: replace_field(with_bases(program), "regions"),
        "bases and regions come together",
    ),
    "regions have bases": (
        lambda program: replace_field(with_bases(program), "bases"),
        "bases and regions come together",
    ),
    "each value of an operand is defined before": (
        lambda program: from_two_values(program, (CONV, 9, CONV)),
        "reads %9, which is not defined yet",
    ),
    "each value of an operand has the rows": (
        lambda program: from_two_values(program, (CONV, SHIFT, CONV), (0, 3, 1)),
        "rows beyond the 3 of %5",
    ),
    "the values of an operand have one type": (
        lambda program: from_two_values(program, (CONV, DRAW, CONV)),
        r"reads %0 of type z\[8\] beside %4 of type activation",
    ),
    "outputs exist": (
        lambda program: replace(
            program, outputs=(replace(program.outputs[0], tensors={"activation": Operand(9, as_index([0]))}),)
        ),
        "output last: reads %9",
    ),
    "rows of outputs exist": (
        lambda program: replace(
            program, outputs=(replace(program.outputs[0], tensors={"activation": Operand(SHIFT, as_index([3]))}),)
        ),
        "output last: reads rows beyond",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_named(rule: str, program: Program) -> None:
    break_it, message = RULES[rule]
    with pytest.raises(InvalidProgram, match=message):
        verify(break_it(program))


def test_emitting_an_unregistered_operation_is_refused(program: Program) -> None:
    op = Unregistered(**vars(program.instructions[CONV].op))
    with pytest.raises(ValueError, match=r"operation tests\.ir\.test_verifier\.Unregistered is not registered: add it"):
        Build(program.tables).emit(op)


def test_a_region_may_go_over_a_wrapped_edge(program: Program) -> None:
    over = ((0, 0, 4, 4), (0, 3, 4, 6), (0, 0, 4, 4))
    with pytest.raises(InvalidProgram, match="is not on its canvas"):
        verify(with_bases(program, regions=over))
    conv = program.instructions[CONV].op
    assert isinstance(conv, Conv)
    verify(with_bases(changed(program, CONV, op=replace(conv, wrap_x=True)), regions=over))


def test_a_conv_takes_noise_of_its_own_size_only(program: Program) -> None:
    conv = program.instructions[CONV].op
    assert isinstance(conv, Conv)
    activation, styles = Type("activation", (6, 4, 4)), Type("s", (41,))
    assert conv.infer((activation, styles, Type("noise", (1, 4, 4)))) == activation
    with pytest.raises(TypeError, match="does not take"):
        conv.infer((activation, styles, Type("noise", (1, 8, 8))))


def test_instructions_that_two_programs_share_are_checked_once(program: Program) -> None:
    broken = reading(program, SHIFT, 0, Operand(99, as_index([0, 1, 2])))
    with pytest.raises(InvalidProgram, match=r"%5 = shift.*reads %99, which is not defined yet"):
        verify(broken, verified=program)
    assert verify(broken, verified=broken) is broken
    other = changed(broken, CONV, rows=2)  # what follows a change is checked again
    with pytest.raises(InvalidProgram, match="%4 = conv"):
        verify(other, verified=broken)
    moved = changed(broken, CONV, params=program.instructions[CONV].params)  # equal, and another object
    with pytest.raises(InvalidProgram, match="reads %99"):
        verify(moved, verified=broken)
