"""Runs of many jobs' graphs as one plan, in which only the jobs at fault fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from fgraph._downloads import use_downloads
from fgraph._errors import FgraphError, GraphError
from fgraph._log import get_logger
from fgraph.api import pipeline
from fgraph.api.graph_jobs import GraphJob, Outcome, SharedOptions
from fgraph.api.graphs import check
from fgraph.api.stages import compile_stages, list_stages
from fgraph.plan import Plan

log = get_logger(__name__)


Attempt: TypeAlias = Callable[[Sequence[GraphJob]], Sequence[Outcome]]


def compile_together(jobs: Sequence[GraphJob], options: SharedOptions) -> Plan:
    """Compile the graphs of jobs to one plan.

    Raises:
        GraphError: a graph is wrong; all faults of all graphs are reported together.
        MemoryBudgetError: the plan needs more than the memory budget.
    """
    return pipeline.compile_with([job.graph for job in jobs], options.run)


def run_together(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    """Run the graphs of jobs as one plan; return the outcome of each job."""
    with use_downloads(options.downloads):
        return isolate_failures(jobs, lambda some: pipeline.run(compile_together(some, options)))


def explain_together(jobs: Sequence[GraphJob], options: SharedOptions, show: Callable[[str], object]) -> list[Outcome]:
    """Compile the graphs of jobs to one plan and show it; return None for each job, or its exception."""

    def explain(some: Sequence[GraphJob]) -> Sequence[Outcome]:
        show(str(compile_together(some, options)))
        return [None] * len(some)

    with use_downloads(options.downloads):
        return isolate_failures(jobs, explain)


def list_together(jobs: Sequence[GraphJob], options: SharedOptions, show: Callable[[str], object]) -> list[Outcome]:
    """Compile the graphs of jobs together and show each stage; return None for each job, or its exception."""

    def list_some(some: Sequence[GraphJob]) -> Sequence[Outcome]:
        show(list_stages(compile_stages([job.graph for job in some], options.run), options.listing))
        return [None] * len(some)

    with use_downloads(options.downloads):
        return isolate_failures(jobs, list_some)


def isolate_failures(jobs: Sequence[GraphJob], attempt: Attempt) -> list[Outcome]:
    """Attempt all jobs together; if that fails, attempt them so that only the jobs at fault fail.

    After a `GraphError`, each graph is checked, and the correct ones are attempted together. After any other error,
    each half is attempted, which also helps if all jobs together exceed the memory budget. A plain `FgraphError` is
    about the shared options, so all jobs fail with it.
    """
    try:
        return list(attempt(jobs))
    except GraphError as error:
        faults = [_fault(job) for job in jobs]
        if len(jobs) == 1 or not any(faults):
            return _halves(jobs, attempt, error)
        sound = [job for job, fault in zip(jobs, faults, strict=True) if fault is None]
        outcomes = iter(isolate_failures(sound, attempt) if sound else ())
        return [next(outcomes) if fault is None else fault for fault in faults]
    except Exception as error:
        if type(error) is FgraphError:
            return [error] * len(jobs)
        return _halves(jobs, attempt, error)


def _fault(job: GraphJob) -> GraphError | None:
    """Return the error of a wrong graph, or None."""
    try:
        found = check(job.graph)
    except GraphError as error:  # it cannot even be parsed
        return error
    return GraphError(found) if found else None


def _halves(jobs: Sequence[GraphJob], attempt: Attempt, error: Exception) -> list[Outcome]:
    if len(jobs) == 1:
        return [error]
    middle = len(jobs) // 2
    reason = (str(error) or type(error).__name__).splitlines()[0]
    log.warning(f"{len(jobs)} jobs failed together ({reason}); trying {middle} and {len(jobs) - middle}")
    return [*isolate_failures(jobs[:middle], attempt), *isolate_failures(jobs[middle:], attempt)]
