"""Joins of very many maps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fgraph.ir.ops.spatial import Concat
from fgraph.ir.types import Type


class Counted(tuple[Type, ...]):
    """Types of parts that count how many of them are read."""

    reads = 0

    def __iter__(self) -> Iterator[Type]:
        self.reads += len(self)
        return super().__iter__()

    def __getitem__(self, item: Any) -> Any:
        found = super().__getitem__(item)
        self.reads += len(found) if isinstance(item, slice) else 1
        return found


def test_the_places_of_all_parts_take_one_pass_over_them() -> None:
    parts = Counted(Type("activation", (8, 4, 4 + number % 3)) for number in range(3_000))
    read = [Concat("x").footprint(port, (0, 100, 4, 104), parts, None) for port in range(len(parts))]
    assert read[:4] == [(0, 100, 4, 104), (0, 96, 4, 100), (0, 91, 4, 95), (0, 85, 4, 89)]
    assert parts.reads <= 2 * len(parts)
