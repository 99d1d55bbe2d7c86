"""What a plan consists of: steps, the buffers they fill, how they gather what they read."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fgraph._ports import Kind
from fgraph.ir.ops import Op
from fgraph.ir.program import Index, as_index
from fgraph.ir.types import Type


@dataclass(frozen=True, eq=False, slots=True)
class Gather:
    """Rows read from buffers: row i is row `rows[i]` of buffer `buffers[i]`."""

    buffers: Index
    rows: Index

    @property
    def count(self) -> int:
        """How many rows are read."""
        return len(self.rows)

    @property
    def sources(self) -> list[int]:
        """The buffers read from, each once."""
        found: list[int] = np.unique(self.buffers).tolist()
        return found

    @property
    def way(self) -> Literal["view", "same", "pick", "pieces"]:
        """How it is done: a slice of one buffer, one row for all, rows of one buffer, or runs of several."""
        if len(self.sources) > 1:
            return "pieces"
        if len(self.rows) == 1 or bool((np.diff(self.rows) == 1).all()):
            return "view"
        return "same" if bool((self.rows == self.rows[0]).all()) else "pick"

    @property
    def copies(self) -> bool:
        """Whether the rows are copied, rather than seen where they are."""
        return self.way in ("pick", "pieces")

    def pieces(self) -> Iterator[tuple[int, Gather]]:
        """Stretches that stand in one buffer: (buffer, its rows)."""
        borders = np.flatnonzero(np.diff(self.buffers)) + 1
        for part, rows in zip(np.split(self.buffers, borders), np.split(self.rows, borders), strict=True):
            yield int(part[0]), Gather(as_index(part), as_index(rows))


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One call: an operation over rows laid end to end. Its result is the buffer of its own number."""

    op: Op
    inputs: tuple[Gather, ...]
    input_types: tuple[Type, ...]
    params: tuple[Hashable, ...]
    rows: int
    type: Type
    frees: tuple[int, ...]  # buffers that nothing reads after this step
    origins: Index

    @property
    def flops(self) -> int:
        """Floating-point operations of the step."""
        return self.op.flops(self.input_types, self.type) * self.rows

    @property
    def out_bytes(self) -> int:
        """Bytes of its result in fp32."""
        return 4 * self.type.numbers * self.rows


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """An output of a graph: where its tensors stand when all steps have run."""

    graph: int
    name: str
    kind: Kind
    tensors: dict[str, Gather]
    model: str | None
    space: str | None
