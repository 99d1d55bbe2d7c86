"""Runs the graphs of many jobs as one plan, so that a job that fails fails alone."""

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
class Work:
    """The graph of one job; may be sent to another process."""

    document: Mapping[str, Any]
    source: Source = field(default_factory=Source, repr=False)

    @cached_property
    def graph(self) -> Graph:
        """The graph, read.

        Raises:
            GraphError: the document is wrong.
        """
        return pipeline.load(self.document, trace=self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return Work, (self.document, self.source)  # without the graph: it is read again where it is used


@dataclass(frozen=True)
class Options:
    """How works are run; those of one plan have these equal."""

    run: RunOptions = DEFAULT_OPTIONS
    downloads: Downloads = DEFAULT_DOWNLOADS
    listing: Listing = "full"  # of stages

    def compile(self, works: Sequence[Work]) -> Plan:
        """One plan of all works."""
        return pipeline.compile_with([work.graph for work in works], self.run)


Results: TypeAlias = Mapping[str, Result]
Outcome: TypeAlias = Any  # what a job came to (its Results), or the Exception that it failed with
Engine: TypeAlias = Callable[[Sequence[Work], Options], Sequence[Outcome]]
Attempt: TypeAlias = Callable[[Sequence[Work]], Sequence[Outcome]]


def run_together(works: Sequence[Work], options: Options) -> list[Outcome]:
    """Run works as one plan; for each its results, or the exception that it failed with."""
    with use_downloads(options.downloads):
        return apart(works, lambda some: pipeline.run(options.compile(some)))


def explain_together(works: Sequence[Work], options: Options, show: Callable[[str], object]) -> list[Outcome]:
    """Show the plan of all works as text; for each work None, or the exception that it failed with."""

    def explain(some: Sequence[Work]) -> Sequence[Outcome]:
        show(str(options.compile(some)))
        return [None] * len(some)

    with use_downloads(options.downloads):
        return apart(works, explain)


def list_together(works: Sequence[Work], options: Options) -> list[Outcome]:
    """Print the stages of compiling all works together; for each None, or the exception that it failed with."""

    def list_some(some: Sequence[Work]) -> Sequence[Outcome]:
        print(list_stages(compile_stages([work.graph for work in some], options.run), options.listing))
        return [None] * len(some)

    with use_downloads(options.downloads):
        return apart(works, list_some)


def apart(works: Sequence[Work], attempt: Attempt) -> list[Outcome]:
    """Attempt works together; those at fault fail alone.

    Graphs that are wrong are found by checking each. Whatever else fails fails all: then each half is attempted anew,
    so that the halves without the culprit succeed. A budget that all together exceed is met that way too. An error of
    the base class is about the options, which all have in common.
    """
    try:
        return list(attempt(works))
    except GraphError as error:
        faults = [GraphError(found) if (found := pipeline.check(work.graph)) else None for work in works]
        if len(works) == 1 or not any(faults):
            return _halves(works, attempt, error)
        sound = [work for work, fault in zip(works, faults, strict=True) if fault is None]
        outcomes = iter(apart(sound, attempt) if sound else ())
        return [next(outcomes) if fault is None else fault for fault in faults]
    except Exception as error:
        if type(error) is FgraphError:
            return [error] * len(works)
        return _halves(works, attempt, error)


def _halves(works: Sequence[Work], attempt: Attempt, error: Exception) -> list[Outcome]:
    if len(works) == 1:
        return [error]
    middle = len(works) // 2
    reason = (str(error) or type(error).__name__).splitlines()[0]
    log.warning(f"{len(works)} jobs failed together ({reason}); trying {middle} and {len(works) - middle}")
    return [*apart(works[:middle], attempt), *apart(works[middle:], attempt)]
