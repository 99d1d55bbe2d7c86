"""Common subexpression elimination by value numbering of rows.

Two rows that are equal in operation, parameter and operand rows are computed once, whether they belong to one
instruction or to two. Fifty edits of one seed share every layer below the edit.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from fgraph.ir.ops import Op
from fgraph.ir.program import Instruction, Program
from fgraph.ir.types import Type
from fgraph.passes.rewrite import Rewriter

Known = dict[Hashable, tuple[int, int]]  # key of a row -> its place in the new program


def cse(program: Program) -> Program:
    """Return the program without rows that repeat earlier ones."""
    work = Rewriter(program)
    known: dict[tuple[Op, tuple[Type, ...]], Known] = {}
    for instruction in program.instructions:
        if not instruction.op.is_pure:
            work.copy(instruction)
        else:
            types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
            _number_rows(work, instruction, known.setdefault((instruction.op, types), {}))
    return work.finish()


def _number_rows(work: Rewriter, instruction: Instruction, known: Known) -> None:
    keys = _row_keys(work, instruction)
    fresh: list[int] = []
    for row, key in enumerate(keys):
        if key not in known:
            known[key] = (-1, len(fresh))
            fresh.append(row)
    if len(fresh) == instruction.rows:
        number = work.copy(instruction)
        known |= {key: (number, row) for row, key in enumerate(keys)}
        return
    if fresh:
        rows = np.array(fresh)
        number = work.keep(instruction, [work.operand(one.take(rows)) for one in instruction.operands], rows)
        for row in fresh:
            known[keys[row]] = (number, known[keys[row]][1])
    places = np.array([known[key] for key in keys], np.int64).reshape(-1, 2)
    work.settle((places[:, 0], places[:, 1]))


def _row_keys(work: Rewriter, instruction: Instruction) -> list[Hashable]:
    columns: list[list[Hashable]] = []
    for operand in instruction.operands:
        values, rows = work.place(operand)
        columns.append((values * (1 << 32) + rows).tolist())
    if instruction.params:
        columns.append(list(instruction.params))
    if not columns:
        return list(range(instruction.rows))
    return list(zip(*columns, strict=True))
