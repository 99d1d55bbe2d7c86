"""Programs to test passes on: documents lowered, before any pass."""

from __future__ import annotations

from typing import Any

import fgraph
from fgraph.ir.program import Program
from tests.strategies import load


def lowered(*documents: dict[str, Any]) -> Program:
    """The program of these documents, compiled together, as it was lowered."""
    return fgraph.compile([load(document) for document in documents], device="cpu").raw
