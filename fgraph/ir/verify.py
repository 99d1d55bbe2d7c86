"""The verifier: what must hold of every Program, checked between passes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fgraph.ir.program import Index, Instruction, Operand, Program


class InvalidProgram(AssertionError):
    """A stage made a Program that breaks a rule: a bug of ours."""


def verify(program: Program) -> Program:
    """Return the program if it keeps the rules.

    Raises:
        InvalidProgram: an operand comes later or is out of range, a type is wrong, or a row lacks its parameter.
    """
    for number, instruction in enumerate(program.instructions):
        _verify_operands(program, number, instruction.operands, f"%{number} = {instruction.op}")
        _verify_instruction(program, number, instruction)
    for output in program.outputs:
        _verify_operands(program, len(program.instructions), output.tensors.values(), f"output {output.name}")
    return program


def _verify_operands(program: Program, before: int, operands: Iterable[Operand], where: str) -> None:
    read: dict[int, list[Index]] = {}  # value -> which of its rows
    for operand in operands:
        read.setdefault(operand.value, []).append(operand.index)
    for value, indices in read.items():
        if not 0 <= value < before:
            raise InvalidProgram(f"{where}: reads %{value}, which is not made yet")
        made = program.instructions[value].rows
        rows = indices[0] if len(indices) == 1 else np.concatenate(indices)
        if len(rows) and not (rows.min() >= 0 and rows.max() < made):
            raise InvalidProgram(f"{where}: reads rows beyond the {made} of %{value}")


def _verify_instruction(program: Program, number: int, instruction: Instruction) -> None:
    where = f"%{number} = {instruction.op}"
    types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
    try:
        inferred = instruction.op.infer(types)
    except TypeError as error:
        raise InvalidProgram(f"{where}: {error}") from error
    if inferred != instruction.type:
        raise InvalidProgram(f"{where}: has type {instruction.type}, its operands make {inferred}")
    lengths = {operand.rows for operand in instruction.operands}
    if instruction.op.name != "join" and lengths - {instruction.rows}:
        raise InvalidProgram(f"{where}: {instruction.rows} rows, but its operands have {sorted(lengths)}")
    if instruction.op.name == "join" and sum(operand.rows for operand in instruction.operands) != instruction.rows:
        raise InvalidProgram(f"{where}: joins another number of rows than {instruction.rows}")
    if len(instruction.params) != (instruction.rows if instruction.op.takes_params else 0):
        raise InvalidProgram(f"{where}: {len(instruction.params)} parameters for {instruction.rows} rows")
    if len(instruction.source_locations) != instruction.rows:
        raise InvalidProgram(
            f"{where}: {len(instruction.source_locations)} source_locations for {instruction.rows} rows"
        )
