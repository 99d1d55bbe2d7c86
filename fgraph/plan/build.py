"""From a Program to steps: batching, places in buffers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fgraph.ir.ops import Join, Kept, Op
from fgraph.ir.program import Index, Instruction, Operand, Program, Regions, as_index
from fgraph.ir.regions import Cyclic, Region, Size, area, extent, whole
from fgraph.ir.types import Type
from fgraph.passes import Wanted
from fgraph.plan.gather import NOWHERE, Gather, Places, kept_buffer, whole_regions
from fgraph.plan.schedule import Key, schedule_keys
from fgraph.plan.steps import Result, Step


@dataclass(frozen=True, eq=False)
class Unit:
    """Rows of one instruction that are made in one call: all those of one tile size."""

    number: int
    rows: Index
    tile: Size | None


class StepBuilder:
    """Makes the steps of a program, whose regions are known, as numbers that follow those of steps made before.

    Args:
        program: the program.
        first: the number of the first step.
        codes: where codes stand, if they were made before; they are not made again.
    """

    def __init__(self, program: Program, first: int = 0, codes: Sequence[Places] | None = None) -> None:
        self.program = program
        self.keys = schedule_keys(program)
        self.batches = _batches(program, self.keys, with_codes=codes is None)
        self.places = _places(program, self.batches, first, codes)

    def steps(self) -> list[Step]:
        """Every step; what each frees is not known yet."""
        return [self._step(batch) for batch in self.batches]

    def results(self, wanted: Wanted | None, after: int) -> list[Result]:
        """The outputs, or the parts of them that are wanted, to be taken when step `after` has run."""
        found = []
        for place, output in enumerate(self.program.outputs):
            regions = None if wanted is None else wanted.get(place)
            if wanted is not None and regions is None:
                continue
            found += self._results_of(place, regions, after) if output.tensors else []
        return found

    def _step(self, batch: list[Unit]) -> Step:
        members = [self.program.instructions[unit.number] for unit in batch]
        first, tile = members[0], batch[0].tile
        types = tuple(self.program.instructions[operand.value].type for operand in first.operands)
        pairs = list(zip(members, batch, strict=True))
        params = tuple(one.params[row] for one, unit in pairs if one.params for row in unit.rows.tolist())
        regions = None if tile is None else np.concatenate([_regions(one, unit) for one, unit in pairs])
        inputs = []
        for port, kind in enumerate(types):
            operands = [one.operands[port].take(unit.rows) for one, unit in pairs]
            windows = (
                None if regions is None or not kind.spatial else _windows(first.op, port, types, (regions, params))
            )
            inputs.append(self._gather(operands, windows, first.op.windows_wrap))
        return Step(
            op=first.op,
            key=self.keys[batch[0].number],
            inputs=tuple(inputs),
            input_types=types,
            params=params,
            rows=sum(len(unit.rows) for unit in batch),
            type=first.type,
            tile=tile,
            regions=regions,
            frees=(),
            origins=as_index(np.concatenate([one.origins[unit.rows] for one, unit in pairs])),
        )

    def _gather(self, operands: Sequence[Operand], windows: Regions | None, wraps: Cyclic = (False, False)) -> Gather:
        places = Places.joined([self.places[one.value].take(one.index) for one in operands])
        kind = self.program.instructions[operands[0].value].type
        if not kind.spatial:
            return Gather(places)
        asked = whole_regions(len(places.rows), kind.size) if windows is None else windows
        exact = bool((places.buffers != NOWHERE).all()) and bool((places.regions == asked).all())
        return Gather(places, kind.size, asked, exact, wraps)

    def _results_of(self, place: int, regions: Sequence[Region] | None, after: int) -> list[Result]:
        output = self.program.outputs[place]
        count = next(iter(output.tensors.values())).rows
        groups: dict[Region | None, list[int]] = {}
        for row in range(count):
            region = None if regions is None else regions[row]
            if region is None or area(region):  # features are wanted whole, each tensor at its own size
                groups.setdefault(None if len(output.tensors) > 1 else region, []).append(row)
        found = []
        for region, rows in groups.items():
            index = as_index(rows)
            tensors = {}
            for name, operand in output.tensors.items():
                windows = None if region is None else np.tile(np.array(region, np.int64), (len(rows), 1))
                tensors[name] = self._gather([operand.take(index)], windows)
            found.append(Result(place, output, index, region, tensors, after))
        return found


def _windows(op: Op, port: int, types: tuple[Type, ...], made: tuple[Regions, Sequence[Hashable]]) -> Regions:
    """What each row reads of an operand."""
    regions, params = made
    known: dict[Hashable, Region] = {}
    found = []
    for row, (top, left, bottom, right) in enumerate(regions.tolist()):
        key = ((top, left, bottom, right), params[row] if params else None)
        if key not in known:
            known[key] = op.window(port, key[0], types, key[1])
        found.append(known[key])
    return np.array(found, np.int64)


def _batches(program: Program, keys: Sequence[Key], *, with_codes: bool) -> list[list[Unit]]:
    """The units of each step, steps in the order they run."""
    steps: dict[Hashable, list[Unit]] = {}
    first: dict[Hashable, Key] = {}
    for number, instruction in enumerate(program.instructions):
        if isinstance(instruction.op, Join | Kept) or not (with_codes or instruction.type.spatial):
            continue
        types = tuple(program.instructions[operand.value].type for operand in instruction.operands)
        for tile, rows in _tiles(instruction):
            key = (keys[number], instruction.op, types, instruction.type, tile)
            first.setdefault(key, keys[number])
            steps.setdefault(key, []).append(Unit(number, rows, tile))
    return [steps[key] for key in sorted(steps, key=lambda key: first[key])]  # stable: equal keys keep their order


def _tiles(instruction: Instruction) -> list[tuple[Size | None, Index]]:
    """The rows of an instruction by the size of their tiles; rows of which nothing is wanted are left out."""
    if instruction.regions is None:
        return [(None, as_index(np.arange(instruction.rows)))]
    canvas = whole(instruction.type.size)
    groups: dict[Size | None, list[int]] = {}
    for row, (top, left, bottom, right) in enumerate(instruction.regions.tolist()):
        region = (top, left, bottom, right)
        if area(region):
            groups.setdefault(None if region == canvas else extent(region), []).append(row)
    return [(tile, as_index(rows)) for tile, rows in groups.items()]


def _regions(instruction: Instruction, unit: Unit) -> Regions:
    assert instruction.regions is not None
    return instruction.regions[unit.rows]


def _places(program: Program, batches: list[list[Unit]], first: int, codes: Sequence[Places] | None) -> list[Places]:
    """For each value, where its rows will stand."""
    buffers = [np.full(one.rows, NOWHERE, np.int64) for one in program.instructions]
    slots = [np.zeros(one.rows, np.int64) for one in program.instructions]
    for step, batch in enumerate(batches, first):
        start = 0
        for unit in batch:
            buffers[unit.number][unit.rows] = step
            slots[unit.number][unit.rows] = np.arange(start, start + len(unit.rows))
            start += len(unit.rows)
    places: list[Places] = []
    for number, instruction in enumerate(program.instructions):
        if isinstance(instruction.op, Kept):
            places.append(_kept_places(instruction))
        elif codes is not None and not instruction.type.spatial:
            places.append(codes[number])
        elif isinstance(instruction.op, Join):
            places.append(Places.joined([places[one.value].take(one.index) for one in instruction.operands]))
        elif instruction.bases is None and instruction.regions is not None and not instruction.regions.any():
            places.append(_unmade(instruction.rows))  # of a chunk, most is not looked at
        else:
            places.append(_own_places(program, number, places, (buffers[number], slots[number])))
    return places


@lru_cache
def _unmade(rows: int) -> Places:
    """Where rows stand that no step makes."""
    nowhere, nothing = np.full(rows, NOWHERE, np.int64), np.zeros((rows, 4), np.int64)
    return Places(nowhere, nowhere, nothing, nowhere, nowhere, nothing)


def _kept_places(instruction: Instruction) -> Places:
    """Rows of an earlier run stand whole in a buffer of their own."""
    assert isinstance(instruction.op, Kept)
    count = instruction.rows
    regions = whole_regions(count, instruction.type.size if instruction.type.spatial else (0, 0))
    none = np.full(count, NOWHERE, np.int64)
    return Places(np.full(count, kept_buffer(instruction.op.slot)), np.arange(count), regions, none, none, regions)


_NO_PLACE = Places(*(np.full(shape, NOWHERE, np.int64) for shape in (1, 1, (1, 4), 1, 1, (1, 4))))


def _own_places(program: Program, number: int, places: list[Places], stands: tuple[Index, Index]) -> Places:
    instruction, (buffers, slots) = program.instructions[number], stands
    count, regions = instruction.rows, instruction.regions
    if regions is None:
        regions = whole_regions(count, instruction.type.size if instruction.type.spatial else (0, 0))
    none = np.full(count, NOWHERE, np.int64)
    if instruction.bases is None:
        return Places(buffers, slots, regions, none, none, regions)
    own = Places(buffers, slots, regions, none, none, regions)
    beneath = [
        (own if value == number else places[value]).take(as_index([row])) if value >= 0 else _NO_PLACE
        for value, row in zip(instruction.bases.values.tolist(), instruction.bases.rows.tolist(), strict=True)
    ]
    under = Places.joined(beneath)
    return Places(buffers, slots, regions, under.buffers, under.rows, under.regions)
