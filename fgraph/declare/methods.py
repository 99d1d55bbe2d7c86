"""Node classes as methods of a graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fgraph._errors import Fault, GraphError, nearest
from fgraph.registry import Registry


class NoSuchNodeError(GraphError, AttributeError):
    """A graph has no node of this name. It is also an AttributeError, so that `hasattr` and `copy` work."""


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
        return partial(self._add, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._ops})
