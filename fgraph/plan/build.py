"""The step builder: batches the rows of a Program into steps, chunk after chunk."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Region, Size, area, extent, whole
from fgraph._ports import Kind
from fgraph.analysis import Bounds, OutputTile, Retained, Row, footprints_of, operands_read
from fgraph.ir.ops import Spill
from fgraph.ir.program import Index, Instruction, Operand, Program, Regions, as_index
from fgraph.ir.region_arrays import as_regions, to_region
from fgraph.ir.types import Type
from fgraph.plan.buffer_map import BufferMap
from fgraph.plan.chunk_templates import ChunkTemplate, ChunkTemplates, CodesChunk, Relocation
from fgraph.plan.gather import Gather
from fgraph.plan.schedule import schedule_keys
from fgraph.plan.steps import Step, StepResult
from fgraph.plan.units import Unit, units_of

_NEARLY_ALL = 0.9  # if at least this share of a buffer is retained, the buffer itself stays, without a copy


class StepBuilder:
    """Builder of the steps of a program, which are numbered in the order of the chunks.

    Args:
        program: the program.
        bounds: the rows and regions of each value that each chunk computes, and the parts that it retains for later
            chunks.
        templates: the templates of the program so far; None: every chunk is built from scratch.
    """

    def __init__(self, program: Program, bounds: Bounds, templates: ChunkTemplates | None = None) -> None:
        self.program = program
        self._made = bounds.values
        numbers = np.arange(len(bounds.retained_bytes) + 1)
        self._starts = [np.searchsorted(one.chunks, numbers).tolist() for one in bounds.values]  # of each chunk
        self._templates = templates
        self._codes = None if templates is None else templates.codes
        self._retained: dict[int, dict[Row, list[Retained]]] = {}  # chunk that computes them -> row -> retained parts
        for part in bounds.retained:
            self._retained.setdefault(part.chunk, {}).setdefault(part.row, []).append(part)
        self.buffer_map = BufferMap(program) if self._codes is None else self._codes.buffer_map.copy()
        self._keys = schedule_keys(program) if self._codes is None else self._codes.keys
        self._shapes = self._find_shapes() if self._codes is None else self._codes.shapes
        self._count = 0  # steps so far
        self._last: list[Unit] = []  # units of the previous chunk

    def chunk(self, number: int) -> list[Step]:
        """Return the steps of a chunk, without their last uses. Its rows stay readable until the next chunk begins."""
        if self._codes is not None and not number:
            self._count = len(self._codes.steps)
            return list(self._codes.steps)
        for unit in self._last:
            if self.program.instructions[unit.number].type.spatial:
                self.buffer_map.drop(unit.number, unit.rows)
        self.buffer_map.begin(number)
        batches = self._batches(number)
        self._last = [unit for batch in batches for unit in batch]
        retained = self._retained.get(number, {})
        if self._templates is None:
            return self._build(batches, retained)
        if not number:
            return self._first_chunk(self._templates, batches, retained)
        shape = self._templates.shape(self._last, retained, self.buffer_map)
        template, start = self._templates.known.get(shape.key), self._count
        if template is not None:
            return self._build(batches, retained, template.relocation(start, shape.retained))
        steps = self._build(batches, retained)
        self._templates.known[shape.key] = ChunkTemplate(steps, start, shape.retained)
        return steps

    def _first_chunk(
        self, templates: ChunkTemplates, batches: Sequence[list[Unit]], retained: Mapping[Row, Sequence[Retained]]
    ) -> list[Step]:
        """Return the steps of the first chunk. If it makes codes only, later builders do not build it again."""
        steps = self._build(batches, retained)
        if not any(self.program.instructions[unit.number].type.spatial for unit in self._last):
            templates.codes = CodesChunk(steps, self.buffer_map.copy(), self._keys, self._shapes)
        return steps

    def _build(
        self,
        batches: Sequence[list[Unit]],
        retained: Mapping[Row, Sequence[Retained]],
        relocation: Relocation | None = None,
    ) -> list[Step]:
        """Return the step of each batch, followed by the steps that spill its retained parts."""
        steps: list[Step] = []
        for batch in batches:
            step = self._step(batch) if relocation is None else self._relocated(batch, relocation)
            steps.append(step)
            steps += [self._spill(group, relocation) for group in self._enter(batch, step, retained)]
        return steps

    def assumed_parts(self, chunk: int) -> list[Step]:
        """Enter the parts that earlier chunks retain for a chunk or later ones, without building these chunks.

        Returns:
            For each part, a step of its size that reads nothing.

        No template is made or used from then on.
        """
        self._templates = None
        steps = []
        rows = (found for retained in self._retained.values() for found in retained.values())
        for part in (part for found in rows for part in found if part.chunk < chunk <= part.last):
            steps.append(self._copying(part.row[0], as_regions([part.region]), as_index([])))
            self.buffer_map.retain(part, (self._count, 0), part.region)
            self._count += 1
        return steps

    def results(self, tiles: Sequence[OutputTile] | None) -> Iterator[StepResult]:
        """Yield results, which are taken after the last step built so far.

        Args:
            tiles: the tiles of outputs to take; None: all outputs.
        """
        if tiles is None:
            for place, output in enumerate(self.program.outputs):
                yield self._result(place, np.arange(next(iter(output.tensors.values())).rows), None)
            return
        groups: dict[tuple[int, Region | None], list[int]] = {}
        for place, row, region in tiles:
            output = self.program.outputs[place]
            whole_rows = output.kind in (Kind.LATENT, Kind.FEATURES)  # each of their tensors has a size of its own
            groups.setdefault((place, None if whole_rows else region), []).append(row)
        for (place, shared), rows in groups.items():
            yield self._result(place, rows, shared)

    def _find_shapes(self) -> list[int]:
        """Return a number for each instruction, which is equal where operation, type and types of operands are."""
        shapes: dict[Hashable, int] = {}
        return [
            shapes.setdefault((one.op, one.type, self._types(one.operands)), len(shapes))
            for one in self.program.instructions
        ]

    def _types(self, operands: Sequence[Operand]) -> tuple[Type, ...]:
        return tuple(self.program.instructions[operand.value].type for operand in operands)

    # -- steps ---------------------------------------------------------------------------------------------------

    def _batches(self, chunk: int) -> list[list[Unit]]:
        """Return the units of each step of a chunk, in the order of the steps."""
        steps: dict[Hashable, list[Unit]] = {}
        for number, starts in enumerate(self._starts):
            made = self._made[number].part(starts[chunk], starts[chunk + 1])
            for unit in units_of(number, self.program.instructions[number].type, made):
                steps.setdefault((self._keys[number], self._shapes[number], unit.tile), []).append(unit)
        # the sort is stable: steps of equal keys keep their order
        return sorted(steps.values(), key=lambda batch: self._keys[batch[0].number])

    def _enter(self, batch: list[Unit], step: Step, retained: Mapping[Row, Sequence[Retained]]) -> list[list[Retained]]:
        """Enter the rows that a step computes into its buffer; return the retained parts to spill, by size."""
        start, parts = 0, []
        for unit in batch:
            self.buffer_map.put(unit.number, unit.rows, (self._count, start), unit.regions)
            for place, row in enumerate(unit.rows.tolist() if retained else ()):
                found = retained.get((unit.number, row), ())
                parts += [(part, (self._count, start + place), to_region(unit.regions[place])) for part in found]
            start += len(unit.rows)
        self._count += 1
        if not parts:
            return []
        pixels = sum(area(part.region) for part, _, _ in parts)
        if _NEARLY_ALL * step.rows * step.row_type.numbers <= pixels * step.type.shape[0]:
            for one in parts:  # the buffer stays
                self.buffer_map.retain(*one)
            return []
        groups: dict[Size, list[Retained]] = {}
        for part, _, _ in parts:
            groups.setdefault(extent(part.region), []).append(part)
        return list(groups.values())

    def _spill(self, group: list[Retained], relocation: Relocation | None) -> Step:
        """Return the step that copies parts of rows, all of one size, out of their buffers."""
        rows = [Operand(part.row[0], as_index([part.row[1]])) for part in group]
        locations = [self.program.instructions[one.value].source_locations[one.index] for one in rows]
        source_locations = as_index(np.concatenate(locations))
        if relocation is None:
            regions = as_regions([part.region for part in group])
            gather = self.buffer_map.gather(rows, regions, Spill().footprint_wraps)
            step = self._copying(rows[0].value, regions, source_locations, (gather,))
        else:
            step = next(relocation.steps)
            inputs = (step.inputs[0].relocated(relocation.numbers),)
            step = step.relocated(inputs, (), step.regions, source_locations)
        for place, part in enumerate(group):
            self.buffer_map.retain(part, (self._count, place), part.region)
        self._count += 1
        return step

    def _copying(self, value: int, regions: Regions, source_locations: Index, inputs: tuple[Gather, ...] = ()) -> Step:
        """Return the step that copies regions of rows of a value, all of one size; without inputs, from nowhere."""
        kind = self.program.instructions[value].type
        tile = None if to_region(regions[0]) == whole(kind.size) else extent(to_region(regions[0]))
        return Step(
            op=Spill(),
            key=self._keys[value],
            inputs=inputs,
            input_types=(kind,) * len(inputs),
            params=(),
            rows=len(regions),
            type=kind,
            tile=tile,
            regions=None if tile is None else regions,
            last_uses=(),
            source_locations=source_locations,
        )

    def _step(self, batch: list[Unit]) -> Step:
        pairs = [(self.program.instructions[unit.number], unit) for unit in batch]
        first, tile = pairs[0][0], batch[0].tile
        types = self._types(first.operands)
        params = _params(pairs)
        regions = None if tile is None else _joined([unit.regions for unit in batch])
        ports = self._ports(pairs, types, regions)
        inputs = []
        for port in ports:
            operands = [one.operands[port].take(unit.rows) for one, unit in pairs]
            windows = None
            if regions is not None and types[port].spatial:
                windows = footprints_of(first.op, port, types, regions, params)
            inputs.append(self.buffer_map.gather(operands, windows, first.op.footprint_wraps))
        return Step(
            op=first.op,
            key=self._keys[batch[0].number],
            inputs=tuple(inputs),
            input_types=tuple(types[port] for port in ports),
            params=params,
            rows=sum(len(unit.rows) for unit in batch),
            type=first.type,
            tile=tile,
            regions=regions,
            last_uses=(),
            source_locations=_source_locations(pairs),
        )

    def _relocated(self, batch: list[Unit], relocation: Relocation) -> Step:
        """Return the next step of a template, on other rows and in other buffers.

        Codes are looked up again, because their buffers do not belong to the chunk.
        """
        step = next(relocation.steps)
        pairs = [(self.program.instructions[unit.number], unit) for unit in batch]
        inputs = []
        for port, (gather, kind) in enumerate(zip(step.inputs, step.input_types, strict=True)):
            if kind.spatial:
                inputs.append(gather.relocated(relocation.numbers))
            else:
                inputs.append(self.buffer_map.gather([one.operands[port].take(unit.rows) for one, unit in pairs], None))
        regions = None if step.tile is None else _joined([unit.regions for unit in batch])
        return step.relocated(tuple(inputs), _params(pairs), regions, _source_locations(pairs))

    def _ports(
        self, pairs: list[tuple[Instruction, Unit]], types: tuple[Type, ...], regions: Regions | None
    ) -> Sequence[int]:
        """Return the operands that a step reads; a mix omits the terms whose alpha is 0 in every row."""
        op = pairs[0][0].op
        ports = op.terms(range(len(types)))
        if ports is None:
            return operands_read(op, types, regions)
        there = [self.buffer_map.are_there([one.operands[port] for port in ports[1]], unit.rows) for one, unit in pairs]
        terms = np.flatnonzero(np.any(there, axis=0)).tolist()
        return [side[term] for side in ports for term in terms]

    def _result(self, place: int, rows: Sequence[int] | Index, region: Region | None) -> StepResult:
        output, index = self.program.outputs[place], as_index(rows)
        windows = None if region is None else as_regions([region] * len(index))
        tensors = {name: self.buffer_map.gather([one.take(index)], windows) for name, one in output.tensors.items()}
        return StepResult(place, output, index, region, tensors, self._count - 1)


def _params(pairs: Sequence[tuple[Instruction, Unit]]) -> tuple[Hashable, ...]:
    return tuple(one.params[row] for one, unit in pairs if one.params for row in unit.rows.tolist())


def _source_locations(pairs: Sequence[tuple[Instruction, Unit]]) -> Index:
    return as_index(_joined([one.source_locations[unit.rows] for one, unit in pairs]))


def _joined(parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
