"""The types of edges: port kinds, layer sets, row arithmetic."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fgraph.stylegan.tables.base import CONST, Table, UnknownLayer

LayerName = str | Annotated[int, Field(ge=-1, le=1000)]  # a name, or a σ index


class Kind(enum.StrEnum):
    """The kinds of values on edges."""

    LATENT = "Latent"
    FEATURES = "Features"
    MASK = "Mask"
    IMAGE = "Image"
    PHOTOGRAPH = "Photograph"

    def accepts(self, other: Kind) -> bool:
        """Return whether a port of this kind accepts a value of the other. A Latent is a pass paused at `const`."""
        return self is other or (self is Kind.FEATURES and other is Kind.LATENT)


def broadcast_rows(counts: Iterable[int]) -> int:
    """Return the row count that these counts broadcast to: all equal, or 1.

    Raises:
        ValueError: two counts other than 1 differ.

    >>> broadcast_rows([1, 4, 4])
    4
    """
    wide = sorted({count for count in counts if count != 1})
    if len(wide) > 1:
        raise ValueError(f"row counts {' and '.join(map(str, wide))} do not broadcast: expected equal counts, or 1")
    return wide[0] if wide else 1


@dataclass(frozen=True)
class LayerSet:
    """A set of layers as text: `all`, `here`, names, σ indices and inclusive ranges, comma-separated.

    >>> LayerSet.parse("0,4..9").text
    '0,4..9'
    """

    text: str

    @classmethod
    def parse(cls, value: Any) -> LayerSet:
        """Read a layer set from a string, an integer, or a list of these.

        Raises:
            ValueError: an item is empty or a range has more than one `..`.
        """
        if isinstance(value, LayerSet):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, list | tuple):
            value = ",".join(str(item) for item in value)
        if not isinstance(value, str):
            raise ValueError(f"a layer set is a string such as 'all', 'here', 'b8..b32' or '0,4..9', not {value!r}")
        items = [item.strip() for item in value.split(",")]
        for item in items:
            if not item or item.count("..") > 1 or item == "..":
                raise ValueError(
                    f"'{item}' is not a layer: write a name, a σ index, or an inclusive range such as b8..b32"
                )
        return cls(",".join(items))

    @property
    def is_here(self) -> bool:
        """True if the set is exactly the layer of the pause."""
        return self.text == "here"

    def resolve(self, table: Table, here: int) -> frozenset[int]:
        """Return the σ indices of the set, in this generator and for a pass paused at `here`; -1 is the constant.

        Raises:
            UnknownLayer: the generator lacks a layer; the message contains the nearest one.
        """
        found: set[int] = set()
        for item in self.text.split(","):
            if item == "all":
                found.update(range(CONST, table.last + 1))
            elif item == "here":
                found.add(here)
            elif ".." in item:
                found.update(self._resolve_range(item, table))
            else:
                found.update(table.find(item))
        return frozenset(found)

    @staticmethod
    def _resolve_range(item: str, table: Table) -> range:
        start, stop = (end.strip() for end in item.split(".."))
        first = table.find(start)[0] if start else CONST
        last = table.find(stop)[-1] if stop else table.last
        if first > last:
            raise UnknownLayer(f"the range '{item}' is empty: {start} comes after {stop}")
        return range(first, last + 1)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.text)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": -1, "maximum": 1000}],
            "description": "all, here, layers, σ indices and inclusive ranges, comma-separated: '0,4..9', 'b8..b32'",
        }
