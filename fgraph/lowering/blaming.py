"""Errors of `lower` that name the field at fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def blaming(field: str) -> Iterator[None]:
    """Name the field of a node in errors raised within the block, so that a fault is at `nodes.tap.layer`.

    >>> try:
    ...     with blaming("layer"):
    ...         raise KeyError("there is no layer b128")
    ... except KeyError as error:
    ...     error.fgraph_field
    'layer'
    """
    try:
        yield
    except (ValueError, KeyError) as error:
        if not hasattr(error, "fgraph_field"):
            error.fgraph_field = field  # type: ignore[union-attr]
        raise
