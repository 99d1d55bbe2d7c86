"""The verifier: what must hold of every Program, checked between passes."""

from __future__ import annotations

from fgraph.ir.program import Instruction, Operand, Program


class InvalidProgram(AssertionError):
    """A stage made a Program that breaks a rule: a bug of ours."""


def verify(program: Program) -> Program:
    """Return the program if it keeps the rules.

    Raises:
        InvalidProgram: an operand comes later or is out of range, a type is wrong, or a row lacks its parameter.
    """
    for number, instruction in enumerate(program.instructions):
        for operand in instruction.operands:
            _verify_operand(program, number, operand, f"%{number} = {instruction.op}")
        _verify_instruction(program, number, instruction)
    for output in program.outputs:
        for operand in output.tensors.values():
            _verify_operand(program, len(program.instructions), operand, f"output {output.name}")
    return program


def _verify_operand(program: Program, before: int, operand: Operand, where: str) -> None:
    if not 0 <= operand.value < before:
        raise InvalidProgram(f"{where}: reads %{operand.value}, which is not made yet")
    made = program.instructions[operand.value].rows
    if operand.rows and not (operand.index.min() >= 0 and operand.index.max() < made):
        raise InvalidProgram(f"{where}: reads rows beyond the {made} of %{operand.value}")


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
    if len(instruction.origins) != instruction.rows:
        raise InvalidProgram(f"{where}: {len(instruction.origins)} origins for {instruction.rows} rows")
