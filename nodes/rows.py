"""`rows`: some rows of a value, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from fgraph import _limits
from fgraph._errors import show
from fgraph.ir.program import as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Value
from fgraph.node import AnyPort, Data, Node


def _as_text(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


class Rows(Node):
    """Selected rows of a value, by slices as in Python (`:-1`, `1:`, `::2`), numbers (`0,2,2`), or both."""

    op: Literal["rows"] = "rows"
    collapses: ClassVar[bool] = True

    of: AnyPort = Field(description="the value")
    take: Data[Annotated[str, BeforeValidator(_as_text)]] = Field(
        ":", description="the rows; negative numbers count from the end"
    )

    def output_kind(self, kinds: Mapping[str, Any]) -> Any:
        return kinds["of"]

    def picked(self, count: int) -> list[int]:
        """Return the selected rows of `count`.

        Raises:
            ValueError: an item is not a number or slice, a row does not exist, or no row is selected.
        """
        found: list[int] = []
        items = self.take.split(",", _limits.ROWS)
        for item in items:
            found += _resolve(item.strip(), count)
            if max(len(found), len(items)) > _limits.ROWS:
                raise ValueError(f"take selects more than {_limits.ROWS} rows")
        if not found:
            raise ValueError(f"take '{show(self.take)}' selects no row of {count}")
        return found

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.picked(rows["of"][0]))

    def lower(self, build: Build, inputs: Inputs) -> Value:
        count, index = inputs.each_rows, []
        for number, member in enumerate(inputs.members):
            index += [number * count + row for row in member.node.picked(count)]
        return inputs.value("of").take(as_index(np.array(index)))


def _resolve(item: str, count: int) -> Sequence[int]:
    try:
        if ":" in item:
            ends = [int(part) if part.strip() else None for part in item.split(":")]
            return range(count)[slice(*ends)]
        row = int(item)
    except (ValueError, TypeError) as error:
        raise ValueError(f"'{show(item)}' is not a row: write numbers and slices, such as 0,2 or :-1") from error
    if not -count <= row < count:
        raise ValueError(f"row {row} does not exist: there are {count}")
    return [row % count]
