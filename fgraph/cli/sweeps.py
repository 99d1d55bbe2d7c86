"""The jobs of one call of the command line: their failures, exit code and contact sheet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from fgraph._errors import FgraphError, SkippedError
from fgraph.cli.no_memory import NO_MEMORY, lacks_memory
from fgraph.cli.settings import JobPlace, JobSettings
from fgraph.cli.terminal import say, warn, warn_traceback

Cell: TypeAlias = tuple[tuple[str, ...], str | None]  # overrides of a job; its directory, if it is whole
_HIDDEN: Cell = ((), None)  # of a job that asks for no sheet


@dataclass
class SweepRun:
    """The state of all jobs of a call; a single run is a sweep of one job.

    A call can have very many jobs, so little is kept of each: its overrides and its directory, if it asks for a contact
    sheet.
    """

    failures: list[Exception] = field(default_factory=list)  # the first and the last failure, printed already
    is_sweep: bool = False
    directory: Path | None = None  # directory of the sweep
    count: int = 1  # number of jobs to run
    is_interrupted: Callable[[], bool] = bool  # whether a signal has arrived
    hint: Callable[[], str] = str  # how to continue the standalone job that runs, after an interrupt
    ended: int = 0  # jobs, failed ones included
    _complete: int = 0  # jobs that didn't fail
    _cells: list[Cell] = field(default_factory=list)
    _quality: int | None = None  # quality of the sheet; None: no job requests one
    _keys: set[str] = field(default_factory=set)  # keys of jobs, until two differ

    @property
    def exit_code(self) -> int:
        """0 if all jobs are done; 1 if one of a sweep failed; after a single run as in `fgraph.cli.command`."""
        if self.is_sweep or not self.failures:
            return int(bool(self.failures))
        if isinstance(self.failures[0], SkippedError):
            return 3
        return 2 if isinstance(self.failures[0], FgraphError) or lacks_memory(self.failures[0]) else 1

    @property
    def interruption(self) -> str:
        """The message of an interrupted call: what is done, and how to continue."""
        done = self._complete
        if hint := self.hint():
            outcome = hint
        elif self.is_sweep or self.count > 1:
            outcome = f"{done} of {self.count} jobs are done, and their files are whole; run the others again"
        else:
            outcome = "the job is done" if done else "no result was written; run the same command again"
        return f"interrupted: {outcome}"

    @contextmanager
    def job(self, place: JobPlace, settings: JobSettings | None) -> Iterator[None]:
        """Wrap the end of a job: report its failure, and in a sweep raise it for Hydra as well."""
        self._begin(place, settings)
        try:
            yield
            self._complete += 1
            if settings is not None and settings.sheet:
                self._cells[-1] = (place.overrides, str(settings.directory))
        except (Exception, KeyboardInterrupt) as error:
            if self.is_interrupted() or isinstance(error, KeyboardInterrupt):
                _remove_unused(place.directory)
                raise KeyboardInterrupt from error  # the cleanup after an interrupt can raise an error of its own
            self.failures[1:] = [error]
            self._report(error, place.label)
            from fgraph.save.manifest import MANIFEST  # --help doesn't need it

            if self.is_sweep and (place.directory / MANIFEST).exists():  # of an earlier run: a job writes it last
                warn(f"{place.label}{place.directory} still holds what an earlier run wrote")
            if self.is_sweep:
                raise
        finally:
            if settings is None or not settings.writes:
                _remove_empty(place.directory)

    def _begin(self, place: JobPlace, settings: JobSettings | None) -> None:
        """Note a job; `settings` is None if it failed before it had any."""
        self.ended += 1
        self.is_sweep = place.is_sweep
        self.directory = place.sweep_directory
        self._cells.append(_HIDDEN if settings is not None and not settings.sheet else (place.overrides, None))
        if place.is_sweep and len(self._keys) < 2:
            self._keys.add(f"failed: {self.ended}" if settings is None else job_key(settings))
        if self._quality is None and settings is not None and settings.mode == "run" and settings.sheet:
            self._quality = settings.pictures.quality if settings.pictures else 90

    def _report(self, error: Exception, label: str) -> None:
        if isinstance(error, FgraphError):
            warn(f"{label}{error}")
            return
        if lacks_memory(error):
            warn(f"{label}{NO_MEMORY}")
            return
        warn(f"{label}failed by a bug:")
        warn_traceback(error)

    def write_sheet(self) -> None:
        """Write the contact sheet of a sweep that made pictures, and print its path.

        Raises:
            SaveError: the sheet can't be written.
        """
        if not self.is_sweep or self.ended < 2 or self._quality is None or self.directory is None:
            return
        from fgraph.cli.contact import SheetEntry, write_contact_sheet  # imports Pillow, which --help doesn't need

        entries = [SheetEntry(given, Path(folder) if folder else None) for given, folder in self._cells]
        path = write_contact_sheet(entries, self.directory, self._quality)
        if path is not None:
            say(path)

    def warn_if_identical(self) -> None:
        """Warn if all jobs of a sweep are equal, as in a sweep over a seed that nothing reads."""
        if self.ended > 1 and len(self._keys) == 1:
            warn(
                f"warning: all {self.ended} jobs of this sweep were identical. A seed written in a node is literal; "
                "leave it out, and it derives from the graph's seed="
            )


def job_key(settings: JobSettings) -> str:
    """Return a key that is equal for jobs that write the same files."""
    graph = dict(settings.graph)
    if not reads_seed(graph):
        graph.pop("seed", None)
    parts = [settings.mode, settings.name, graph, settings.options.device, settings.options.precision, settings.formats]
    return json.dumps(parts, sort_keys=True, default=str)


def reads_seed(graph: Mapping[str, Any]) -> bool:
    """Return whether a node or the noise of a graph derives its seed from the seed of the graph."""
    noises = [graph.get("noise")]
    for node in _walk(graph.get("nodes")):
        if node.get("op") in _drawing_ops() and node.get("seed") is None:
            return True
        noises.append(node.get("noise"))
    return any(
        isinstance(noise, Mapping) and noise.get("mode") == "random" and noise.get("seed") is None for noise in noises
    )


def _walk(nodes: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every node, including those of sub-graphs."""
    if not isinstance(nodes, Mapping):
        return
    for node in nodes.values():
        if isinstance(node, Mapping):
            yield node
            yield from _walk(node.get("nodes"))


def _drawing_ops() -> frozenset[str]:
    from fgraph.api.bundled import bundled_nodes  # imports the node classes, which --help doesn't need
    from fgraph.registry import op_of

    return frozenset(op_of(one) for one in bundled_nodes() if "seed" in one.model_fields)


def _remove_unused(directory: Path) -> None:
    """Remove the directory of an interrupted job that has written no more than Hydra's own files."""
    if directory.is_dir() and [path.name for path in directory.iterdir()] in ([], [".hydra"]):
        shutil.rmtree(directory / ".hydra", ignore_errors=True)
        _remove_empty(directory)


def _remove_empty(directory: Path) -> None:
    """Remove a directory that Hydra made for a job and that is empty, and then its parent if that is empty."""
    with suppress(OSError):  # rmdir refuses directories that aren't empty
        directory.rmdir()
        if not Path.cwd().is_relative_to(directory.parent.resolve()):
            directory.parent.rmdir()
