"""`fgraph watch`: run a graph file again each time it is saved, in one process, so that models stay loaded."""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fgraph._errors import FgraphError, GraphError
from fgraph._imaging.files import set_picture_limit
from fgraph._imaging.finding import SUFFIXES
from fgraph.cli import jobs
from fgraph.cli.arguments import read_arguments
from fgraph.cli.commands.open import open_file
from fgraph.cli.configuration import place_of, read_settings
from fgraph.cli.outputs import run_together
from fgraph.cli.running import run
from fgraph.cli.settings import JobSettings, read_mode
from fgraph.cli.signals import Interrupts
from fgraph.cli.task import Task
from fgraph.cli.terminal import say, warn
from fgraph.cli.watch_page import WatchPage
from fgraph.declare.interpolation import escaped
from fgraph.declare.reading import read_document
from fgraph.declare.source import in_order
from fgraph.save.manifest import listed_files

PAUSE = 0.1  # seconds between two checks of the files
_SHOWN = {"png", "jpeg", "jpg", "webp", "gif"}  # formats that browsers show


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Run a graph file, and again at each save, until an interrupt.

    Raises:
        FgraphError: the arguments name no graph file, or ask for a sweep.
    """
    parser = argparse.ArgumentParser(
        "fgraph watch", description="Run a graph file again each time it is saved, and show its pictures in a browser."
    )
    parser.add_argument("file", help="a graph file, such as mine.yaml")
    parser.add_argument("settings", nargs="*", default=[], help="key=value, as for a run")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    chosen, flags = parser.parse_known_intermixed_args(arguments)
    found = read_arguments([*flags, chosen.file, *chosen.settings])
    if len(found.files) != 1 or {"-m", "--multirun"} & set(flags):
        raise FgraphError("fgraph watch runs one graph file, as in: fgraph watch mine.yaml")
    (file,) = found.files.values()

    def make_task(*parts: Any) -> WatchTask:
        interrupts.describe = lambda: f"stopped watching {file}"
        return WatchTask(*parts, file=file, opens=not chosen.no_open)

    return run(found, interrupts, make_task)


class WatchTask(Task):
    """The task of Hydra: a run of the file, then one for each save, until an interrupt."""

    def __init__(self, *parts: Any, file: Path, opens: bool) -> None:
        super().__init__(*parts)
        self._file = file
        self._opens = opens
        self._seen = {file: _stamp(file)}  # stamp of each file, before it was last read

    def __call__(self, config: DictConfig) -> float | None:
        """Run until an interrupt; errors of the graph are shown, and the next save is awaited."""
        hydra_config = HydraConfig.get()
        place = place_of(hydra_config)
        with self.sweep.job(place, None):
            if (mode := read_mode(config)) != "run":
                raise FgraphError(f"fgraph watch makes pictures, and mode={mode} makes none: leave it out")
            set_picture_limit(config.picture_limit)
            settings = read_settings(config, hydra_config, None, self._files)
            if not _SHOWN.intersection(settings.formats):
                found = ",".join(settings.formats)
                raise FgraphError(
                    f"fgraph watch shows png, jpeg, webp and gif; output.formats=[{found}] has none of them"
                )
            self._watch(settings, graph_overrides(place.overrides))
        return None

    def _watch(self, settings: JobSettings, overrides: Sequence[str]) -> None:
        page = WatchPage(settings.directory, self._file.name)
        error = self._run_once(settings)
        page.show(_pictures(settings.directory), error)
        say(page.path)
        if self._opens and not open_file(page.path):
            warn("no browser was found on this machine: open the page yourself")
        say(f"watching {self._file}; Ctrl-C ends it")
        while True:
            self._wait_for_change([self._file, *_files_of(settings)])
            began = time.perf_counter()
            try:
                settings = _read_again(settings, self._file, overrides)
                with redirect_stdout(io.StringIO()):  # the first run printed the paths
                    error = self._run_once(settings)
            except GraphError as fault:
                error = str(fault)
                warn(error)
            page.show(_pictures(settings.directory), error)
            if not error:
                say(f"{time.strftime('%H:%M:%S')}  {(time.perf_counter() - began) * 1000:.0f} ms")

    def _wait_for_change(self, files: Sequence[Path]) -> None:
        """Wait until a file differs from its last reading; a file may have changed meanwhile.

        An empty file is not a change: some editors empty a file before they write it.
        """
        while True:
            now = {file: stamp for file in files if (stamp := _stamp(file))[1]}
            changed = any(self._seen.setdefault(file, stamp) != stamp for file, stamp in now.items())
            self._seen.update(now)
            if changed:
                return
            time.sleep(PAUSE)

    def _run_once(self, settings: JobSettings) -> str:
        """Run the graph and write its files; return the message of an error, which is also printed, or ""."""
        try:
            job = jobs.prepare(settings)
            (outcome,) = jobs.run_many([job], run_together)
            if isinstance(outcome, Exception):
                raise outcome
            jobs.finish(job, outcome)
        except FgraphError as error:
            warn(error)
            return str(error)
        return ""


def graph_overrides(overrides: Sequence[str]) -> list[str]:
    """Return the overrides of a job that change its graph, as `fgraph.load` takes them.

    >>> graph_overrides(["graph=mine", "graph.nodes.fade.stop=0.5", "device=cpu", "model=avatar", "seed=null"])
    ['graph.nodes.fade.stop=0.5', 'models.main=avatar']
    """
    found = []
    for override in overrides:
        key, _, value = override.partition("=")
        if key.lstrip("+~").startswith("graph.") or "@graph." in key:
            found.append(override)
        elif key in ("seed", "model") and value != "null":
            found.append(override if key == "seed" else f"models.main={value}")
    return found


def _read_again(settings: JobSettings, file: Path, overrides: Sequence[str]) -> JobSettings:
    """Return the settings with the current graph of the file.

    Raises:
        GraphError: the file isn't YAML, or an override no longer fits it.
    """
    document = read_document(file, overrides)
    if document.faults or not isinstance(document.data, dict):
        if not document.faults:
            document.report("expected a mapping at the root of the file")
        raise GraphError(in_order(document.faults))
    return replace(settings, graph=escaped(document.data), source=document.places.freeze())


def _stamp(file: Path) -> tuple[int, int, int]:
    """Return a value that changes when a file is saved; an editor may replace the file."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _files_of(settings: JobSettings) -> list[Path]:
    """Return the files that a graph is read from, and the files that it names, such as pictures."""
    folder = Path(settings.source.file or ".").parent
    named = [path for text in _texts(settings.graph) for path in (folder / text, Path(text)) if _is_file(path)]
    return [*(Path(one) for one in set(settings.source.sources.values()) if _is_file(Path(one))), *named]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a graph that may be names of files."""
    if isinstance(value, str) and "." in value:
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # the text is not a path
        return False


def _pictures(directory: Path) -> list[str]:
    """Return the pictures that the manifest lists; sheets of all rows come first."""
    listed = [one for one in listed_files(directory) if one.file.lower().endswith((*SUFFIXES, ".gif"))]
    return [one.file for one in sorted(listed, key=lambda one: one.kind != "Sheet")]
