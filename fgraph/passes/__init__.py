"""Rewrites of a Program, each valid in and valid out, listed once and in order."""

from __future__ import annotations

from collections.abc import Callable

from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes.dead_code import dce
from fgraph.passes.differences import find_differences
from fgraph.passes.incremental import reuse
from fgraph.passes.simplification import simplify
from fgraph.passes.stacking import stack
from fgraph.passes.value_numbering import cse

PASSES: tuple[Callable[[Program], Program], ...] = (stack, simplify, cse, dce)
_ROUNDS = 8  # sharing can make two operands of a mix equal, which simplifies, which shares more; it ends soon


def optimise(program: Program) -> Program:
    """The program after all passes, again and again until nothing changes."""
    verify(program)
    for _ in range(_ROUNDS):
        before = (len(program.instructions), program.total_rows)
        for rewrite in PASSES:
            program = verify(rewrite(program))
        if (len(program.instructions), program.total_rows) == before:
            break
    return verify(find_differences(program))


__all__ = [
    "PASSES",
    "cse",
    "dce",
    "find_differences",
    "optimise",
    "reuse",
    "simplify",
    "stack",
]
