"""Things that the front of the package provides to earlier stages: bundled node classes, and the drawing of graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class _Bundled:
    source: ClassVar[Callable[[], tuple[Any, ...]] | None] = None
    drawing: ClassVar[Callable[[Any], str] | None] = None


def provide_bundled(source: Callable[[], tuple[Any, ...]]) -> None:
    """Set the function that returns the bundled node classes; it is called when they are first needed."""
    _Bundled.source = source


def provided() -> tuple[Any, ...]:
    """Return the bundled node classes."""
    assert _Bundled.source is not None, "the front of the package provides the bundled nodes"
    return _Bundled.source()


def provide_drawing(draw: Callable[[Any], str]) -> None:
    """Set the function that draws a graph: a spec -> SVG."""
    _Bundled.drawing = draw


def drawing_of(spec: Any) -> str:
    """Return the drawing of a graph as SVG.

    Raises:
        FgraphError: the graph has faults, or Graphviz cannot be loaded.
    """
    assert _Bundled.drawing is not None, "the front of the package provides the drawing"
    return _Bundled.drawing(spec)
