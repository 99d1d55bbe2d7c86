"""Incremental runs: rows that an earlier run has computed are read from its baseline.

The values of the baseline come first in the program. Each new row that equals a row of the baseline in operation,
parameter and operand rows is replaced by it. Rows that differ only in part are left to `find_differences`, which takes
rows of the baseline as their bases.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from fgraph.ir import ops
from fgraph.ir.baseline import Baseline, RowId, rows_of
from fgraph.ir.program import Instruction, Operand, Program, as_index
from fgraph.passes.rewrite import Rewriter

Ids = dict[Hashable, int]  # key of a row -> its number


def reuse(program: Program, baseline: Baseline) -> Program:
    """Return the program with the baseline's rows in front; they replace rows of the program that are equal to them."""
    prefixed = _with_prefix(program, baseline)
    ids: Ids = {}
    known = _known_rows(baseline, ids)
    work = Rewriter(prefixed)
    numbers: dict[RowId, int] = {}
    places = _first_places(prefixed, known)
    for value, instruction in enumerate(prefixed.instructions):
        if isinstance(instruction.op, ops.BaselineRows):
            work.copy(instruction)
            numbers |= {(value, row): number for row, number in enumerate(known[instruction.op.slot])}
        else:
            _replace_rows(work, value, instruction, (numbers, ids, places))
    return work.finish()


def prefix_of(program: Program) -> dict[int, int]:
    """Return the value of a program for each value of the baseline, by slot."""
    return {
        one.op.slot: value for value, one in enumerate(program.instructions) if isinstance(one.op, ops.BaselineRows)
    }


def _with_prefix(program: Program, baseline: Baseline) -> Program:
    slots = sorted(baseline.tensors)
    prefix = [_baseline_rows(slot, baseline.program.instructions[slot]) for slot in slots]
    shift = len(prefix)

    def moved(operand: Operand) -> Operand:
        values = None if operand.values is None else as_index(operand.values + shift)
        return Operand(operand.value + shift, operand.index, values)

    body = [replace(one, operands=tuple(map(moved, one.operands))) for one in program.instructions]
    outputs = tuple(
        replace(output, tensors={name: moved(one) for name, one in output.tensors.items()})
        for output in program.outputs
    )
    return replace(program, instructions=(*prefix, *body), outputs=outputs)


def _baseline_rows(slot: int, old: Instruction) -> Instruction:
    return Instruction(
        ops.BaselineRows(slot, old.type), (), (), old.rows, old.type, as_index(np.zeros(old.rows, np.int64))
    )


def _known_rows(baseline: Baseline, ids: Ids) -> dict[int, list[int]]:
    """Return a number for every row of the baseline; equal rows have equal numbers."""
    found: dict[int, list[int]] = {}
    program = baseline.program
    for slot, instruction in enumerate(program.instructions):
        columns = [[found[value][row] for value, row in rows_of(one)] for one in instruction.operands]
        found[slot] = [_number(ids, key) for key in _keys(program, instruction, columns, slot)]
    return found


def _keys(program: Program, instruction: Instruction, columns: list[list[int]], slot: int) -> list[Hashable]:
    types = tuple(program.instructions[one.value].type for one in instruction.operands)
    params = instruction.params or (None,) * instruction.rows
    if not instruction.op.is_pure:
        return [(id(instruction), slot, row) for row in range(instruction.rows)]
    if not columns:  # drawn or constant: the parameter, or without one the row number, identifies a row
        return [(instruction.op, types, row if not instruction.params else param) for row, param in enumerate(params)]
    return [(instruction.op, types, row) for row in zip(*columns, params, strict=True)]


def _number(ids: Ids, key: Hashable) -> int:
    return ids.setdefault(key, len(ids))


def _first_places(program: Program, known: dict[int, list[int]]) -> dict[int, RowId]:
    """Return for each number the first row of the baseline that has it."""
    places: dict[int, RowId] = {}
    for slot, value in prefix_of(program).items():
        for row, number in enumerate(known[slot]):
            places.setdefault(number, (value, row))
    return places


def _replace_rows(
    work: Rewriter, value: int, instruction: Instruction, tables: tuple[dict[RowId, int], Ids, dict[int, RowId]]
) -> None:
    numbers, ids, places = tables
    columns = [[numbers[one] for one in rows_of(operand)] for operand in instruction.operands]
    row_numbers = [_number(ids, key) for key in _keys(work.old, instruction, columns, value)]
    numbers |= {(value, row): number for row, number in enumerate(row_numbers)}
    stays = instruction.op.is_comparable  # cheap to draw, and other passes compare its parameters
    fresh = np.array([row for row, number in enumerate(row_numbers) if stays or number not in places], np.int64)
    values, rows = np.empty(len(row_numbers), np.int64), np.empty(len(row_numbers), np.int64)
    if len(fresh):
        operands = [work.operand(one.take(fresh)) for one in instruction.operands]
        values[fresh] = work.keep(instruction, operands, fresh)
        rows[fresh] = np.arange(len(fresh))
    for row, number in enumerate(row_numbers):
        if number in places and not stays:
            values[row], rows[row] = places[number]
    work.settle((values, rows))
