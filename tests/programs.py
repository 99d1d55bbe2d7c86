"""Programs for tests of passes: documents lowered, before any pass."""

from __future__ import annotations

from typing import Any

from fgraph.api.graphs import lower_graphs
from fgraph.ir.program import Program
from tests.strategies import load


def lowered(*documents: dict[str, Any]) -> Program:
    """Lower documents together and return the program before any pass."""
    return lower_graphs([load(document) for document in documents])[0]
