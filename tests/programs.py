"""Programs for tests of passes: documents lowered, before any pass."""

from __future__ import annotations

from typing import Any

import fgraph
from fgraph.ir.program import Program
from tests.strategies import load


def lowered(*documents: dict[str, Any]) -> Program:
    """Lower documents together and return the program before any pass."""
    return fgraph.compile([load(document) for document in documents], device="cpu").raw
