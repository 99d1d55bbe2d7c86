"""The Program: frozen SSA operations over vectorised rows, and its text form."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.ir.ops import Op
from fgraph.ir.types import Type
from fgraph.stylegan.tables.base import Table

if TYPE_CHECKING:
    from fgraph.ir.literals import Resources, Writer
    from fgraph.photographs import Pasting

Index = npt.NDArray[np.int64]
Regions = npt.NDArray[np.int64]  # [rows, 4]


def as_index(rows: Sequence[int] | Index) -> Index:
    """Return row numbers as a read-only index vector."""
    index = np.asarray(rows, dtype=np.int64)
    index.setflags(write=False)
    return index


@dataclass(frozen=True, eq=False, slots=True)
class Operand:
    """The rows that an instruction reads: row i of the result reads row `index[i]` of value `value`, or of `values[i]`.

    `values` is given only if the operand reads rows of several values, which have one type; `value` is one of them.
    """

    value: int
    index: Index
    values: Index | None = None

    @classmethod
    def of(cls, values: Index, rows: Index) -> Operand:
        """Return the operand that reads these rows of these values."""
        first = int(values[0])
        return cls(first, as_index(rows), None if bool((values == first).all()) else as_index(values))

    @classmethod
    def joined(cls, operands: Sequence[Operand]) -> Operand:
        """Return the operand that reads the rows of several operands in order; their values have one type."""
        values, rows = (
            np.concatenate(parts) for parts in zip(*((one.row_values, one.index) for one in operands), strict=True)
        )
        return cls.of(values, rows)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.index)

    @property
    def row_values(self) -> Index:
        """The value of each row."""
        return np.full(len(self.index), self.value) if self.values is None else self.values

    @property
    def read(self) -> tuple[int, ...]:
        """The values that it reads."""
        return (self.value,) if self.values is None else tuple(np.unique(self.values).tolist())

    def parts(self) -> Iterator[tuple[int, Index, Index]]:
        """Yield each value that it reads with the rows of that value, and their positions in the operand."""
        if self.values is None:
            yield self.value, self.index, np.arange(len(self.index))
            return
        for value in np.unique(self.values).tolist():
            positions = np.flatnonzero(self.values == value)
            yield value, self.index[positions], positions

    def take(self, rows: Index) -> Operand:
        """Return the operand whose row i is row `rows[i]` of this one."""
        if self.values is None or not len(rows):
            return Operand(self.value, as_index(self.index[rows]))
        return Operand.of(self.values[rows], self.index[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Bases:
    """The base of each row of an instruction: a row of an earlier value, or an earlier row; value -1 for none."""

    values: Index
    rows: Index


@dataclass(frozen=True, eq=False, slots=True)
class Instruction:
    """An operation applied to rows. Instruction n defines value n."""

    op: Op
    operands: tuple[Operand, ...]
    params: tuple[Hashable, ...]  # one for each row, or none
    rows: int
    type: Type
    source_locations: Index  # row -> index into Program.source_locations
    regions: Regions | None = None  # row -> (top, left, bottom, right), where it may differ from its base
    bases: Bases | None = None  # row -> the row that it equals outside its region


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """The node that a row was lowered from, with its graph, file and line."""

    graph: int
    node: str
    place: Fault  # file and line

    def __str__(self) -> str:
        return f"nodes.{self.node}" + (f" ({self.place.file}:{self.place.line})" if self.place.file else "")


@dataclass(frozen=True, eq=False, slots=True)
class Output:
    """An output of a graph: the tensors that it consists of."""

    graph: int
    name: str
    kind: Kind
    tensors: Mapping[str, Operand]
    model: str | None = None
    space: str | None = None  # space of a Latent
    pasting: Pasting | None = None  # pasting of a Photograph


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions, each after the values that it reads, and the outputs of the graphs."""

    instructions: tuple[Instruction, ...]
    outputs: tuple[Output, ...]
    tables: Mapping[str, Table]  # model -> its layers
    source_locations: tuple[SourceLocation, ...] = ()
    graphs: int = 1

    @property
    def total_rows(self) -> int:
        """The number of rows of all instructions."""
        return sum(instruction.rows for instruction in self.instructions)

    @property
    def resources(self) -> Resources:
        """The arrays and functions that the text form refers to, by name."""
        resources: Resources = {}
        to_text(self, resources)
        return resources

    def __str__(self) -> str:
        return to_text(self, {})


