"""Node classes as methods of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fgraph._errors import Fault, GraphError, nearest
from fgraph.registry import Registry


class NoSuchNodeError(GraphError, AttributeError):
    """A graph has no node of this name. It is also an AttributeError, so that `hasattr` and `copy` work."""


def _method(graph: NodeMethods, op: str) -> Callable[..., Any]:
    """Return the function that adds a node; it has the signature and the text of the node class."""

    def add(*args: Any, id: str | None = None, **fields: Any) -> Any:
        return graph._add(op, *args, id=id, **fields)

    from fgraph.declare.signatures import describe  # graphs of files have no calls

    add.__name__, add.__qualname__ = op, f"Graph.{op}"
    add.__signature__, add.__doc__ = describe(op, graph._ops[op])  # type: ignore[attr-defined]
    return add


class NodeMethods:
    """Methods that are looked up among the node classes. The stub beside this file has their types."""

    _ops: Registry

    def _add(self, op: str, *args: Any, id: str | None = None, **fields: Any) -> Any:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._ops:
            raise NoSuchNodeError([Fault(f"there is no node '{name}'", hint=nearest(name, self._ops))])
        return _method(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._ops})
