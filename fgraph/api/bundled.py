"""The bundled node classes, from the top-level package `nodes`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from fgraph._errors import FgraphError

if TYPE_CHECKING:
    from fgraph.registry import NodeClass


def bundled_ops() -> Iterable[str]:
    """Return the ops of the bundled nodes, in the order of the reference page, without importing the nodes.

    Raises:
        FgraphError: another file or folder called `nodes` hides the bundled package.
    """
    return cast("Iterable[str]", _package().OPS)


def bundled_classes(op: str) -> tuple[NodeClass, ...]:
    """Return the node classes of a bundled op, one for each kind; their module is imported now.

    Raises:
        FgraphError: another file or folder called `nodes` hides the bundled package.
    """
    return cast("tuple[NodeClass, ...]", _package().classes_of(op))


def bundled_nodes() -> tuple[NodeClass, ...]:
    """Return all bundled node classes, in the order of the reference page; all modules are imported now.

    Raises:
        FgraphError: another file or folder called `nodes` hides the bundled package.
    """
    return cast("tuple[NodeClass, ...]", _package().NODES)


@cache
def _package() -> Any:
    import nodes

    return _checked(nodes)


def _checked(module: ModuleType) -> Any:
    """Return a module called `nodes` if it is the bundled one; another package may have this common name."""
    file = getattr(module, "__file__", None)
    beside = Path(__file__).resolve().parent.parent.parent / "nodes" / "__init__.py"
    if getattr(module, "__fgraph__", False) is True or (file and Path(file).resolve() == beside):
        return module
    found = file or next(iter(getattr(module, "__path__", [])), "somewhere unknown")
    raise FgraphError(
        f"the bundled node package 'nodes' is hidden by {found}: rename that, or run from a folder without it"
    )
