"""Stacking: equal operations on the same values become one operation, with their rows end to end.

The two hundred runs of a mosaic are lowered one by one, each a layer of one row on the same state. Later passes take
time for each operation, so stacking comes first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from fgraph.ir.program import Instruction, Operand, Program, as_index

Starts = tuple[list[int], list[int]]  # for each old value: the new value that contains it, and its first row there


def stack(program: Program) -> Program:
    """Return the program with one operation for all operations that are equal and read the same values."""
    groups = _groups(program)
    if len(groups) == len(program.instructions):
        return program
    count = len(program.instructions)
    starts: Starts = ([0] * count, [0] * count)
    for number, members in enumerate(groups):
        rows = 0
        for value in members:
            starts[0][value], starts[1][value] = number, rows
            rows += program.instructions[value].rows
    made = tuple(_stacked([program.instructions[value] for value in members], starts) for members in groups)
    outputs = tuple(
        replace(one, tensors={name: _moved([tensor], starts) for name, tensor in one.tensors.items()})
        for one in program.outputs
    )
    return replace(program, instructions=made, outputs=outputs)


def _groups(program: Program) -> list[list[int]]:
    """Return the groups of values to stack, ordered by their first value; all operands of a group come before it."""
    groups: list[list[int]] = []
    known: dict[Hashable, int] = {}
    group_of: list[int] = []
    for value, instruction in enumerate(program.instructions):
        key: Hashable = (instruction.op, tuple(_groups_read(operand, group_of) for operand in instruction.operands))
        op = instruction.op
        if not (op.is_pure and op.is_computed and (instruction.operands or instruction.params)):
            # Not stacked: equal rows may differ in their results, or no operand or parameter distinguishes rows.
            key = value
        number = known.setdefault(key, len(groups))
        if number == len(groups):
            groups.append([])
        groups[number].append(value)
        group_of.append(number)
    return groups


def _groups_read(operand: Operand, group_of: Sequence[int]) -> Hashable:
    if operand.values is None:
        return group_of[operand.value]
    return frozenset(group_of[value] for value in operand.read)


def _stacked(members: list[Instruction], starts: Starts) -> Instruction:
    first = members[0]
    ports = zip(*(one.operands for one in members), strict=True)
    return replace(
        first,
        operands=tuple(_moved(operands, starts) for operands in ports),
        params=tuple(param for one in members for param in one.params),
        rows=sum(one.rows for one in members),
        source_locations=as_index(np.concatenate([one.source_locations for one in members])),
    )


def _moved(operands: Sequence[Operand], starts: Starts) -> Operand:
    """Concatenate operands that now read the same values."""
    if all(operand.values is None for operand in operands):
        indices = [operand.index + starts[1][operand.value] for operand in operands]
        return Operand(starts[0][operands[0].value], as_index(np.concatenate(indices)))
    values = np.concatenate([operand.row_values for operand in operands])
    rows = np.concatenate([operand.index for operand in operands])
    return Operand.of(np.array(starts[0])[values], rows + np.array(starts[1])[values])
