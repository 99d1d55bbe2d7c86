"""What each mode does with the graphs of its jobs: read each, run all together, finish each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from fgraph import _front
from fgraph._atomic import write_atomic
from fgraph._downloads import applied
from fgraph._errors import FgraphError, GraphError
from fgraph.cli.configuration import Mode, Settings
from fgraph.cli.places import trace
from fgraph.digraph import wire
from fgraph.plan.speeds import MEASURED, find_speeds
from fgraph.save import save_results
from fgraph.save.recording import record_graph
from fgraph.sweep.together import Engine, Options, Outcome, Work, explain_together


@dataclass(frozen=True)
class Prepared:
    """A job whose graph was read."""

    settings: Settings
    work: Work

    @property
    def group(self) -> tuple[str, Options]:
        """Jobs that have this equal are run as one."""
        settings = self.settings
        return settings.mode, Options(settings.device, settings.precision, settings.memory, settings.downloads)


def prepare(settings: Settings) -> Prepared:
    """Read a job's graph.

    Raises:
        GraphError: the graph is wrong.
    """
    work = Work(settings.graph, trace(settings))
    with applied(settings.downloads):
        work.graph  # noqa: B018  # read now, so that its faults are this job's own
    return Prepared(settings, work)


def run_many(jobs: Sequence[Prepared], engine: Engine) -> list[Outcome]:
    """Run jobs, those that may be in one plan together; for each what it made, or the exception it failed with."""
    outcomes: dict[int, Outcome] = {}
    order = sorted(range(len(jobs)), key=lambda number: repr(jobs[number].group))
    for (mode, options), numbers in groupby(order, key=lambda number: jobs[number].group):
        chosen = list(numbers)
        made = _TOGETHER[mode](engine)([jobs[number].work for number in chosen], options)
        outcomes.update(zip(chosen, made, strict=True))
    return [outcomes[number] for number in range(len(jobs))]


def finish(job: Prepared, outcome: Any) -> float | None:
    """Write what a job made, and say where; the job's objective, if it has one.

    Raises:
        FgraphError: the place cannot be written to, or the objective cannot be measured.
    """
    with applied(job.settings.downloads):
        return _FINISH[job.settings.mode](job, outcome)


def _check(works: Sequence[Work], options: Options) -> list[Outcome]:
    with applied(options.downloads):
        return [GraphError(faults) if (faults := _front.check(work.graph)) else None for work in works]


def _explain(works: Sequence[Work], options: Options) -> list[Outcome]:
    """Print the plan of all works, with a forecast: the device is measured where that was not done before."""
    if options.precision in MEASURED and find_speeds(options.device, options.precision) is None:
        from fgraph.runtime.calibrate import calibrate  # loads torch

        try:
            calibrate(options.device, options.precision)
        except FgraphError as error:  # a plan for a device that is elsewhere
            print(f"no forecast: {error}", file=sys.stderr)
    return explain_together(works, options)


def _nothing(works: Sequence[Work], options: Options) -> list[Outcome]:
    return [None] * len(works)


def _save(job: Prepared, results: Any) -> float | None:
    settings = job.settings
    manifest = save_results(
        results, settings.directory, settings.formats, record_graph(job.work.graph), video=settings.video
    )
    for path in manifest.paths:
        print(path)
    return settings.objective.measure(results) if settings.objective else None


def _say(job: Prepared, outcome: Any) -> None:
    print(f"{job.settings.name}: ok")


def _draw(job: Prepared, outcome: Any) -> None:
    from fgraph.digraph.draw import draw_svg  # no other mode draws
    from fgraph.plan.draw import draw_plan

    settings = job.settings
    wiring, faults = wire(job.work.graph.spec)
    if faults:
        raise GraphError(faults)
    stem = settings.directory / settings.name.rsplit("/")[-1]
    drawings = {".svg": draw_svg(wiring), ".plan.svg": draw_plan(job.group[1].compile([job.work]))}
    for ending, drawing in drawings.items():
        path = stem.with_name(stem.name + ending)
        write_atomic(path, drawing.encode())
        print(path)


def _done(job: Prepared, outcome: Any) -> None:
    """All was said for all jobs together."""


_Finish: TypeAlias = Callable[[Prepared, Any], float | None]
_TOGETHER: Mapping[Mode, Callable[[Engine], Engine]] = {
    "run": lambda engine: engine,
    "explain": lambda _: _explain,
    "check": lambda _: _check,
    "draw": lambda _: _nothing,
}
_FINISH: Mapping[Mode, _Finish] = {"run": _save, "explain": _done, "check": _say, "draw": _draw}
