"""The verifier: checks the rules of a Program between passes.

* Every operation is registered in `OPS`, and `infer` gives the type of its result.
* An operand reads existing rows of earlier values, which have one type. Operands have as many rows as the result.
* Each row has a source location and, if the operation takes parameters, one parameter.
* A base is an existing row of an earlier value, or an earlier row of the same value, and has the same type. Bases and
  regions come together. Each row has one region, inside the canvas.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fgraph.ir.ops import OPS
from fgraph.ir.program import Bases, Index, Instruction, Operand, Program, Regions

_REGISTERED = frozenset(OPS)


class InvalidProgram(AssertionError):
    """A Program breaks a rule: a bug in fgraph."""


def verify(program: Program) -> Program:
    """Check a program and return it.

    Raises:
        InvalidProgram: a rule is broken; the message names the instruction or the output.
    """
    round_axes = _round_axes(program)
    for number, instruction in enumerate(program.instructions):
        where = f"%{number} = {instruction.op}"
        _verify_operands(program, number, instruction.operands, where)
        _verify_types(program, instruction.operands, where)
        _verify_instruction(program, instruction, where)
        _verify_rows(program, instruction, where)
        if instruction.bases is not None or instruction.regions is not None:
            _verify_differences(program, number, where, round_axes)
    for output in program.outputs:
        _verify_operands(program, len(program.instructions), output.tensors.values(), f"output {output.name}")
    return program


def _round_axes(program: Program) -> tuple[bool, bool]:
    """Return whether y, x wrap round for some operation, so that regions may extend over that edge."""
    wraps = [one.op.wraps for one in program.instructions]
    return any(y for y, _ in wraps), any(x for _, x in wraps)


def _verify_operands(program: Program, before: int, operands: Iterable[Operand], where: str) -> None:
    read: dict[int, list[Index]] = {}  # value -> the rows that are read
    for operand in operands:
        for value, rows, _ in operand.parts():
            read.setdefault(value, []).append(rows)
    for value, indices in read.items():
        if not 0 <= value < before:
            raise InvalidProgram(f"{where}: reads %{value}, which is not defined yet")
        made = program.instructions[value].rows
        rows = indices[0] if len(indices) == 1 else np.concatenate(indices)
        if len(rows) and not (rows.min() >= 0 and rows.max() < made):
            raise InvalidProgram(f"{where}: reads rows beyond the {made} of %{value}")


def _verify_types(program: Program, operands: Iterable[Operand], where: str) -> None:
    for operand in operands:
        own = program.instructions[operand.value].type
        for value in operand.read:
            if (other := program.instructions[value].type) != own:
                raise InvalidProgram(f"{where}: reads %{value} of type {other} beside %{operand.value} of type {own}")


def _verify_instruction(program: Program, instruction: Instruction, where: str) -> None:
    if type(instruction.op) not in _REGISTERED:
        raise InvalidProgram(f"{where}: {type(instruction.op).__name__} is not registered in OPS")
    types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
    try:
        inferred = instruction.op.infer(types)
    except TypeError as error:
        raise InvalidProgram(f"{where}: {error}") from error
    if inferred != instruction.type:
        raise InvalidProgram(f"{where}: has type {instruction.type}, its operands make {inferred}")


def _verify_rows(program: Program, instruction: Instruction, where: str) -> None:
    lengths = {operand.rows for operand in instruction.operands}
    if lengths - {instruction.rows}:
        raise InvalidProgram(f"{where}: {instruction.rows} rows, but its operands have {sorted(lengths)}")
    if len(instruction.params) != (instruction.rows if instruction.op.takes_params else 0):
        raise InvalidProgram(f"{where}: {len(instruction.params)} parameters for {instruction.rows} rows")
    locations = instruction.source_locations
    if len(locations) != instruction.rows:
        raise InvalidProgram(f"{where}: {len(locations)} source locations for {instruction.rows} rows")
    if len(locations) and not (locations.min() >= 0 and locations.max() < max(1, len(program.source_locations))):
        raise InvalidProgram(f"{where}: a source location beyond the {len(program.source_locations)} of the program")


def _verify_differences(program: Program, number: int, where: str, round_axes: tuple[bool, bool]) -> None:
    instruction = program.instructions[number]
    bases, regions = instruction.bases, instruction.regions
    if bases is None or regions is None:
        raise InvalidProgram(f"{where}: bases and regions come together; one of them is missing")
    if regions.shape != (instruction.rows, 4):
        raise InvalidProgram(f"{where}: regions of shape {list(regions.shape)}, expected {[instruction.rows, 4]}")
    if len(bases.values) != instruction.rows or len(bases.rows) != instruction.rows:
        raise InvalidProgram(f"{where}: {len(bases.values)} bases for {instruction.rows} rows")
    _verify_bases(program, number, where, bases)
    _verify_regions(instruction, where, regions, round_axes)


def _verify_bases(program: Program, number: int, where: str, bases: Bases) -> None:
    own = program.instructions[number]
    for value in np.unique(bases.values[bases.values != -1]).tolist():
        if not 0 <= value <= number:
            raise InvalidProgram(f"{where}: lies over a row of %{value}, which is not defined yet")
        base = program.instructions[value]
        if base.type != own.type:
            raise InvalidProgram(f"{where}: has type {own.type}, lies over %{value} of type {base.type}")
        lying = np.flatnonzero(bases.values == value)
        rows = bases.rows[lying]
        if not (rows.min() >= 0 and rows.max() < base.rows):
            raise InvalidProgram(f"{where}: lies over rows beyond the {base.rows} of %{value}")
        if value == number and not (rows < lying).all():
            raise InvalidProgram(f"{where}: a row lies over itself or over a later one")


def _verify_regions(instruction: Instruction, where: str, regions: Regions, round_axes: tuple[bool, bool]) -> None:
    for axis, length in enumerate(instruction.type.size):
        start, stop = regions[:, axis], regions[:, axis + 2]
        inside = (start >= 0) & (start <= stop) & (start <= length) & (stop - start <= length)
        if not round_axes[axis]:
            inside &= stop <= length
        if not inside.all():
            row = int(np.argmin(inside))
            raise InvalidProgram(f"{where}: region {regions[row].tolist()} of row {row} is not on its canvas")
