"""Simplification: rows that an operation leaves unchanged are replaced by its operand.

A mix of equal operands is that operand, and so is a mix in which all but one alpha are 0. An edit that changes nothing
is its operand. Each row is decided on its own: a mix may disappear for some rows and keep fewer terms for others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fgraph.ir.program import Index, Instruction, Operand, Program
from fgraph.passes.rewrite import Rewriter


def simplify(program: Program) -> Program:
    """Return the program without rows that an operation leaves unchanged."""
    work = Rewriter(program)
    for instruction in program.instructions:
        if terms := instruction.op.terms(instruction.operands):
            _simplify_mix(work, instruction, *terms)
        else:
            _simplify_edit(work, instruction)
    return work.finish()


def _simplify_edit(work: Rewriter, instruction: Instruction) -> None:
    idle = np.array(instruction.op.identities(instruction.params), bool)
    if not idle.any():
        work.copy(instruction)
        return
    values, rows = (part.copy() for part in work.place(instruction.operands[0]))
    busy = np.flatnonzero(~idle)
    if len(busy):
        operand = work.operand(instruction.operands[0].take(busy))
        values[busy] = work.keep(instruction, [operand], busy)
        rows[busy] = np.arange(len(busy))
    work.settle((values, rows))


def _simplify_mix(
    work: Rewriter, instruction: Instruction, values: Sequence[Operand], alphas: Sequence[Operand]
) -> None:
    alive = np.stack([_nonzero(work, alpha) for alpha in alphas])  # [n, rows]
    places = [work.place(value) for value in values]
    ids = np.stack([_identities(*place) for place in places])
    first = np.argmax(alive, axis=0)  # the first operand whose alpha is not 0
    columns = np.arange(instruction.rows)
    same = ((ids == ids[first, columns]) | ~alive).all(axis=0)
    if alive.all() and not same.any():
        work.copy(instruction)
        return
    made, rows = np.empty(instruction.rows, np.int64), np.empty(instruction.rows, np.int64)
    for number in range(len(values)):
        take = np.flatnonzero(same & (first == number))
        made[take], rows[take] = places[number][0][take], places[number][1][take]
    for pattern, members in _patterns(alive, np.flatnonzero(~same)):
        kept = [*(values[n] for n in pattern), *(alphas[n] for n in pattern)]
        made[members] = work.keep(instruction, [work.operand(one.take(members)) for one in kept], members)
        rows[members] = np.arange(len(members))
    work.settle((made, rows))


def _identities(values: Index, rows: Index) -> Index:
    return values * (1 << 32) + rows


def _nonzero(work: Rewriter, alpha: Operand) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each row whether its alpha may be other than 0 somewhere."""
    values, rows = work.place(alpha)
    alive = np.ones(len(values), bool)
    for value in np.unique(values).tolist():
        instruction, of_value = work.instructions[value], values == value
        if instruction.params:
            alive[of_value] = [not instruction.op.is_zero(instruction.params[row]) for row in rows[of_value].tolist()]
    return alive


def _patterns(alive: np.ndarray[tuple[int, int], np.dtype[np.bool_]], rows: Index) -> list[tuple[list[int], Index]]:
    """Group rows by the terms whose alpha is not 0."""
    groups: dict[bytes, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(alive[:, row].tobytes(), []).append(row)
    return [(np.flatnonzero(alive[:, members[0]]).tolist(), np.array(members)) for members in groups.values()]
