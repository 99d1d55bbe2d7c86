"""Nodes: typed fields, ports, the number of rows, and lowering.

A node is a frozen pydantic model. Its fields have three roles, which follow from their annotations:

* a port (`FeaturesPort`, `MaskPort`, ...) names the node that it reads;
* a `PerRow[...]` or `Data[...]` field is data: it may differ between nodes that are lowered together;
* every other field is static: nodes with equal static fields and equal inputs are lowered together.

So `lower` handles a whole stack of nodes, of one graph or of a thousand.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field

from fgraph import _limits
from fgraph._ports import Kind, LayerSet, broadcast_rows
from fgraph._row_lists import expand_rows
from fgraph._typed_model import TypedModel
from fgraph.lowering import Build, Inputs
from fgraph.lowering.values import Value

__all__ = [
    "AnyPort",
    "Data",
    "FeaturesPort",
    "ImagePort",
    "Kind",
    "LatentPort",
    "LayerSet",
    "MaskPort",
    "Node",
    "Noise",
    "PerRow",
    "PicturePort",
    "RowsPort",
    "SpatialPort",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Port:
    """The mark of a port field, with the kinds of value that it takes."""

    kinds: tuple[Kind, ...]

    def accepts(self, kind: Kind) -> bool:
        """Return whether the port takes a value of this kind."""
        return any(taken.accepts(kind) for taken in self.kinds)


@dataclass(frozen=True)
class DataMark:
    """The mark of a data field; with `per_row`, a list gives a value for each row."""

    per_row: bool = False


def _as_reference(value: Any) -> Any:
    return getattr(value, "node_id", value)


_Reference = Annotated[str, BeforeValidator(_as_reference), Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]
LatentPort = Annotated[_Reference, Port((Kind.LATENT,))]
FeaturesPort = Annotated[_Reference, Port((Kind.FEATURES,))]
MaskPort = Annotated[_Reference, Port((Kind.MASK,))]
ImagePort = Annotated[_Reference, Port((Kind.IMAGE,))]
PicturePort = Annotated[_Reference, Port((Kind.FEATURES, Kind.IMAGE))]
SpatialPort = Annotated[_Reference, Port((Kind.FEATURES, Kind.IMAGE, Kind.MASK))]
RowsPort = Annotated[_Reference, Port((Kind.LATENT, Kind.IMAGE, Kind.MASK))]
AnyPort = Annotated[_Reference, Port(tuple(Kind))]

Data = Annotated[T, DataMark()]
PerRow = Annotated[
    T | Annotated[tuple[T, ...], Field(min_length=1)], BeforeValidator(expand_rows), DataMark(per_row=True)
]


# For a field that names a file: `Field(json_schema_extra=FILE)`. Files are looked up beside the graph file, then in the
# current directory.
FILE: dict[str, Any] = {"format": "path"}


class Noise(TypedModel):
    """The noise that a pass adds after its convolutions.

    `const` adds the buffers of the checkpoint, `random` adds fresh noise keyed by (seed, row, layer), `none` adds no
    noise, and `given` adds the arrays `noise_0`, `noise_1`, ... of `file` (`.npz`), one a convolution, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["const", "random", "none", "given"] = "const"
    seed: int | None = Field(
        None, ge=0, le=_limits.SEED, description="of mode random; default: derived from the graph's seed"
    )
    fit: Literal["tile", "ends", "follow"] = Field(
        "tile",
        description="how a buffer meets a canvas of another size: tile repeats it from the origin, ends is the "
        "published rule (a copy at either end, seeded noise between), follow moves it with the spatial edits",
    )
    file: str | None = Field(
        None, description="of mode given: an .npz of noise_0, noise_1, ...", json_schema_extra=FILE
    )


