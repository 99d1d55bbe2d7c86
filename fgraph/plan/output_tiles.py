"""Output tiles: the smallest parts that outputs are split into, and chunks of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from fgraph._geometry.regions import NOTHING, Region, Size, whole
from fgraph._ports import Kind
from fgraph.analysis import OutputTile
from fgraph.ir.program import Index, Operand, Program

_NARROWEST = 16  # pixels; thinner tiles would consist mostly of halo
_ENDED = -1


def latent_tiles(program: Program) -> list[OutputTile]:
    """Return the tiles of outputs that are codes; the first chunk computes them."""
    return [
        (place, row, NOTHING)
        for place, output in enumerate(program.outputs)
        if output.kind is Kind.LATENT
        for row in range(next(iter(output.tensors.values())).rows)
    ]


def output_tiles_of(program: Program) -> list[list[OutputTile]]:
    """Return the tiles of each row of the outputs: stretches of an image along its longer side.

    Rows from one source are consecutive, so that rows that share much are in one chunk, and little is retained.
    """
    found: list[list[OutputTile]] = []
    operands: list[Operand] = []
    for place, output in enumerate(program.outputs):
        operand = next(iter(output.tensors.values()))
        kind = program.instructions[operand.value].type
        if kind.spatial:
            pieces = list(_stretches(kind.size)) if output.kind is Kind.IMAGE else [whole(kind.size)]
            found += [[(place, row, region) for region in pieces] for row in range(operand.rows)]
            operands.append(operand)
    return [found[place] for place in _by_origin(program, operands)] if found else []


def _stretches(size: Size) -> Iterator[Region]:
    height, width = size
    length = max(size)
    count = max(1, length // _NARROWEST)
    for number in range(count):
        start, stop = number * length // count, (number + 1) * length // count
        yield (0, start, height, stop) if width >= height else (start, 0, stop, width)


def _by_origin(program: Program, operands: Sequence[Operand]) -> list[int]:
    """Return the order of rows by lineage: the rows that they read by their first operands, back to the source."""
    values = np.concatenate([one.row_values for one in operands])
    rows = np.concatenate([one.index for one in operands])
    lineage = []
    while (values != _ENDED).any():
        lineage.append(np.where(values == _ENDED, _ENDED, values * (1 << 32) + rows))
        values, rows = _first_read(program, values, rows)
    ids = np.stack(lineage[::-1], axis=1)  # [rows, generations]
    ids = np.take_along_axis(ids, np.argsort(ids < 0, axis=1, kind="stable"), axis=1)  # sources first
    order: list[int] = np.lexsort(ids.T[::-1]).tolist()
    return order


def _first_read(program: Program, values: Index, rows: Index) -> tuple[Index, Index]:
    """Return the row that each row's first operand reads."""
    before, at = np.full(len(values), _ENDED), np.zeros(len(values), np.int64)
    for value in np.unique(values[values != _ENDED]).tolist():
        for operand in program.instructions[value].operands[:1]:
            mine = np.flatnonzero(values == value)
            before[mine], at[mine] = operand.row_values[rows[mine]], operand.index[rows[mine]]
    return before, at


def into_chunks(rows: Sequence[Sequence[OutputTile]], size: int) -> list[list[OutputTile]]:
    """Return chunks of at most `size` tiles; a row is split only if it alone has more tiles."""
    chunks: list[list[OutputTile]] = []
    current: list[OutputTile] = []
    for tiles in rows:
        if current and len(current) + len(tiles) > size:
            chunks.append(current)
            current = []
        if len(tiles) <= size:
            current = [*current, *tiles]
            continue
        count = ceil(len(tiles) / size)
        chunks += [list(tiles[part * len(tiles) // count : (part + 1) * len(tiles) // count]) for part in range(count)]
    return [*chunks, current] if current else chunks


def halve(tiles: Sequence[OutputTile]) -> list[list[OutputTile]]:
    """Split a chunk in two, between rows if it has several."""
    borders = [place for place in range(1, len(tiles)) if tiles[place][:2] != tiles[place - 1][:2]]
    middle = len(tiles) // 2
    if borders:
        middle = min(borders, key=lambda border: abs(border - middle))
    return [list(tiles[:middle]), list(tiles[middle:])]


def merge_adjacent(tiles: Sequence[OutputTile]) -> list[OutputTile]:
    """Merge adjacent tiles of one row."""
    found: list[OutputTile] = []
    for place, row, region in tiles:
        if found and found[-1][:2] == (place, row):
            found[-1] = (place, row, (*found[-1][2][:2], *region[2:]))
        else:
            found.append((place, row, region))
    return found
