"""Runs the graphs of many jobs as one plan; if that fails, finds the jobs at fault and runs the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads, use_downloads
from fgraph._errors import FgraphError, GraphError
from fgraph._log import get_logger
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph._results import Result
from fgraph.api import pipeline
from fgraph.api.stages import Listing, compile_stages, list_stages
from fgraph.declare import Graph, Source
from fgraph.plan import Plan

log = get_logger(__name__)


@dataclass(frozen=True)
class GraphJob:
    """A job as a graph to run; it can be pickled."""

    document: Mapping[str, Any]
    source: Source = field(default_factory=Source, repr=False)

    @cached_property
    def graph(self) -> Graph:
        """The parsed graph.

        Raises:
            GraphError: the document is wrong.
        """
        return pipeline.load(self.document, trace=self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return GraphJob, (self.document, self.source)  # the other process parses the graph again


@dataclass(frozen=True)
class SharedOptions:
    """Options that all jobs of a plan share."""

    run: RunOptions = DEFAULT_OPTIONS
    downloads: Downloads = DEFAULT_DOWNLOADS
    listing: Listing = "full"  # of mode=ir

    def compile(self, jobs: Sequence[GraphJob]) -> Plan:
        """Compile the graphs of all jobs to one plan."""
        return pipeline.compile_with([job.graph for job in jobs], self.run)


Results: TypeAlias = Mapping[str, Result]
Outcome: TypeAlias = Any  # the Results of a job, or the Exception that it failed with
Engine: TypeAlias = Callable[[Sequence[GraphJob], SharedOptions], Sequence[Outcome]]
Attempt: TypeAlias = Callable[[Sequence[GraphJob]], Sequence[Outcome]]


def run_together(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    """Run the graphs of jobs as one plan; return the outcome of each job."""
    with use_downloads(options.downloads):
        return isolate_failures(jobs, lambda some: pipeline.run(options.compile(some)))


def explain_together(jobs: Sequence[GraphJob], options: SharedOptions, show: Callable[[str], object]) -> list[Outcome]:
    """Compile the graphs of jobs to one plan and show it; return None for each job, or its exception."""

    def explain(some: Sequence[GraphJob]) -> Sequence[Outcome]:
        show(str(options.compile(some)))
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
        found = pipeline.check(job.graph)
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
