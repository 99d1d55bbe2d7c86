"""Jobs of graphs, which a launcher passes to an engine, without the compiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from fgraph._cached import cached_property
from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.api.graphs import load
from fgraph.declare import Graph, SourceMap

Listing: TypeAlias = Literal["full", "diff"]  # how `mode=ir` prints the result of each pass
Outcome: TypeAlias = Any  # the results of a job by name, or the Exception that it failed with


@dataclass(frozen=True)
class GraphJob:
    """A job as a graph to run; it can be pickled."""

    document: Mapping[str, Any]
    source: SourceMap = field(default_factory=SourceMap, repr=False)

    @cached_property
    def graph(self) -> Graph:
        """The parsed graph.

        Raises:
            GraphError: the document is wrong.
        """
        return load(self.document, trace=self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return GraphJob, (self.document, self.source)  # the other process parses the graph again


@dataclass(frozen=True)
class SharedOptions:
    """Options that all jobs of a plan share."""

    run: RunOptions = DEFAULT_OPTIONS
    downloads: Downloads = DEFAULT_DOWNLOADS
    listing: Listing = "full"  # listing of mode=ir


Engine: TypeAlias = Callable[[Sequence[GraphJob], SharedOptions], Sequence[Outcome]]
