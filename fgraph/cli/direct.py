"""A single run with plain arguments, without Hydra.

The import of Hydra and the composition of a config take longer than most graphs. This module reads the arguments that
mean the same without Hydra: no flags, one graph without a `defaults` list, and plain values. All others go to Hydra.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from fgraph._atomic import save_error
from fgraph._errors import FgraphError
from fgraph._files import remove_settings
from fgraph._imaging.files import set_picture_limit
from fgraph.cli.arguments import GRAPHS, Arguments
from fgraph.cli.modes import GRAPH_MODES
from fgraph.cli.settings import JobPlace, JobSettings, Values, make_settings, misplaced_options, read_mode
from fgraph.cli.signals import Interrupts
from fgraph.cli.source_locations import trace
from fgraph.cli.sweeps import SweepRun
from fgraph.cli.terminal import warn
from fgraph.declare.document import Document
from fgraph.declare.graph_file import read_graph_file
from fgraph.declare.interpolation import check_interpolations
from fgraph.declare.overrides import apply
from fgraph.declare.source import SourceMap

_DEFAULT_GRAPH = "panorama"
_OVERRIDE = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)=(?P<value>.*)")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_TEXT = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][A-Za-z0-9_./-]*|[1-9][0-9]*[KMGT]i?B")
_WORDS: Mapping[str, Any] = {"null": None, "true": True, "false": False}


class NotPlain(Exception):
    """Arguments that Hydra must read."""


@dataclass(frozen=True)
class PlainOverride:
    """A change of the graph, as `fgraph.declare.overrides.apply` takes it."""

    key_or_group: str
    plain: Any
    input_line: str
    package: None = None

    def is_delete(self) -> bool:
        """Return False: a plain override sets a value."""
        return False

    def value(self) -> Any:
        """Return the value."""
        return self.plain


@dataclass(frozen=True)
class PlainJob:
    """A job as its arguments describe it."""

    config: Values
    graph: dict[str, Any]
    place: JobPlace
    source: SourceMap

    def settings(self) -> JobSettings:
        """Return the checked settings.

        Raises:
            FgraphError: a setting is wrong, or has no effect in the mode.
        """
        mode = read_mode(self.config)
        set_picture_limit(self.config.picture_limit)
        _remark(misplaced_options(self.place.overrides, mode))
        return make_settings(self.config, self.graph, self.place, self.source)


def run_directly(arguments: Arguments, interrupts: Interrupts) -> int | None:
    """Run the job of plain arguments; return the exit code, or None if Hydra must read them."""
    try:
        job = read_job(arguments)
    except NotPlain:
        return None
    sweep = SweepRun(is_interrupted=lambda: interrupts.seen)
    interrupts.describe = lambda: sweep.interruption
    settings, failure = None, None
    try:
        settings = job.settings()
    except FgraphError as error:
        failure = error
    with sweep.job(job.place, settings):
        if failure is not None:
            raise failure
        assert settings is not None
        _run(settings, job)
    return sweep.exit_code


def read_job(arguments: Arguments) -> PlainJob:
    """Read plain arguments.

    Raises:
        NotPlain: Hydra must read the arguments, or report a mistake in them.
    """
    config, changes, names, directory = Values(copy.deepcopy(_defaults())), [], [], None
    for override in arguments.hydra:
        found = _OVERRIDE.fullmatch(override)
        if found is None:
            raise NotPlain
        key, value = found["key"], found["value"]
        if key == "graph":
            names.append(value)
        elif key == "hydra.run.dir":
            directory = _expect(read_value(value), str)
        elif key.startswith("graph."):
            changes.append(PlainOverride(key.removeprefix("graph."), read_value(value), override))
        else:
            _set(config, key, read_value(value))
    name = (names or [_DEFAULT_GRAPH])[0]
    if config["mode"] not in GRAPH_MODES or len(names) > 1 or not _NAME.fullmatch(name):
        raise NotPlain
    file = arguments.files.get(name, GRAPHS / f"{name}.yaml")
    graph = _read_graph(file, changes)
    where = directory or f"outputs/{name}/{datetime.now():%Y-%m-%d_%H-%M-%S-%f}"
    place = JobPlace(name, Path(os.path.abspath(where)), tuple(arguments.hydra))
    return PlainJob(config, graph, place, trace([(file, ())], place.overrides))


def read_value(text: str) -> Any:
    """Read a plain value as Hydra's grammar does.

    Raises:
        NotPlain: the value is not plain.

    >>> read_value("0.5"), read_value("[a, 2]"), read_value("photos/one.png"), read_value("null")
    (0.5, ['a', 2], 'photos/one.png', None)
    """
    if text.startswith("[") and text.endswith("]"):
        inside = text[1:-1].strip()
        return [_read_item(item.strip()) for item in inside.split(",")] if inside else []
    return _read_item(text)


def _read_item(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _TEXT.fullmatch(text) and text.lower() not in ("nan", "inf"):
        return text
    raise NotPlain


@cache
def _defaults() -> dict[str, Any]:
    """Return the settings of graphs/config.yaml."""
    config: dict[str, Any] = yaml.load((GRAPHS.parent / "config.yaml").read_text("utf-8"), _LOADER)
    return {name: value for name, value in config.items() if name not in ("defaults", "hydra")}


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    """Set a setting that exists and is not a group."""
    *groups, name = key.split(".")
    holder: Any = config
    for group in groups:
        holder = holder.get(group) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or name not in holder or isinstance(holder[name], dict) or key == "from":
        raise NotPlain
    holder[name] = value


def _read_graph(file: Path, changes: Sequence[PlainOverride]) -> dict[str, Any]:
    document: Document = read_graph_file(file)
    if document.faults or not isinstance(document.data, dict) or "defaults" in document.data:
        raise NotPlain
    check_interpolations(document)
    document.data = {"nodes": {}, "params": {}, **document.data}
    apply(changes, document)  # type: ignore[arg-type] # has the attributes that it reads
    if document.faults:
        raise NotPlain
    return cast("dict[str, Any]", document.data)


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise NotPlain
    return value


def _run(settings: JobSettings, job: PlainJob) -> None:
    """Prepare the job, run it, and write its results."""
    from fgraph.cli import jobs
    from fgraph.cli.outputs import clean_outputs, run_together

    clean_outputs(job.place)
    if settings.writes:
        _make_directory(job)
    prepared = jobs.prepare(settings)
    _remark(prepared.remarks)
    (outcome,) = jobs.run_many([prepared], run_together)
    if isinstance(outcome, Exception):
        raise outcome
    jobs.finish(prepared, outcome)


def _make_directory(job: PlainJob) -> None:
    """Make the directory of the results, with the arguments in `.hydra`, as Hydra does."""
    record = job.place.directory / ".hydra"
    config = {**job.config, "graph": job.graph}
    try:
        remove_settings(record, job.place.directory)
        record.mkdir(parents=True, exist_ok=True)
        for name, content in (("overrides.yaml", list(job.place.overrides)), ("config.yaml", config)):
            (record / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
    except OSError as error:
        raise save_error(job.place.directory, error) from error


def _remark(remarks: Sequence[str]) -> None:
    for remark in dict.fromkeys(remarks):
        warn(f"warning: {remark}")
