"""The Program: frozen SSA operations over vectorised rows, and its text form."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.ir.literals import Resources, Writer
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
    """Instructions in an order that defines values before it uses them, and the outputs that graphs ask for."""

    instructions: tuple[Instruction, ...]
    outputs: tuple[Output, ...]
    tables: Mapping[str, Table]  # model -> its layers
    source_locations: tuple[SourceLocation, ...] = ()
    graphs: int = 1

    @property
    def total_rows(self) -> int:
        """Rows of all instructions together."""
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
    """Write a program, one line for each instruction and one for each row that has a base.

    A line reads `%3 = conv(main, b8.conv0) (%1[0..3], %2[0 0 1 1]) x4 : activation[32x8x8] @[0..3]`: the operation, its
    operands with the rows that they read, parameters in braces if it has any, rows and their type, source locations.
    A row with a base reads `row 1 = %3[0] outside (0, 0, 4, 8)`. `fgraph.ir.parse.parse` reads the text back.
    """
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


def _instruction(one: Instruction, writer: Writer) -> str:
    operands = ", ".join(map(_operand, one.operands))
    params = f" {{{'; '.join(_repeated(map(writer.value, one.params)))}}}" if one.params else ""
    return f"{writer.op(one.op)} ({operands}){params} x{one.rows} : {one.type} @[{_index(one.source_locations)}]"


def _bases(one: Instruction) -> Iterator[str]:
    if one.bases is None or one.regions is None:
        return
    columns = (one.bases.values.tolist(), one.bases.rows.tolist(), one.regions.tolist())
    for row, (value, base, region) in enumerate(zip(*columns, strict=True)):
        if value >= 0:
            yield f"    row {row} = %{value}[{base}] outside ({', '.join(map(str, region))})"


def _output(output: Output, writer: Writer) -> str:
    tensors = ", ".join(f"{name} {_operand(operand)}" for name, operand in output.tensors.items())
    of = "".join(f" {word} {writer.value(name)}" for word, name in (("in", output.space), ("of", output.model)) if name)
    return f"output {output.graph} {writer.value(output.name)} : {output.kind}{of} = {tensors}"


def _operand(operand: Operand) -> str:
    return f"%{operand.value}[{_index(operand.index)}]"


def _index(index: Index) -> str:
    """An index vector: `0..3` for rows that follow each other, `0 x3` for equal ones."""
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
    """Texts, three or more equal ones in a row as `text x3`."""
    found: list[str] = []
    for text, run in itertools.groupby(parts):
        count = len(list(run))
        found += [f"{text} x{count}"] if count > 2 else [text] * count
    return found
