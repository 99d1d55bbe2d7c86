"""The registry of node classes: by op and, where several share an op, by kind."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from fgraph._bundled import provided_classes, provided_ops
from fgraph._errors import FgraphError
from fgraph.node import Node

NodeClass: TypeAlias = type[Node]
Registry: TypeAlias = Mapping[str, NodeClass | Mapping[str, NodeClass]]

SUBGRAPH = "subgraph"  # reserved: the op of a sub-graph, which contains nodes
_RESERVED_FIELDS = frozenset({"id"})  # `id=` names a node in Python


def registry(classes: Iterable[NodeClass]) -> Registry:
    """Group node classes by op; classes that share an op differ in their `kind: Literal[...]`.

    Raises:
        FgraphError: two classes have one op and one kind, or a class has no op, a reserved op or a reserved field.
    """
    by_op: dict[str, list[NodeClass]] = {}
    for node_class in dict.fromkeys(classes):
        by_op.setdefault(op_of(node_class), []).append(node_class)
    return MappingProxyType(
        {op: group[0] if len(group) == 1 else MappingProxyType(_by_kind(op, group)) for op, group in by_op.items()}
    )


@cache
def op_of(node_class: NodeClass) -> str:
    """Return the op of a node class: the one value of its `op: Literal[...]`.

    Raises:
        FgraphError: the class has no op, or a reserved op or field.
    """
    name = f"{node_class.__module__}.{node_class.__qualname__}"
    values = literals(node_class, "op")
    if len(values) != 1 or not values[0].isidentifier():
        raise FgraphError(f"node class {name} needs a field such as `op: Literal['shift'] = 'shift'`")
    if values[0] == SUBGRAPH or values[0].startswith("_"):
        raise FgraphError(f"node class {name} has op '{values[0]}', which is reserved: give it another op")
    for field in _RESERVED_FIELDS & node_class.model_fields.keys():
        raise FgraphError(f"node class {name} has a field '{field}', which is reserved: give it another name")
    return values[0]


def literals(node_class: NodeClass, field: str) -> tuple[str, ...]:
    """Return the values of a field that is annotated `Literal[...]`; empty for another annotation."""
    info = node_class.model_fields.get(field)
    if info is None or typing.get_origin(info.annotation) is not typing.Literal:
        return ()
    return typing.get_args(info.annotation)


@cache
def field_order(node_class: NodeClass) -> tuple[str, ...]:
    """Return the fields by position, without `op`; a class's own fields come before inherited ones."""
    annotated = (name for base in node_class.__mro__ for name in inspect.get_annotations(base))
    return tuple(name for name in dict.fromkeys(annotated) if name in node_class.model_fields and name != "op")


def kinds_of(entry: NodeClass | Mapping[str, NodeClass]) -> Mapping[str, NodeClass] | None:
    """Return the classes of an op by kind; None if the op has a single class."""
    return None if isinstance(entry, type) else entry


def ops_with_kind(kind: str, ops: Mapping[str, NodeClass | Mapping[str, NodeClass]]) -> list[str]:
    """Return the ops that have a kind, such as mask for ramp."""
    return [op for op, entry in ops.items() if kind in (kinds_of(entry) or ())]


def _by_kind(op: str, group: list[NodeClass]) -> dict[str, NodeClass]:
    kinds: dict[str, NodeClass] = {}
    for node_class in group:
        kinds_of_class = literals(node_class, "kind")
        for kind in kinds_of_class:
            if kind in kinds:
                other = kinds[kind]
                raise FgraphError(
                    f"node classes {other.__module__}.{other.__qualname__} and {node_class.__module__}."
                    f"{node_class.__qualname__} both have op '{op}' and kind '{kind}': change one"
                )
            kinds[kind] = node_class
        if not kinds_of_class:
            others = ", ".join(f"{other.__module__}.{other.__qualname__}" for other in group)
            raise FgraphError(
                f"several node classes have op '{op}' ({others}), but not each has a `kind: Literal[...]`"
            )
    return kinds


class _LazyRegistry(Mapping[str, NodeClass | Mapping[str, NodeClass]]):
    """The bundled node classes, each op imported when it is first looked up, and a user's own."""

    def __init__(self, extra: tuple[NodeClass, ...]) -> None:
        self._ops = provided_ops()
        shared = [op for op in dict.fromkeys(map(op_of, extra)) if op in self._ops]
        self._loaded = dict(registry([*(one for op in shared for one in provided_classes(op)), *extra]))
        self._all = dict.fromkeys([*self._ops, *self._loaded])

    def __getitem__(self, op: str) -> NodeClass | Mapping[str, NodeClass]:
        if op not in self._loaded and op in self._all:
            self._loaded.update(registry(provided_classes(op)))
        return self._loaded[op]

    def __contains__(self, op: object) -> bool:
        return op in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


@cache
def _cached_registry(extra: tuple[NodeClass, ...]) -> Registry:
    return _LazyRegistry(extra)


def registry_with(extra: Iterable[NodeClass] = ()) -> Registry:
    """Return the bundled node classes and a user's own, by op; a bundled op is imported when it is first looked up.

    Raises:
        FgraphError: two classes have one op and kind, or another package hides `nodes`.
    """
    return _cached_registry(tuple(extra))
