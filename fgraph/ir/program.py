"""The Program: frozen SSA operations over vectorised rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.ir.ops import Op
from fgraph.ir.types import Type
from fgraph.stylegan.tables.base import Table

Index = npt.NDArray[np.int64]
Regions = npt.NDArray[np.int64]  # [rows, 4]


def as_index(rows: Sequence[int] | Index) -> Index:
    """An index vector, made read-only."""
    index = np.asarray(rows, dtype=np.int64)
    index.setflags(write=False)
    return index


@dataclass(frozen=True, eq=False, slots=True)
class Operand:
    """Rows of a value: result row i reads row `index[i]` of value `value`."""

    value: int
    index: Index

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.index)

    def take(self, rows: Index) -> Operand:
        """The operand whose row i is row `rows[i]` of this one."""
        return Operand(self.value, as_index(self.index[rows]))


@dataclass(frozen=True, eq=False, slots=True)
class Bases:
    """For each row of an instruction, another row, of the same value or an earlier one; value -1 is none."""

    values: Index
    rows: Index


@dataclass(frozen=True, eq=False, slots=True)
class Instruction:
    """One operation applied to rows; its result is the value of its own number."""

    op: Op
    operands: tuple[Operand, ...]
    params: tuple[Hashable, ...]  # one a row, or none at all
    rows: int
    type: Type
    source_locations: Index  # row -> place in Program.source_locations
    regions: Regions | None = None  # row -> (top, left, bottom, right) where it may differ from its base
    bases: Bases | None = None  # row -> the row that it equals outside its region


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Which node of which graph a row was made for."""

    graph: int
    node: str
    place: Fault  # carries file and line

    def __str__(self) -> str:
        return f"nodes.{self.node}" + (f" ({self.place.file}:{self.place.line})" if self.place.file else "")


@dataclass(frozen=True, eq=False, slots=True)
class Output:
    """A result that a graph asked for: the tensors it consists of."""

    graph: int
    name: str
    kind: Kind
    tensors: Mapping[str, Operand]
    model: str | None = None
    space: str | None = None  # of a Latent


@dataclass(frozen=True, eq=False)
class Program:
    """Operations in an order that defines before it uses, and what is kept of them."""

    instructions: tuple[Instruction, ...]
    outputs: tuple[Output, ...]
    tables: Mapping[str, Table]  # model -> its layers
    source_locations: tuple[SourceLocation, ...] = ()
    graphs: int = 1

    @property
    def total_rows(self) -> int:
        """Rows of all instructions together."""
        return sum(instruction.rows for instruction in self.instructions)