class Node(TypedModel):
    """The base class of nodes. Subclasses define `op`, `produces`, fields and `lower`."""

    # Validators are built when they are first used: a graph uses few of the classes.
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False, defer_build=True
    )

    op: str
    produces: ClassVar[Kind | None] = None  # None: the kind of the first port (Features for a Latent)
    collapses: ClassVar[bool] = False  # whether it makes other rows than it reads (knit, mosaic, rows, stack)

    def output_kind(self, kinds: Mapping[str, Kind]) -> Kind:
        """Return the kind of the result for inputs of these kinds (port name -> kind)."""
        if self.produces is not None:
            return self.produces
        first = next(iter(kinds.values()))
        return Kind.FEATURES if first is Kind.LATENT else first

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        """Return the number of rows for inputs with these row counts (port name -> a count for each input).

        Raises:
            ValueError: the counts do not broadcast.
        """
        lengths = [len(value) for value in self.per_row_fields().values()]
        return broadcast_rows([*(count for counts in rows.values() for count in counts), *lengths])

    def per_row_fields(self) -> dict[str, tuple[Any, ...]]:
        """Return the per-row fields as tuples; a single value is a tuple of one."""
        return {name: self.rows_of(name) for name in field_roles(type(self)).per_row}

    def rows_of(self, name: str) -> tuple[Any, ...]:
        """Return a per-row field as a tuple; a single value, which may itself be a tuple, becomes a tuple of one."""
        value = getattr(self, name)
        return value if _depth_of(value) == field_roles(type(self)).per_row[name] else (value,)

    def references(self) -> dict[str, tuple[str, ...]]:
        """Return the ids that the node reads: port name -> one id, or several on a list port; without absent ports."""
        found: dict[str, tuple[str, ...]] = {}
        for name in field_roles(type(self)).ports:
            value = getattr(self, name)
            if value is not None:
                found[name] = value if isinstance(value, tuple) else (value,)
        return found

    def static_key(self) -> tuple[Any, ...]:
        """Return the key that is equal for nodes that may be lowered together."""
        return (type(self), *(getattr(self, name) for name in field_roles(type(self)).static))

    def lower(self, build: Build, inputs: Inputs) -> Value:
        """Emit the operations of this node on `build`, for all rows of a stack, and return its value.

        Raises:
            ValueError: the fields cannot be satisfied; the message becomes a fault at the node.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class FieldRoles:
    """The fields of a node class by role."""

    ports: Mapping[str, Port]
    list_ports: frozenset[str]
    optional_ports: frozenset[str]
    per_row: Mapping[str, int]  # name -> nesting depth of the tuples in a list of rows
    static: tuple[str, ...]
    row_lists: frozenset[str]  # fields that also take ranges, keyframes and curves: every per-row field, and some data


def _marks(annotation: Any) -> list[Any]:
    """Return every mark inside an annotation, through Annotated, unions and tuples."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        base, *extra = typing.get_args(annotation)
        return [*extra, *_marks(base)]
    if origin in (typing.Union, types.UnionType, tuple, list):
        return [mark for argument in typing.get_args(annotation) for mark in _marks(argument)]
    return []


@cache
def field_roles(node_class: type[Node]) -> FieldRoles:
    """Sort the fields of a node class into ports, per-row data and static fields."""
    ports: dict[str, Port] = {}
    per_row: dict[str, int] = {}
    lists, optional, static, row_lists = set(), set(), [], set()
    for name, field in node_class.model_fields.items():
        marks = [*field.metadata, *_marks(field.annotation)]
        port = next((mark for mark in marks if isinstance(mark, Port)), None)
        data = next((mark for mark in marks if isinstance(mark, DataMark)), None)
        if any(isinstance(mark, BeforeValidator) and mark.func is expand_rows for mark in marks):
            row_lists.add(name)
        if port is not None:
            ports[name] = port
            if any(typing.get_origin(part) is tuple for part in _parts(field.annotation)):
                lists.add(name)
            if not field.is_required():
                optional.add(name)
        elif data is None:
            static.append(name)
        elif data.per_row:
            per_row[name] = _depth(field.annotation)
    return FieldRoles(ports, frozenset(lists), frozenset(optional), per_row, tuple(static), frozenset(row_lists))


def _depth(annotation: Any) -> int:
    """Return the nesting depth of the tuples in an annotation."""
    inner = max((_depth(part) for part in typing.get_args(annotation)), default=0)
    return inner + (typing.get_origin(annotation) is tuple)


def _depth_of(value: Any) -> int:
    """Return the nesting depth of the tuples in a value, by its first items."""
    return 1 + _depth_of(value[0]) if isinstance(value, tuple) and value else 0


def _parts(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _parts(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [part for argument in typing.get_args(annotation) for part in _parts(argument)]
    return [annotation]
