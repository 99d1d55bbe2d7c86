"""Which rectangle of each value is looked at, row by row, from the outputs back.

A convolution asks for a halo, an operand of a mix only for the support of its weight, a crop for what it cuts out.
Regions are then enlarged, never shrunk, where that lets rows share a batch: to one of few sizes, or to the whole.
Nothing is rewritten: instructions get their `regions`, which the plan cuts its tiles by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from fgraph.fields import support
from fgraph.ir.ops import DrawMask, Join, Mix
from fgraph.ir.program import Instruction, Operand, Program, Regions
from fgraph.ir.regions import (
    NOTHING,
    Cyclic,
    Region,
    Size,
    area,
    clip,
    covers,
    extent,
    intersect,
    union,
    whole,
)

_WHOLE_FROM = 0.9  # a region of this share of the canvas is made whole: a tile of it would save less than it costs
_STEPS = 32  # a region's sides are multiples of this part of the canvas's shorter side
_WASTE = 1.2  # a region may grow by this factor to share a call,
_CALL = 50e6  # but only if that costs less than a call, counted in FLOPs,
_LITTLE_WASTE = 1.03  # or next to nothing

Wanted = Mapping[int, Sequence[Region]]  # output, by its place -> the region of each of its rows that is wanted


def find_regions(program: Program, wanted: Wanted | None = None, *, codes: bool = True) -> Program:
    """The program with the region of every row that is looked at.

    Args:
        program: any program; `regions` that it has with `bases` say where a row differs from its base.
        wanted: which parts of the outputs are wanted; None: all. Rows that nothing looks at get an empty region.
        codes: whether what codes are made of, such as an image that is inverted, is looked at too.
    """
    return _Walk(program, codes).run(wanted)


def without_regions(program: Program) -> Program:
    """The program with every row to be made whole."""
    plain = (replace(one, regions=None, bases=None) for one in program.instructions)
    return replace(program, instructions=tuple(plain))


class _Walk:
    def __init__(self, program: Program, codes: bool) -> None:
        self.program = program
        self.codes = codes
        self.needs: list[list[Region]] = [[NOTHING] * one.rows for one in program.instructions]
        self.cyclic = cyclic_axes(program)

    def run(self, wanted: Wanted | None) -> Program:
        for place, output in enumerate(self.program.outputs):
            for operand in output.tensors.values():
                kind = self.program.instructions[operand.value].type
                if kind.spatial:
                    asked = None if wanted is None else wanted.get(place, [NOTHING] * operand.rows)
                    if asked is not None and len(output.tensors) > 1:  # features, each tensor at its own size
                        asked = [whole(kind.size) if area(one) else NOTHING for one in asked]
                    self._ask(operand, [whole(kind.size)] * operand.rows if asked is None else asked)
        made = [self._settle(number) for number in reversed(range(len(self.needs)))]
        return replace(self.program, instructions=tuple(reversed(made)))

    def _settle(self, number: int) -> Instruction:
        instruction = self.program.instructions[number]
        if not instruction.type.spatial:
            if self.codes:
                self._ask_whole(instruction)
            return instruction
        if isinstance(instruction.op, Join):
            self._ask_through(instruction, self.needs[number])
            return instruction
        size, cyclic = instruction.type.size, self.cyclic[number]
        if not any(map(area, self.needs[number])):
            return replace(instruction, regions=_nowhere(instruction.rows))  # of a chunk, most are not looked at
        self._ask_bases(instruction, number)
        regions = [self._made(instruction, need, cyclic) for need in self._own(instruction, number)]
        regions = _few_sizes(regions, size, cyclic, self._flops(instruction))
        self._ask_operands(number, regions)
        if all(region == whole(size) for region in regions):
            return replace(instruction, regions=None)
        return replace(instruction, regions=as_regions(regions))

    def _flops(self, instruction: Instruction) -> float:
        """What a pixel costs."""
        types = tuple(self.program.instructions[operand.value].type for operand in instruction.operands)
        height, width = instruction.type.size
        return instruction.op.flops(types, instruction.type) / (height * width)

    def _ask_whole(self, instruction: Instruction) -> None:
        """Codes are made of whole images."""
        for operand in instruction.operands:
            kind = self.program.instructions[operand.value].type
            if kind.spatial:
                self._ask(operand, [whole(kind.size)] * operand.rows)

    def _own(self, instruction: Instruction, number: int) -> list[Region]:
        """What each row is asked for, cut to where it differs from its base."""
        needs = self.needs[number]
        if instruction.bases is None or instruction.regions is None:
            return needs
        size, cyclic = instruction.type.size, self.cyclic[number]
        differ = map(tuple, instruction.regions.tolist())
        return [
            intersect(need, other, size, cyclic) if base >= 0 else need
            for need, base, other in zip(needs, instruction.bases.values.tolist(), differ, strict=True)
        ]

    def _ask_bases(self, instruction: Instruction, number: int) -> None:
        if instruction.bases is None or instruction.regions is None:
            return
        size, cyclic = instruction.type.size, self.cyclic[number]
        pairs = zip(instruction.bases.values.tolist(), instruction.bases.rows.tolist(), strict=True)
        for row, (value, base) in enumerate(pairs):
            own: Any = tuple(instruction.regions[row].tolist())
            need = self.needs[number][row]
            if value >= 0 and not covers(own, need, size, cyclic):
                self.needs[value][base] = union(self.needs[value][base], need, size, cyclic)

    @staticmethod
    def _made(instruction: Instruction, need: Region, cyclic: Cyclic) -> Region:
        if not area(need):
            return NOTHING
        return clip(instruction.op.made(need, instruction.type), instruction.type.size, cyclic)

    def _ask_operands(self, number: int, regions: list[Region]) -> None:
        instruction = self.program.instructions[number]
        types = tuple(self.program.instructions[operand.value].type for operand in instruction.operands)
        for port, operand in enumerate(instruction.operands):
            if types[port].spatial:
                self._ask(operand, self._windows(instruction, port, regions, types))

    def _windows(self, instruction: Instruction, port: int, regions: list[Region], types: Any) -> list[Region]:
        params: Sequence[Any] = instruction.params or (None,) * instruction.rows
        known: dict[Any, Region] = {}
        found = []
        supports = self._supports(instruction, port)
        cyclic = self.cyclic[instruction.operands[port].value]
        for row, region in enumerate(regions):
            key = (region, params[row], supports and supports[row])
            if key not in known:
                known[key] = self._window(instruction, port, key, types, cyclic)
            found.append(known[key])
        return found

    @staticmethod
    def _window(instruction: Instruction, port: int, key: Any, types: Any, cyclic: Cyclic) -> Region:
        region, param, held = key
        if not area(region):
            return NOTHING
        size = types[port].size
        window = clip(instruction.op.window(port, region, types, param), size, instruction.op.windows_wrap)
        return window if held is None else intersect(window, held, size, cyclic)

    def _supports(self, instruction: Instruction, port: int) -> list[Region] | None:
        """For an operand of a mix, where the weight of each row is not 0."""
        if not isinstance(instruction.op, Mix):
            return None
        half = len(instruction.operands) // 2
        if port >= half:
            return None
        return weight_supports(self.program, instruction.operands[half + port])

    def _ask_through(self, join: Instruction, needs: list[Region]) -> None:
        start = 0
        for operand in join.operands:
            self._ask(operand, needs[start : start + operand.rows])
            start += operand.rows

    def _ask(self, operand: Operand, regions: Sequence[Region]) -> None:
        needs, cyclic = self.needs[operand.value], self.cyclic[operand.value]
        size = self.program.instructions[operand.value].type.size
        for row, region in zip(operand.index.tolist(), regions, strict=True):
            if needs[row] != region:
                needs[row] = union(needs[row], region, size, cyclic)


def as_regions(regions: Sequence[Region]) -> Regions:
    """Regions as a read-only array [rows, 4]."""
    array = np.array(regions, dtype=np.int64).reshape(-1, 4)
    array.setflags(write=False)
    return array


@lru_cache
def _nowhere(rows: int) -> Regions:
    return as_regions([NOTHING] * rows)


def weight_supports(program: Program, weight: Operand) -> list[Region]:
    """For each row of a weight, where it is not 0; all of the canvas where the weight is known only later."""
    instruction = program.instructions[weight.value]
    if isinstance(instruction.op, Join):
        rows = [region for operand in instruction.operands for region in weight_supports(program, operand)]
    else:
        assert isinstance(instruction.op, DrawMask), "the weights of a mix are drawn"
        size = instruction.type.size
        rows = [support(field, *size) or NOTHING for field in instruction.params]
    return [rows[row] for row in weight.index.tolist()]


def cyclic_axes(program: Program) -> list[Cyclic]:
    """For each value, whether a reader goes round its edges, so that regions of it may too."""
    cyclic: list[Cyclic] = [(False, False)] * len(program.instructions)
    for number in reversed(range(len(cyclic))):
        instruction = program.instructions[number]
        for operand in instruction.operands:
            reader = instruction.op.wraps
            if instruction.op.reads_in_place:
                reader = (reader[0] or cyclic[number][0], reader[1] or cyclic[number][1])
            own = cyclic[operand.value]
            cyclic[operand.value] = (own[0] or reader[0], own[1] or reader[1])
        for base in set(instruction.bases.values.tolist() if instruction.bases else ()) - {-1, number}:
            own, lying = cyclic[base], cyclic[number]  # a base is read like the row that lies over it
            cyclic[base] = (own[0] or lying[0], own[1] or lying[1])
    return cyclic


def _few_sizes(regions: list[Region], size: Size, cyclic: Cyclic, flops: float) -> list[Region]:
    """Regions enlarged to one of few sizes, the largest first; large ones to the whole. A pixel costs `flops`."""
    total = size[0] * size[1]
    counts = Counter(regions)
    grown = {region: whole(size) for region in counts if area(region) >= _WHOLE_FROM * total}
    left = sorted(set(counts) - set(grown), key=lambda region: (-area(region), region))
    sizes: list[Size] = []
    for region in left:
        if not area(region):
            grown[region] = NOTHING
            continue
        height, width = (_rounded(*pair, min(size)) for pair in zip(extent(region), size, strict=True))
        cost = flops * counts[region]
        fitting = next((one for one in sizes if _fits(one, (height, width), cost)), None)
        if fitting is None:
            sizes.append(fitting := (height, width))
        grown[region] = _enlarge(region, fitting, size, cyclic) if fitting != size else whole(size)
    return [grown[region] for region in regions]


def _rounded(length: int, size: int, shorter: int) -> int:
    """A length rounded up, so that regions of nearly one size, of whichever operation, share a call."""
    step = max(2, shorter // _STEPS // 2 * 2)  # even, as the regions of a doubling layer are
    return min(size, -(-length // step) * step)


def _fits(bucket: Size, own: Size, flops: float) -> bool:
    """Whether a tile may be of the size of a bucket; `flops` is what a pixel costs, over all rows it is made for."""
    if bucket[0] < own[0] or bucket[1] < own[1]:
        return False
    needed, made = own[0] * own[1], bucket[0] * bucket[1]
    most = _WASTE if flops * (made - needed) <= _CALL else _LITTLE_WASTE
    return made <= most * needed


def _enlarge(region: Region, to: Size, size: Size, cyclic: Cyclic) -> Region:
    top, bottom = _lengthen(region[0], to[0], size[0], cyclic[0])
    left, right = _lengthen(region[1], to[1], size[1], cyclic[1])
    return (top, left, bottom, right)


def _lengthen(start: int, length: int, size: int, cyclic: bool) -> tuple[int, int]:
    if not cyclic or length == size:
        start = min(start, size - length)
    return start, start + length
