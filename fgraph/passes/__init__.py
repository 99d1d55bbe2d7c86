"""The passes: functions from a valid Program to a valid Program with the same meaning."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes.dead_code import dce
from fgraph.passes.differences import find_differences
from fgraph.passes.incremental import reuse
from fgraph.passes.simplification import simplify
from fgraph.passes.stacking import stack
from fgraph.passes.value_numbering import cse

Pass: TypeAlias = Callable[[Program], Program]
PASSES: tuple[Pass, ...] = (stack, simplify, cse, dce)
_ROUNDS = 8  # cse can make operands of a mix equal; simplify then removes the mix, and cse finds more


@dataclass(frozen=True, eq=False)
class PassRun:
    """One pass over a program: its name, the program after it, and the seconds it took without the verifier."""

    name: str
    program: Program
    seconds: float


def optimise(
    program: Program, passes: Sequence[Pass] = PASSES, after: Callable[[PassRun], None] | None = None
) -> Program:
    """Rewrite a program by passes, in at most 8 rounds until nothing changes, then find the bases of its rows.

    Args:
        program: the program as lowered.
        passes: the rewrites of a round, in order.
        after: called after each pass, with its result.

    Raises:
        InvalidProgram: the program, or the result of a pass, breaks a rule.
    """
    verify(program)
    settled: set[Pass] = set()  # passes that change nothing more, unless another pass does
    for _ in range(_ROUNDS):
        before = (len(program.instructions), program.total_rows)
        for rewrite in passes:
            made = _run(rewrite, program, after, is_settled=rewrite in settled)
            settled = settled | {rewrite} if made is program else {rewrite}
            program = made
        if (len(program.instructions), program.total_rows) == before:
            break
    return _run(find_differences, program, after)


def _run(
    rewrite: Pass, program: Program, after: Callable[[PassRun], None] | None, *, is_settled: bool = False
) -> Program:
    start = time.perf_counter()
    made = program if is_settled else rewrite(program)
    seconds = time.perf_counter() - start
    verify(made, program)
    if after is not None:
        after(PassRun(rewrite.__name__, made, seconds))
    return made


__all__ = [
    "PASSES",
    "Pass",
    "PassRun",
    "cse",
    "dce",
    "find_differences",
    "optimise",
    "reuse",
    "simplify",
    "stack",
]
