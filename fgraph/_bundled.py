"""Functions that `fgraph/__init__.py` provides to earlier stages: bundled node classes, and the drawing of graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar


class _Bundled:
    ops: ClassVar[Callable[[], Iterable[str]] | None] = None
    classes: ClassVar[Callable[[str], tuple[Any, ...]] | None] = None
    drawing: ClassVar[Callable[[Any], str] | None] = None


def provide_bundled(ops: Callable[[], Iterable[str]], classes: Callable[[str], tuple[Any, ...]]) -> None:
    """Set the functions that return the bundled ops, and the node classes of an op; they are called when needed."""
    _Bundled.ops, _Bundled.classes = ops, classes


def provided_ops() -> tuple[str, ...]:
    """Return the ops of the bundled nodes, in the order of the reference page."""
    assert _Bundled.ops is not None, "fgraph/__init__.py provides the bundled nodes"
    return tuple(_Bundled.ops())


def provided_classes(op: str) -> tuple[Any, ...]:
    """Return the node classes of a bundled op, whose module is imported now."""
    assert _Bundled.classes is not None, "fgraph/__init__.py provides the bundled nodes"
    return _Bundled.classes(op)


def provide_drawing(draw: Callable[[Any], str]) -> None:
    """Set the function that draws a graph: a spec -> SVG."""
    _Bundled.drawing = draw


def drawing_of(spec: Any) -> str:
    """Return the drawing of a graph as SVG.

    Raises:
        FgraphError: the graph has faults, or Graphviz cannot be loaded.
    """
    assert _Bundled.drawing is not None, "fgraph/__init__.py provides the drawing"
    return _Bundled.drawing(spec)
