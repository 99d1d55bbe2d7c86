"""The regions of operands that operations read, and the FLOPs of a pixel."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from fgraph._geometry.regions import Cyclic, Region, area, whole
from fgraph.ir.ops import Op
from fgraph.ir.program import Instruction, Program, Regions
from fgraph.ir.region_arrays import distinct
from fgraph.ir.types import Type


def footprints_of(op: Op, port: int, types: tuple[Type, ...], regions: Regions, params: Sequence[Hashable]) -> Regions:
    """Return the region of an operand that each row reads to compute its region; it may extend beyond the canvas."""
    found, index = distinct(regions)
    if not params:
        return np.array([op.footprint(port, one, types, None) for one in found], np.int64).reshape(-1, 4)[index]
    known: dict[tuple[int, int], Region] = {}
    for number, param in zip(index.tolist(), params, strict=True):
        key = (number, id(param))  # most equal parameters are one object, so the id saves a hash
        if key not in known:
            known[key] = op.footprint(port, found[number], types, param)
    keys = zip(index.tolist(), map(id, params), strict=True)
    return np.array([known[key] for key in keys], np.int64).reshape(-1, 4)


def operands_read(op: Op, types: tuple[Type, ...], regions: Regions | None) -> Sequence[int]:
    """Return the operands that at least one tile at these regions reads; whole rows (None) read all operands."""
    read = None if regions is None else op.operands_read(regions, types)
    return range(len(types)) if read is None else np.flatnonzero(read.any(axis=0)).tolist()


def flops_of_pixel(program: Program, instruction: Instruction) -> float:
    """Return the FLOPs of a pixel of an instruction's result."""
    types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
    return instruction.op.flops(types, instruction.type) / area(whole(instruction.type.size))


def cyclic_axes(program: Program) -> list[Cyclic]:
    """Return for each value the axes on which a reader wraps round, so that regions of the value may wrap too."""
    cyclic: list[Cyclic] = [(False, False)] * len(program.instructions)
    for number in reversed(range(len(cyclic))):
        instruction = program.instructions[number]
        for operand in instruction.operands:
            reader = instruction.op.wraps
            if instruction.op.reads_in_place:
                reader = (reader[0] or cyclic[number][0], reader[1] or cyclic[number][1])
            for value in operand.read:
                axes = cyclic[value]
                cyclic[value] = (axes[0] or reader[0], axes[1] or reader[1])
        for base in set(instruction.bases.values.tolist() if instruction.bases else ()) - {-1, number}:
            axes, reader = cyclic[base], cyclic[number]  # readers of a row read its base in the same way
            cyclic[base] = (axes[0] or reader[0], axes[1] or reader[1])
    return cyclic
