"""The stages of a compilation, one by one: the program as lowered, after each pass, and the plan, as text."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fgraph._options import RunOptions
from fgraph.api.graph_jobs import Listing
from fgraph.api.graphs import lower_graphs
from fgraph.declare import Graph
from fgraph.ir.program import Program
from fgraph.passes import PassRun, optimise
from fgraph.plan import Plan, make_plan

_VALUE = re.compile(r"%(\d+)")


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of a compilation: its name, what it made, and the seconds it took."""

    name: str
    made: Program | Plan
    seconds: float


def compile_stages(graphs: Sequence[Graph], options: RunOptions) -> list[Stage]:
    """Compile graphs together and return each stage: `lower`, a stage for each run of a pass, `plan`.

    Raises:
        GraphError: a graph is wrong; all faults of all graphs are reported together.
        MemoryBudgetError: the plan needs more than the memory budget.
    """
    start = time.perf_counter()
    raw, pool = lower_graphs(graphs)
    stages = [Stage("lower", raw, time.perf_counter() - start)]

    def add(run: PassRun) -> None:
        stages.append(Stage(run.name, run.program, run.seconds))

    program = optimise(raw, after=add)
    start = time.perf_counter()
    plan = make_plan(raw, program, pool.models, single=False, options=options)
    return [*stages, Stage("plan", plan, time.perf_counter() - start)]


def list_stages(stages: Sequence[Stage], listing: Listing = "full") -> str:
    """Return stages as text, each under a heading with the time that it took.

    A pass that changes nothing has a heading only. With the listing `diff`, a pass shows the lines that it removes and
    adds instead of the whole program. Values have the numbers they get from the pass; a removed value has its old
    number, as `%old5`.
    """
    return "\n".join(_list(stages, listing))


def _list(stages: Sequence[Stage], listing: Listing) -> Iterator[str]:
    before: str | None = None
    for stage in stages:
        text = str(stage.made)
        heading = f"== {stage.name}, {stage.seconds * 1e3:.1f} ms"
        if not isinstance(stage.made, Program):
            yield f"{heading}\n\n{text}\n"
            continue
        heading += f": {len(stage.made.instructions)} instructions, {stage.made.total_rows} rows"
        if text == before:
            yield f"{heading}, no change\n"
        else:
            shown = text if listing == "full" or before is None else _difference(before, text)
            yield f"{heading}\n\n{shown}"
        before = text


def _difference(before: str, after: str) -> str:
    """Return the lines that differ; a value that differs only in its number counts as equal."""
    old, new = before.splitlines(), after.splitlines()
    masked = [[_VALUE.sub("%", line) for line in lines] for lines in (old, new)]
    matcher = difflib.SequenceMatcher(a=masked[0], b=masked[1], autojunk=False)
    numbers: dict[str, str] = {}
    for block in matcher.get_matching_blocks():
        for a, b in zip(old[block.a : block.a + block.size], new[block.b : block.b + block.size], strict=True):
            if a.startswith("%"):
                numbers[a.split(" ", 1)[0]] = b.split(" ", 1)[0]
    renamed = [_VALUE.sub(lambda match: numbers.get(match[0], f"%old{match[1]}"), line) for line in old]
    return "\n".join([*difflib.unified_diff(renamed, new, n=0, lineterm="")][2:]) + "\n"
