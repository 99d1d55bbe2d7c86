"""Dead code elimination: rows and operations that no output depends on are removed."""

from __future__ import annotations

import numpy as np

from fgraph.ir.program import Operand, Program
from fgraph.ir.region_arrays import Flags
from fgraph.passes.rewrite import Rewriter


def dce(program: Program) -> Program:
    """Return the program with only the rows that an output depends on."""
    live = _live_rows(program)
    work = Rewriter(program)
    for instruction, mask in zip(program.instructions, live, strict=True):
        if mask.all():
            work.copy(instruction)
            continue
        rows = np.flatnonzero(mask)
        places = np.full(instruction.rows, -1), np.cumsum(mask) - 1
        if len(rows):
            operands = [work.operand(one.take(rows)) for one in instruction.operands]
            places[0][rows] = work.keep(instruction, operands, rows)
        work.settle(places)
    return work.finish()


def _live_rows(program: Program) -> list[Flags]:
    live = [np.zeros(instruction.rows, bool) for instruction in program.instructions]
    for output in program.outputs:
        for operand in output.tensors.values():
            _mark(live, operand)
    for number in reversed(range(len(live))):
        instruction, rows = program.instructions[number], np.flatnonzero(live[number])
        for operand in instruction.operands:
            _mark(live, operand.take(rows))
    return live


def _mark(live: list[Flags], operand: Operand) -> None:
    for value, rows, _ in operand.parts():
        live[value][rows] = True
