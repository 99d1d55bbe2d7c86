"""Shared code of `mix`, `align` and `direction`: parts of a code."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fgraph._ports import LayerSet
from fgraph.ir.ops import Splice
from fgraph.ir.types import TypeKind
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.values import Latent
from fgraph.stylegan.tables.base import CONST, Table


def parse_rows(text: str, table: Table) -> frozenset[int]:
    """Parse rows of W+: `0..3`, `4..`, `1,5`.

    Raises:
        ValueError: a row does not exist, or is not a number.
    """
    found: set[int] = set()
    for item in text.split(","):
        start, dots, stop = (part.strip() for part in item.partition(".."))
        try:
            first = int(start) if start else 0
            last = (int(stop) if stop else table.num_ws - 1) if dots else first
        except ValueError as error:
            raise ValueError(f"'{item}' is not a row of W+: write numbers and ranges, such as 0..3") from error
        if not 0 <= first <= last < table.num_ws:
            raise ValueError(f"W+ rows {item.strip()} do not exist: this model has rows 0 to {table.num_ws - 1}")
        found.update(range(first, last + 1))
    return frozenset(found)


@dataclass(frozen=True)
class CodePart:
    """A part of a code: layers, and the W+ rows that feed only these layers."""

    table: Table
    layers: frozenset[int]
    w_plus_rows: frozenset[int]
    whole: bool  # whether these rows feed all of the layers, so that the part exists in W+

    def ranges(self, space: TypeKind) -> tuple[tuple[int, int], ...]:
        """Return the [start, stop) ranges of rows of W+, or of entries of S."""
        if space == "w+":
            return _joined([(row, row + 1) for row in sorted(self.w_plus_rows)])
        entries = [self.table.at(index).style_slice for index in sorted(self.layers)]
        return _joined([(entry.start, entry.stop) for entry in entries])


def choose(table: Table, rows: str | None, layers: LayerSet | None) -> CodePart:
    """Return the part of a code that W+ rows or layers name.

    A W+ row is the set of σ entries that it feeds. If layers contain only some of these entries, the part is in S.

    Raises:
        ValueError: neither or both are given, or a row or layer does not exist.
    """
    if (rows is None) == (layers is None):
        raise ValueError("give either rows (of W+) or layers")
    if layers is not None:
        with blaming("layers"):
            chosen = layers.resolve(table, CONST) - {CONST}
        w_plus_rows = frozenset(row for row in range(table.num_ws) if _fed_by(row, table) <= chosen)
        return CodePart(
            table, chosen, w_plus_rows, chosen == {index for row in w_plus_rows for index in _fed_by(row, table)}
        )
    with blaming("rows"):
        w_plus_rows = parse_rows(str(rows), table)
    return CodePart(table, frozenset(index for row in w_plus_rows for index in _fed_by(row, table)), w_plus_rows, True)


def splice(build: Build, base: Latent, other: Latent, rows: str | None, layers: LayerSet | None) -> Latent:
    """Return `base` with W+ rows, or with σ entries of layers, from `other`.

    Raises:
        ValueError: neither or both are given, or a row or layer does not exist.
    """
    part = choose(build.table(base.model), rows, layers)
    base, other = build.together(base, other, "w+" if part.whole else "s")
    return replace(base, code=build.emit(Splice(base.model, part.ranges(base.space)), [base.code, other.code]))


def _fed_by(row: int, table: Table) -> frozenset[int]:
    return frozenset(layer.index for layer in table.layers[1:] if layer.ws_index == row)


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, stop in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)