def to_text(program: Program, resources: Resources) -> str:
    """Return the text form: one line for each instruction and for each row that has a base.

    A line reads `%3 = conv(main, b8.conv0) (%1[0..3], %2[0 0 1 1]) x4 : activation[32x8x8] @[0..3]`: the operation, its
    operands with the rows that they read, parameters in braces if it has any, rows and their type, source locations.
    A row with a base reads `row 1 = %3[0] outside (0, 0, 4, 8)`. `fgraph.ir.parse.parse` reads the text back.
    """
    from fgraph.ir.literals import Writer  # imports the classes of all parameters, which only the text needs

    writer = Writer(resources)
    lines = [f"graphs {program.graphs}"] if program.graphs > 1 else []
    for number, instruction in enumerate(program.instructions):
        lines.append(f"%{number} = {_instruction(instruction, writer)}")
        lines += _bases(instruction)
    lines += [_output(output, writer) for output in program.outputs]
    lines += [
        f"@{number} = {writer.value((one.graph, one.node, one.place.file, one.place.line))}"
        for number, one in enumerate(program.source_locations)
    ]
    return "\n".join(lines) + "\n"


def _instruction(instruction: Instruction, writer: Writer) -> str:
    operands = ", ".join(map(_operand, instruction.operands))
    params = f" {{{'; '.join(_repeated(map(writer.value, instruction.params)))}}}" if instruction.params else ""
    places = _index(instruction.source_locations)
    return f"{writer.op(instruction.op)} ({operands}){params} x{instruction.rows} : {instruction.type} @[{places}]"


def _bases(instruction: Instruction) -> Iterator[str]:
    if instruction.bases is None or instruction.regions is None:
        return
    columns = (instruction.bases.values.tolist(), instruction.bases.rows.tolist(), instruction.regions.tolist())
    for row, (value, base, region) in enumerate(zip(*columns, strict=True)):
        if value >= 0:
            yield f"    row {row} = %{value}[{base}] outside ({', '.join(map(str, region))})"


def _output(output: Output, writer: Writer) -> str:
    tensors = ", ".join(f"{name} {_operand(operand)}" for name, operand in output.tensors.items())
    of = "".join(f" {word} {writer.value(name)}" for word, name in (("in", output.space), ("of", output.model)) if name)
    pasting = "" if output.pasting is None else f" pasted {writer.value(output.pasting)}"
    return f"output {output.graph} {writer.value(output.name)} : {output.kind}{of} = {tensors}{pasting}"


def _operand(operand: Operand) -> str:
    """Write an operand: `%3[0..3]`; `%3[0..3]+%5[1]` if its rows are in several values."""
    values = operand.row_values
    starts = np.flatnonzero(np.diff(values, prepend=-1)).tolist()
    runs = zip(starts, [*starts[1:], operand.rows], strict=True)
    return "+".join(f"%{values[start]}[{_index(operand.index[start:stop])}]" for start, stop in runs)


def _index(index: Index) -> str:
    """Write an index vector: `0..3` for consecutive rows, `0 x3` for a repeated row."""
    rows: list[int] = index.tolist()
    parts, start = [], 0
    while start < len(rows):
        stop = start + 1
        while stop < len(rows) and rows[stop] == rows[stop - 1] + 1:
            stop += 1
        if stop - start > 2 or (stop - start == 2 == len(rows)):
            parts.append(f"{rows[start]}..{rows[stop - 1]}")
            start = stop
        else:
            parts.append(str(rows[start]))
            start += 1
    return " ".join(_repeated(parts))


def _repeated(parts: Iterable[str]) -> list[str]:
    """Merge three or more equal consecutive texts into `text x3`."""
    found: list[str] = []
    for text, run in itertools.groupby(parts):
        count = len(list(run))
        found += [f"{text} x{count}"] if count > 2 else [text] * count
    return found
