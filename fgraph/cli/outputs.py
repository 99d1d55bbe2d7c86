"""Shared parts of a single run and a sweep: the default place of outputs, and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fgraph._temporary import remove_leftovers
from fgraph.cli.settings import JobPlace

if TYPE_CHECKING:
    from fgraph.api.graph_jobs import GraphJob, Outcome, SharedOptions


def clean_outputs(place: JobPlace) -> None:
    """Remove the leftovers of killed runs in the default place, where each run has a new directory."""
    if place.sweep_directory is not None:
        _clean_once(place.sweep_directory.absolute().parent, 2)
    else:
        _clean_once(place.directory.absolute().parent, 1)


@cache
def _clean_once(root: Path, depth: int) -> None:
    if root.is_relative_to(Path.cwd() / "outputs"):
        remove_leftovers(root, depth)


def run_together(jobs: Sequence[GraphJob], options: SharedOptions) -> Sequence[Outcome]:
    """Run the graphs of jobs as one plan; return the outcome of each job."""
    from fgraph.api import together  # imports the compiler, which some modes do not need

    return together.run_together(jobs, options)
