"""Bounds inference: the rectangle of each row that must be computed, chunk by chunk, from the outputs backwards.

A convolution requires a halo, a term of a mix only the support of its alpha, a crop only the part that it cuts out.
Regions are then enlarged, never shrunk, where that lets rows share a batch. One walk serves all chunks of a plan. The
chunks differ in the outputs that they make, and only the first computes codes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fgraph._cached import cached_property
from fgraph._geometry.regions import Region, area, clip, overlapping_pixels, whole
from fgraph.analysis.access import cyclic_axes, flops_of_pixel, footprints_of
from fgraph.analysis.retention import Part, ReaderCosts, Retention
from fgraph.analysis.supports import Supports
from fgraph.analysis.tile_sizes import few_sizes
from fgraph.analysis.value_bounds import NOT_COMPUTED, Bounds, ChunkOutputs, ValueBounds
from fgraph.ir.costs import DEFAULT_COSTS, CostModel
from fgraph.ir.program import Bases, Index, Instruction, Operand, Program, Regions, as_index
from fgraph.ir.region_arrays import (
    areas,
    as_regions,
    clipped,
    covering,
    distinct,
    hulls,
    intersections,
    to_region,
    whole_regions,
)  # fmt: skip
from fgraph.ir.types import Type


def infer_bounds(
    program: Program,
    chunks: Sequence[ChunkOutputs] = (None,),
    retention_budget: float = 0,
    cost_model: CostModel = DEFAULT_COSTS,
    memo: BoundsMemo | None = None,
) -> Bounds:
    """Return the rows of every value that must be computed, with their regions.

    Args:
        program: any program. A row with a base is computed only inside its region.
        chunks: the output tiles of each chunk. The first chunk also computes all codes and what they depend on.
        retention_budget: the most bytes, in fp32, that may be retained at once for later chunks. A part is retained
            where that costs less than to recompute it.
        cost_model: the costs of calls and copies.
        memo: what earlier calls for the same program and cost model found; this call adds to it.
    """
    return _Walk(memo or BoundsMemo(program, cost_model), len(chunks), retention_budget).run(chunks)


def repeated_flops(program: Program, bounds: Bounds) -> float:
    """Return the FLOPs of the pixels within the bounds of a program that earlier chunks also compute."""
    total = 0.0
    for instruction, made, cyclic in zip(program.instructions, bounds.values, cyclic_axes(program), strict=True):
        if not instruction.type.spatial or len(np.unique(made.rows)) == len(made.rows):  # no row is computed twice
            continue
        flops, before = flops_of_pixel(program, instruction), defaultdict[int, set[Region]](set)
        for row, region in zip(made.rows.tolist(), map(tuple, made.regions.tolist()), strict=True):
            again = overlapping_pixels(region, before[row], instruction.type.size, cyclic)
            total += flops * min(again, area(region))
            before[row].add(region)
    return total


def without_differences(program: Program) -> Program:
    """Return the program without bases: every row is computed on its own."""
    plain = (replace(one, regions=None, bases=None) for one in program.instructions)
    return replace(program, instructions=tuple(plain))


class BoundsMemo:
    """Properties of a program that do not depend on its chunks, for several inferences of its bounds.

    Args:
        program: the program.
        cost_model: the costs of calls and copies.
    """

    def __init__(self, program: Program, cost_model: CostModel = DEFAULT_COSTS) -> None:
        self.program = program
        self.cost_model = cost_model
        self.cyclic = cyclic_axes(program)
        self.supports = Supports(program)
        self.enlarged: dict[tuple[int, bytes], Regions] = {}  # value and needs -> regions: many chunks have equal needs

    @cached_property
    def flops(self) -> list[float]:
        """The FLOPs of a pixel of each value."""
        return [flops_of_pixel(self.program, one) if one.type.spatial else 0.0 for one in self.program.instructions]

    @cached_property
    def readers(self) -> ReaderCosts:
        """The costs that decide about retention."""
        return ReaderCosts.of(self.program, self.supports)


class _Walk:
    def __init__(self, memo: BoundsMemo, chunks: int, retention_budget: float) -> None:
        self.memo = memo
        self.program, self.cyclic = memo.program, memo.cyclic
        self.retention: Retention | None = None
        if retention_budget:
            self.retention = Retention(
                memo.program, memo.cyclic, memo.readers, chunks, budget=retention_budget, cost_model=memo.cost_model
            )
        # The requests for each value so far: keys, which are chunk * rows + row, and regions.
        self.requests: list[list[tuple[Index, Regions]]] = [[] for _ in self.program.instructions]

    def run(self, chunks: Sequence[ChunkOutputs]) -> Bounds:
        for chunk, wanted in enumerate(chunks):
            self._request_outputs(chunk, wanted)
        made = [self._settle(number) for number in reversed(range(len(self.requests)))]
        if self.retention is None:
            return Bounds(made[::-1], (), np.zeros(len(chunks)))
        return Bounds(made[::-1], self.retention.retained, self.retention.bytes)

    # -- requests ------------------------------------------------------------------------------------------------

    def _request_outputs(self, chunk: int, wanted: ChunkOutputs) -> None:
        if wanted is None:
            for output in self.program.outputs:
                for operand in output.tensors.values():
                    self._request_whole(operand, chunk)
            return
        for place, row, region in wanted:
            tensors = self.program.outputs[place].tensors
            for operand in tensors.values():
                if len(tensors) > 1:  # features, each tensor at its own size
                    self._request_whole(operand.take(as_index([row])), chunk)
                else:
                    self._request(operand.take(as_index([row])), as_index([chunk]), as_regions([region]))

    def _request_whole(self, operand: Operand, chunk: int) -> None:
        kind = self.program.instructions[operand.value].type
        if kind.spatial:
            chunks = np.full(operand.rows, chunk)
            self._request(operand, chunks, whole_regions(operand.rows, kind.size))

    def _request(self, operand: Operand, chunks: Index, regions: Regions) -> None:
        """Request regions of the rows of an operand, each in a chunk."""
        for value, rows, mine in operand.parts():
            self._request_value(value, (chunks[mine], rows), regions[mine])

    def _request_value(self, value: int, rows: tuple[Index, Index], regions: Regions) -> None:
        """Request regions of rows of a value, each in a chunk."""
        self.requests[value].append((rows[0] * self.program.instructions[value].rows + rows[1], regions))

    # -- a value -------------------------------------------------------------------------------------------------

    def _settle(self, number: int) -> ValueBounds:
        """Decide which parts of a value are computed, once all requests for it are known; request what they read."""
        instruction = self.program.instructions[number]
        if not instruction.type.spatial:
            for operand in instruction.operands:  # codes are computed from whole images
                self._request_whole(operand, 0)
            if not instruction.op.is_computed:
                return NOT_COMPUTED
            nowhere = np.zeros((instruction.rows, 4), np.int64)
            return ValueBounds(np.zeros(instruction.rows, np.int64), np.arange(instruction.rows), nowhere)
        rows, needs = self._needs(number)
        if not (len(needs) and instruction.op.is_computed):
            return NOT_COMPUTED
        if instruction.bases is not None:
            self._request_bases(number, instruction.bases, rows, needs)
            rows, needs = self._needs_in_regions(number, instruction.bases)
        rows, regions = self._computed(number, rows, needs)
        if instruction.op.terms(instruction.operands):
            self._request_terms(instruction, rows, regions)
        else:
            self._request_operands(instruction, rows, regions)
        return ValueBounds(*rows, regions)

    def _needs(self, number: int) -> tuple[tuple[Index, Index], Regions]:
        """Return the requests for a value: chunks and rows, and one region for each."""
        if not self.requests[number]:
            return (NOT_COMPUTED.chunks, NOT_COMPUTED.rows), NOT_COMPUTED.regions
        instruction = self.program.instructions[number]
        parts = self.requests[number]
        keys, regions = (np.concatenate([part[column] for part in parts]) for column in (0, 1))
        keys, regions = hulls(keys, regions, instruction.type.size, self.cyclic[number])
        self.requests[number] = [(keys, regions)]
        return (keys // instruction.rows, keys % instruction.rows), regions

    def _request_bases(self, number: int, bases: Bases, rows: tuple[Index, Index], needs: Regions) -> None:
        """Request from the base of each row those requested pixels that are outside the region of the row."""
        instruction = self.program.instructions[number]
        assert instruction.regions is not None
        values = bases.values[rows[1]]
        differ = instruction.regions[rows[1]]
        beyond = (values >= 0) & ~covering(differ, needs, instruction.type.size, self.cyclic[number])
        for value in np.unique(values[beyond]).tolist():
            mine = beyond & (values == value)
            self._request_value(value, (rows[0][mine], bases.rows[rows[1][mine]]), needs[mine])

    def _needs_in_regions(self, number: int, bases: Bases) -> tuple[tuple[Index, Index], Regions]:
        """Return the requests for the rows of a value, each cut to the region where the row differs from its base."""
        instruction = self.program.instructions[number]
        assert instruction.regions is not None
        rows, needs = self._needs(number)
        cut = intersections(needs, instruction.regions[rows[1]], instruction.type.size, self.cyclic[number])
        requested = np.where((bases.values[rows[1]] >= 0)[:, None], cut, needs)
        nonempty = areas(requested) > 0
        return (rows[0][nonempty], rows[1][nonempty]), requested[nonempty]

    def _computed(self, number: int, rows: tuple[Index, Index], needs: Regions) -> tuple[tuple[Index, Index], Regions]:
        """Return the regions that each chunk computes for the requests; retained parts are not computed again."""
        if not len(needs):
            return rows, needs
        before: dict[int, dict[Region, Part]] = {}
        if self.retention is not None:
            before = {row: {} for row in np.flatnonzero(np.bincount(rows[1]) > 1).tolist()}
        regions = needs.copy()
        flops, enlarged = self.memo.flops[number], self.memo.enlarged
        names = rows[1].tolist()
        ends = (np.flatnonzero(rows[0][1:] != rows[0][:-1]) + 1).tolist()
        for start, stop in pairwise([0, *ends, len(needs)]):
            chunk, part = int(rows[0][start]), regions[start:stop]
            again = [(place, row) for place, row in enumerate(names[start:stop], start) if row in before]
            if self.retention is not None:
                for place, row in again:
                    regions[place] = self.retention.rest((number, row), chunk, to_region(needs[place]), before[row])
            key = number, part.tobytes()
            if key not in enlarged:
                enlarged[key] = self._enlarged(number, part, flops)
            part[:] = enlarged[key]
            for place, row in again:
                region = to_region(regions[place])
                if area(region):
                    before[row].pop(region, None)  # only the last of several equal regions is kept
                    before[row][region] = Part(chunk, region, alone=len(part) == 1)
        nonempty = areas(regions) > 0
        return (rows[0][nonempty], rows[1][nonempty]), regions[nonempty]

    def _enlarged(self, number: int, needs: Regions, flops: float) -> Regions:
        """Return the regions that a chunk computes for its needs, enlarged to few sizes; a pixel costs `flops`."""
        instruction, cyclic = self.program.instructions[number], self.cyclic[number]
        size = instruction.type.size
        found, index = distinct(needs)
        made = [
            clip(instruction.op.granularity(one, instruction.type), size, cyclic) if area(one) else one for one in found
        ]
        if all(one == whole(size) for one in made):
            return whole_regions(len(needs), size)
        counts: dict[Region, int] = {}
        for one, count in zip(made, np.bincount(index).tolist(), strict=True):
            counts[one] = counts.get(one, 0) + count
        grown = few_sizes(counts, size, cyclic, flops, self.memo.cost_model.call)
        return np.array([grown[one] for one in made], np.int64)[index]

    # -- what it reads -------------------------------------------------------------------------------------------

    def _request_operands(self, instruction: Instruction, rows: tuple[Index, Index], regions: Regions) -> None:
        types = self._types(instruction)
        params = [instruction.params[row] for row in rows[1].tolist()] if instruction.params else []
        read = instruction.op.operands_read(regions, types)
        for port, operand in enumerate(instruction.operands):
            if types[port].spatial:
                mine = slice(None) if read is None else np.flatnonzero(read[:, port])
                windows = footprints_of(instruction.op, port, types, regions[mine], params)
                windows = clipped(windows, types[port].size, instruction.op.footprint_wraps)
                self._request(operand.take(rows[1][mine]), rows[0][mine], windows)

    def _request_terms(self, mix: Instruction, rows: tuple[Index, Index], regions: Regions) -> None:
        """Request the terms of a mix, values and alphas, where the alpha is not 0."""
        terms = mix.op.terms(mix.operands)
        assert terms is not None
        half = len(terms[0])
        supports = np.concatenate([self.memo.supports.of(alpha)[rows[1]] for alpha in terms[1]])
        windows = intersections(np.tile(regions, (half, 1)), supports, mix.type.size, (True, True))
        live = areas(windows) > 0
        chunks = np.tile(rows[0], half)
        for operands in terms:
            values = np.concatenate([one.row_values[rows[1]] for one in operands])
            indices = np.concatenate([one.index[rows[1]] for one in operands])
            for value in dict.fromkeys(value for one in operands for value in one.read):
                mine = live & (values == value)
                self._request_value(value, (chunks[mine], indices[mine]), windows[mine])

    def _types(self, instruction: Instruction) -> tuple[Type, ...]:
        return tuple(self.program.instructions[operand.value].type for operand in instruction.operands)
