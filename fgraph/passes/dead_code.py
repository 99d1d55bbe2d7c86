"""Dead code elimination: rows and operations that no output depends on are removed."""

from __future__ import annotations

import numpy as np

from fgraph.ir.program import Program
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
        if len(rows) and instruction.op.name == "join":
            parts = [work.place(operand) for operand in instruction.operands]
            work.settle((np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])))
            continue
        if len(rows):
            operands = [work.operand(one.take(rows)) for one in instruction.operands]
            places[0][rows] = work.keep(instruction, operands, rows)
        work.settle(places)
    return work.finish()


def _live_rows(program: Program) -> list[np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    live = [np.zeros(instruction.rows, bool) for instruction in program.instructions]
    for output in program.outputs:
        for operand in output.tensors.values():
            live[operand.value][operand.index] = True
    for number in reversed(range(len(live))):
        instruction, rows = program.instructions[number], np.flatnonzero(live[number])
        start = 0
        for operand in instruction.operands:
            if instruction.op.name == "join":  # its rows are the rows of its operands, end to end
                mine = rows[(rows >= start) & (rows < start + operand.rows)] - start
                start += operand.rows
            else:
                mine = rows
            live[operand.value][operand.index[mine]] = True
    return live
