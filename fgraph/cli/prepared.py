"""A job that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fgraph.api.graph_jobs import GraphJob, SharedOptions
from fgraph.cli.settings import JobSettings
from fgraph.declare import Graph
from fgraph.save.formats import LARGE_FORMATS


@dataclass(frozen=True)
class PreparedJob:
    """A job with its parsed graph."""

    settings: JobSettings
    graph_job: GraphJob  # the graph that runs
    graph: Graph  # the graph as given, without the outputs for `output.compare`
    sources: Mapping[str, str] = field(default_factory=dict)  # name -> output that shows it, for `output.compare`
    remarks: tuple[str, ...] = ()  # on options without effect

    @property
    def is_large(self) -> bool:
        """True if the images of the job are made piece by piece, apart from those of other jobs."""
        return self.settings.mode == "run" and any(name in LARGE_FORMATS for name in self.settings.formats)

    @property
    def makes_films(self) -> bool:
        """True if photographs of the job are frames of films, which are made while they are written."""
        if self.settings.mode != "run" or all(node.op != "photo" for _, node, _ in self.graph.spec.walk()):
            return False
        from fgraph.api.films import reads_films  # imports Pillow

        return reads_films(self.graph)

    @property
    def group(self) -> tuple[str, SharedOptions]:
        """The key of jobs that run together."""
        options = SharedOptions(self.settings.options, self.settings.downloads, self.settings.listing)
        kind = "large" if self.is_large else "film" if self.makes_films else self.settings.mode
        return kind, options
