"""The parser of the text form of programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.ir.literals import Reader
from fgraph.ir.program import Bases, Index, Instruction, Operand, Output, Program, SourceLocation, as_index
from fgraph.ir.region_arrays import as_regions
from fgraph.ir.types import Type
from fgraph.stylegan.tables.base import Table

_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[(\[{]|[)\]}]""")
_PART = re.compile(r"%(\d+)\[([^\]]*)\]")
_OPERAND = re.compile(rf"{_PART.pattern}(?:\+{_PART.pattern})*")
_TAIL = re.compile(r" x(\d+) : (\S+?)\[([\dx]*)\] @\[([^\]]*)\]")
_BASE = re.compile(r"    row (\d+) = %(\d+)\[(\d+)\] outside \((-?\d+), (-?\d+), (-?\d+), (-?\d+)\)")
_OUTPUT = re.compile(r"output (\d+) (.+?) : (\w+)(?: in (\S+))?(?: of (.+?))? = (.*?)(?: pasted (Pasting\(.*))?")


def parse(text: str, tables: Mapping[str, Table], resources: Mapping[str, object] | None = None) -> Program:
    """Parse the text form of a program; empty lines and lines that begin with `#` are skipped.

    Args:
        text: the text that `str(program)` returns.
        tables: the layer tables of the models that operations name, `program.tables`.
        resources: the arrays and functions that the text refers to, `program.resources`.

    Raises:
        ValueError: a line cannot be read; the message names the line.
    """
    parts = _Parts(Reader(tables, resources or {}))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            parts.read(line)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"line {number}, '{line}': {error}") from error
    return Program(
        tuple(parts.instructions), tuple(parts.outputs), dict(tables), tuple(parts.source_locations), parts.graphs
    )


@dataclass
class _Parts:
    """The parts of a program that have been read so far."""

    reader: Reader
    instructions: list[Instruction] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    source_locations: list[SourceLocation] = field(default_factory=list)
    graphs: int = 1

    def read(self, line: str) -> None:
        """Read one line."""
        if line.startswith("graphs "):
            self.graphs = int(line.removeprefix("graphs "))
        elif line.startswith("%"):
            head, _, rest = line.partition(" = ")
            if head != f"%{len(self.instructions)}":
                raise ValueError(f"it defines {head}; the next value is %{len(self.instructions)}")
            self.instructions.append(self._instruction(rest))
        elif line.startswith("@"):
            graph, node, file, number = self.reader.value(line.partition(" = ")[2])
            self.source_locations.append(SourceLocation(graph, node, Fault("", f"nodes.{node}", file, number)))
        elif match := _BASE.fullmatch(line):
            self._add_base(*map(int, match.groups()))
        elif match := _OUTPUT.fullmatch(line):
            self.outputs.append(self._output(match))
        else:
            raise ValueError("expected an instruction, a row's base, an output or a source location")

    def _instruction(self, text: str) -> Instruction:
        op, rest = _bracketed(text)
        operands, rest = _bracketed(rest.lstrip())
        params = ""
        if rest.startswith(" {"):
            params, rest = _bracketed(rest.lstrip())
        match = _TAIL.fullmatch(rest)
        if match is None:
            raise ValueError(f"expected ` xROWS : TYPE @[LOCATIONS]`, found '{rest}'")
        rows, kind, shape, locations = match.groups()
        return Instruction(
            self.reader.op(op),
            tuple(_operands(operands)),
            tuple(self._params(params[1:-1])) if params else (),
            int(rows),
            Type(kind, tuple(map(int, shape.split("x"))) if shape else ()),  # type: ignore[arg-type]
            _read_index(locations),
        )

    def _params(self, text: str) -> Iterator[object]:
        for part in _split(text):
            value, _, count = part.rpartition(" x") if re.search(r" x\d+$", part) else (part, "", "1")
            yield from [self.reader.value(value)] * int(count)

    def _add_base(self, row: int, value: int, base: int, *region: int) -> None:
        last = self.instructions[-1]
        bases, regions = last.bases, last.regions
        if bases is None or regions is None:
            bases = Bases(np.full(last.rows, -1), np.zeros(last.rows, np.int64))
            regions = np.tile(np.array((0, 0, *last.type.size), np.int64), (last.rows, 1))
        values, rows, regions = bases.values.copy(), bases.rows.copy(), regions.copy()
        values[row], rows[row], regions[row] = value, base, region
        self.instructions[-1] = replace(
            last, bases=Bases(as_index(values), as_index(rows)), regions=as_regions(regions)
        )

    def _output(self, match: re.Match[str]) -> Output:
        graph, name, kind, space, model, tensors, pasting = match.groups()
        named = (part.split(" ", 1) for part in re.findall(r"\w+ %[^,]*", tensors))
        return Output(
            int(graph),
            self.reader.value(name),
            Kind(kind),
            {tensor: next(_operands(text)) for tensor, text in named},
            None if model is None else self.reader.value(model),
            None if space is None else self.reader.value(space),
            None if pasting is None else self.reader.value(pasting),
        )


def _operands(text: str) -> Iterator[Operand]:
    for match in _OPERAND.finditer(text):
        parts = [(int(value), _read_index(index)) for value, index in _PART.findall(match[0])]
        values = np.concatenate([np.full(len(index), value) for value, index in parts])
        yield Operand.of(values, np.concatenate([index for _, index in parts])) if len(values) else Operand(*parts[0])


def _read_index(text: str) -> Index:
    rows: list[int] = []
    part: list[int] = []
    for word in text.split():
        if word.startswith("x"):  # repeats the preceding part
            rows += part * (int(word[1:]) - 1)
            continue
        start, _, stop = word.partition("..")
        part = list(range(int(start), int(stop or start) + 1))
        rows += part
    return as_index(rows)


def _bracketed(text: str) -> tuple[str, str]:
    """Split a text after its first bracketed part."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if depth == 0 and token[0] in ")]}":
            return text[: token.end()], text[token.end() :]
    raise ValueError(f"a bracket in '{text}' is not closed")


def _split(text: str) -> Iterator[str]:
    """Split a text at semicolons outside brackets and strings."""
    depth = start = 0
    for token in re.finditer(_TOKEN.pattern + "|;", text):
        if token[0] == ";" and depth == 0:
            yield text[start : token.start()].strip()
            start = token.end()
        depth += (token[0] in "([{") - (token[0] in ")]}")
    yield text[start:].strip()
