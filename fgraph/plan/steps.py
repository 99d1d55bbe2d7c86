"""Steps and results, which a plan consists of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fgraph._cached import cached_property
from fgraph._geometry.regions import Region, Size
from fgraph.ir.costs import Call
from fgraph.ir.ops import Const, Op, Spill
from fgraph.ir.program import Index, Output, Regions, as_index
from fgraph.ir.region_arrays import to_region
from fgraph.ir.types import Type
from fgraph.plan.gather import Gather
from fgraph.plan.schedule import Key

_OF_THE_CALL = ("row_type", "row_inputs", "workspace", "flops", "out_bytes")  # equal wherever its rows are


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of a step whose parameters and regions are equal, so that their windows have one size."""

    rows: Index
    gather: Gather  # gather of the first operand
    param: Any
    window: Region
    region: Region


@dataclass(frozen=True, eq=False)
class Step:
    """One call of an operation over rows laid end to end. Its result is the buffer of its own number.

    If `tile` is None, every row is whole; otherwise each row is a tile of that size, at its region.
    """

    op: Op
    key: Key  # its place in the schedule
    inputs: tuple[Gather, ...]
    input_types: tuple[Type, ...]  # types of whole rows
    params: tuple[Hashable, ...]
    rows: int
    type: Type  # type of a whole row
    tile: Size | None
    regions: Regions | None
    last_uses: tuple[int, ...]  # buffers that no later step or result reads
    source_locations: Index

    def relocated(
        self, inputs: tuple[Gather, ...], params: tuple[Hashable, ...], regions: Regions | None, source_locations: Index
    ) -> Step:
        """Return the same call on different rows in different buffers."""
        made = object.__new__(Step)
        kept = _OF_THE_CALL if inputs else ()  # the workspace of a draw depends on its parameters
        made.__dict__.update({name: getattr(self, name) for name in (*_FIELDS, *kept)})
        made.__dict__.update(inputs=inputs, params=params, regions=regions, source_locations=source_locations)
        return made

    def with_last_uses(self, last_uses: tuple[int, ...]) -> Step:
        """Return the step with its last uses."""
        made = object.__new__(Step)
        made.__dict__.update(self.__dict__, last_uses=last_uses)  # with the cached properties of this step
        return made

    @property
    def is_spill(self) -> bool:
        """True if it copies parts of rows for later chunks."""
        return isinstance(self.op, Spill)

    @cached_property
    def is_plain(self) -> bool:
        """True if every row is whole, and so are its operands in their buffers."""
        return self.tile is None and (self.op.terms(self.inputs) is None or all(one.exact for one in self.inputs))

    @property
    def is_host_input(self) -> bool:
        """True if its result comes from the host: it reads no step, and no tensor of a generator."""
        return not self.inputs and not isinstance(self.op, Const)

    @cached_property
    def row_type(self) -> Type:
        """The type of a row, or of its tile that is computed."""
        return row_type(self.type, self.tile)

    @cached_property
    def row_inputs(self) -> tuple[Type, ...]:
        """The types of operand rows, or of the part of them below the tile of a row."""
        return row_inputs(self.op, self.input_types, self.type, self.tile)

    @cached_property
    def call(self) -> Call:
        """The call, for the costs of the operation."""
        tiled = self.tile is not None
        return Call(
            self.row_inputs,
            self.row_type,
            self.rows,
            self.params,
            canvas=self.type if tiled else None,
            read=self.inputs[0].tile if tiled and self.inputs and self.inputs[0].size is not None else None,
            is_plain=self.is_plain,
        )

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The rows of tiles that can be computed together."""
        assert self.regions is not None
        found: dict[Hashable, list[int]] = {}
        for row, region in enumerate(self.regions.tolist()):
            found.setdefault((self.params[row], *region), []).append(row)
        groups = []
        for rows in map(as_index, found.values()):
            gather = self.inputs[0] if len(found) == 1 else self.inputs[0].take(rows)
            assert gather.windows is not None
            regions = to_region(gather.windows[0]), to_region(self.regions[rows[0]])
            groups.append(Group(rows, gather, self.params[rows[0]], *regions))
        return tuple(groups)

    @property
    def distinct_rows(self) -> int:
        """The number of rows that differ in their parameters or in their regions."""
        if self.regions is None:
            return self.call.distinct
        params = self.params or (None,) * self.rows
        return len(set(zip(params, map(tuple, self.regions.tolist()), strict=True)))

    @cached_property
    def workspace(self) -> int:
        """Bytes that the step needs while it runs, beside its operands and its result, fp32."""
        pairs = zip(self.inputs, self.input_types, strict=True)
        return self.op.workspace(self.call, [self._gathered(gather, kind) for gather, kind in pairs])

    def _gathered(self, gather: Gather, kind: Type) -> int:
        if not gather.copies_rows:
            return 0
        if gather.exact or not self.op.reads_in_place:
            return 4 * kind.numbers * gather.count
        height, width = gather.tile
        return 4 * kind.shape[0] * height * width * gather.count

    @cached_property
    def flops(self) -> int:
        """FLOPs of the step."""
        return self.op.flops(self.row_inputs, self.row_type) * self.rows

    @cached_property
    def out_bytes(self) -> int:
        """Bytes of its result, fp32."""
        return 4 * self.row_type.numbers * self.rows

    @property
    def share(self) -> float:
        """The computed share of the canvas."""
        return self.row_type.numbers / self.type.numbers


def row_type(kind: Type, tile: Size | None) -> Type:
    """Return the type of a tile of a row; None: of the whole row."""
    return kind if tile is None else kind.resized(*tile)


def row_inputs(op: Op, read: tuple[Type, ...], made: Type, tile: Size | None) -> tuple[Type, ...]:
    """Return the types of operand rows, or of the part of them below a tile of the result."""
    if tile is None or not op.reads_in_place:
        return read
    return tuple(_scaled(kind, made, tile) if kind.spatial else kind for kind in read)


def _scaled(kind: Type, output: Type, tile: Size) -> Type:
    height, width = (tile[axis] * kind.size[axis] // output.size[axis] for axis in (0, 1))
    return kind.resized(height, width)


_FIELDS = tuple(field.name for field in fields(Step))


@dataclass(frozen=True, eq=False, slots=True)
class StepResult:
    """An output of a graph, or a part of one, and the gathers that read its tensors after step `after`."""

    place: int  # index among the program's outputs
    output: Output
    rows: Index  # rows of the output
    region: Region | None  # region of each row; None: all of it
    tensors: Mapping[str, Gather]
    after: int
