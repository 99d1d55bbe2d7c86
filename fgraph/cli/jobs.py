"""The jobs of modes that read a graph: each is prepared, all run together, each is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from fgraph._atomic import write_atomic
from fgraph._downloads import use_downloads
from fgraph._errors import FgraphError, GraphError, RunError
from fgraph._imaging.fonts import no_font
from fgraph._results import Image, Result
from fgraph.api import pipeline
from fgraph.api.large import LargeOptions, save_large_images
from fgraph.api.together import (
    Engine,
    GraphJob,
    Outcome,
    SharedOptions,
    explain_together,
    list_together,
    run_together,
)
from fgraph.cli.restoring import Restored
from fgraph.cli.settings import JobSettings
from fgraph.cli.source_outputs import find_sources, start_first, with_sources
from fgraph.cli.terminal import say, warn
from fgraph.declare import Graph
from fgraph.digraph import wire
from fgraph.digraph.bypass import find_bypasses, without_node
from fgraph.plan.device_profile import MEASURED, find_profile
from fgraph.save import MANIFEST, PictureOptions, save_results
from fgraph.save.arranging import check_compared
from fgraph.save.effects import Requested, find_idle
from fgraph.save.formats import LARGE_FORMATS, check_formats
from fgraph.save.labels import label_rows
from fgraph.save.quality import show_table
from fgraph.save.recording import record_graph
from fgraph.save.restoring import describe_changes
from fgraph.save.video import VideoOptions, check_gif

_MOST_NAMES = 8  # of files in a warning


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
    def group(self) -> tuple[str, SharedOptions]:
        """The key of jobs that run together."""
        options = SharedOptions(self.settings.options, self.settings.downloads, self.settings.listing)
        return "large" if self.is_large else self.settings.mode, options


def prepare(settings: JobSettings) -> PreparedJob:
    """Read the graph of a job.

    Raises:
        GraphError: the graph is wrong.
        SaveError: its results can't be written with the settings of the output.
    """
    job = GraphJob(settings.graph, settings.source)
    with use_downloads(settings.downloads):
        graph = job.graph  # faults belong to this job
        if settings.restored is not None:
            _warn_of_changes(settings.restored, graph)
    remarks: tuple[str, ...] = ()
    if settings.mode in ("run", "check"):
        _check_output(settings, graph)
        remarks = tuple(_find_idle_options(settings, graph))
    if settings.mode == "run" and settings.pictures is not None and settings.pictures.compare:
        document, sources = with_sources(settings.graph, graph.spec)
        return PreparedJob(settings, GraphJob(document, job.source), graph, sources, remarks)
    return PreparedJob(settings, job, graph, remarks=remarks)


def _find_idle_options(settings: JobSettings, graph: Graph) -> Iterator[str]:
    """Yield a message for each option of the output that the command line sets in vain."""
    if not settings.given:
        return
    wiring, faults = wire(graph.spec)
    if faults:  # the compiler reports them
        return
    nodes = {name: wiring.by_id[node] for name, node in wiring.outputs.items()}
    outputs = {name: (node.kind, node.rows) for name, node in nodes.items()}
    video, pictures = settings.video or VideoOptions(), settings.pictures or PictureOptions()
    yield from find_idle(
        Requested(settings.given, settings.formats, pictures, video.pingpong, settings.is_sweep, outputs)
    )


def _check_output(settings: JobSettings, graph: Graph) -> None:
    """Check the settings of the output before anything runs."""
    check_formats(settings.formats)
    if "gif" in settings.formats:
        check_gif(settings.video or VideoOptions())
    wanted = settings.pictures.compare if settings.pictures is not None else False
    if isinstance(wanted, tuple):
        check_compared(wanted, [*find_sources(graph.spec), *graph.outputs])


def run_many(jobs: Sequence[PreparedJob], engine: Engine) -> list[Outcome]:
    """Run jobs, each group as one plan; return the outcome of each job."""
    outcomes: dict[int, Outcome] = {}
    order = sorted(range(len(jobs)), key=lambda number: repr(jobs[number].group))
    for (mode, options), numbers in groupby(order, key=lambda number: jobs[number].group):
        chosen = list(numbers)
        made = _TOGETHER[mode](engine)([jobs[number].graph_job for number in chosen], options)
        outcomes.update(zip(chosen, made, strict=True))
    return [outcomes[number] for number in range(len(jobs))]


def finish(job: PreparedJob, outcome: Any) -> float | None:
    """Write the results of a job and print their paths; return its objective, if it has one.

    Raises:
        FgraphError: a file can't be written, or the objective can't be measured.
    """
    with use_downloads(job.settings.downloads):
        return _FINISH["large" if job.is_large else job.settings.mode](job, outcome)


def _check(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    with use_downloads(options.downloads):
        return [GraphError(faults) if (faults := pipeline.check(job.graph)) else None for job in jobs]


def _explain(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    """Print the plan of all jobs with a forecast; the device is measured unless its profile is cached."""
    forecast = options.run.precision in MEASURED and not options.run.torch_compile
    if forecast and find_profile(options.run.device, options.run.precision) is None:
        from fgraph.runtime.calibrate import calibrate  # loads torch

        try:
            calibrate(options.run.device, options.run.precision)
        except FgraphError as error:  # this machine doesn't have the device
            warn(f"no forecast: {error}")
    return explain_together(jobs, options, say)


def _list_stages(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    return list_together(jobs, options, say)


def _nothing(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    return [None] * len(jobs)


def _save(job: PreparedJob, results: Any) -> float | None:
    settings, options = job.settings, job.settings.pictures or PictureOptions()
    own = {name: value for name, value in results.items() if name not in job.sources.values()}
    sources = {name: results[output] for name, output in job.sources.items()}
    without = _run_without(job) if options.explain else {}
    labels = {name: label_rows(job.graph.spec, name, value.rows) for name, value in own.items()}
    record = record_graph(job.graph, {"precision": settings.options.precision, **options.changed})
    if options.compare is True and (compared := _compared(job.graph, own, sources)):
        options = replace(options, compare=compared)
    manifest = save_results(
        own, settings.directory, settings.formats, record, options,
        labels=labels, sources=sources, without=without, video=settings.video,
    )  # fmt: skip
    for path in manifest.paths:
        say(path)
    for rated in manifest.quality.values():
        for line in show_table(rated):
            say(line)
    _warn_of_unlisted(settings.directory, manifest.unlisted)
    for file in manifest.without_record:
        warn(f"{file} has no room for its record, which {manifest.paths[-1]} holds")
    if manifest.undrawn:
        warn(f"warning: {no_font(manifest.undrawn)}")
    if manifest.damaged:
        rows = "; ".join(f"'{name}': {', '.join(map(str, rows))}" for name, rows in manifest.damaged.items())
        raise RunError(
            f"rows with NaN or infinite values have no picture ({rows}): look for extreme codes or weights, or use "
            "precision=float32; the other files are written"
        )
    return settings.objective.measure(results) if settings.objective else None


def _run_without(job: PreparedJob) -> dict[str, Mapping[str, Result]]:
    """Run the graph of a job without each node that can be bypassed, as one plan; return the results by node."""
    wiring, _ = wire(job.graph.spec)
    document, source = job.settings.graph, job.graph_job.source
    jobs = {
        node: GraphJob(without_node(document, wiring, node, instead), source)
        for node, instead in find_bypasses(wiring).items()
    }
    outcomes = run_together(list(jobs.values()), job.group[1])
    for node, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, Exception):
            warn(f"output.explain: the graph does not run without {node}: {str(outcome).splitlines()[0]}")
    return {node: one for node, one in zip(jobs, outcomes, strict=True) if not isinstance(one, Exception)}


def _warn_of_unlisted(directory: Path, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
        warn(f"warning: {directory} also holds files of an earlier run, which {MANIFEST} no longer lists: {shown}")


def _compared(graph: Graph, own: Mapping[str, Result], sources: Mapping[str, Result]) -> tuple[str, ...]:
    """Return the images to compare: the sources, then the outputs, the start of an edit before its result."""
    wiring, _ = wire(graph.spec)
    return tuple(dict.fromkeys([*sources, *(name for name in start_first(wiring) if isinstance(own[name], Image))]))


def _save_large(job: PreparedJob, outcome: Any) -> None:
    """Make and write the images of a job piece by piece, and print their paths."""
    settings, options = job.settings, job.settings.pictures or PictureOptions()
    if settings.objective is not None:
        raise FgraphError("objective.metric needs an image in memory: give output.formats without tiff and dzi")
    how = LargeOptions(settings.options, settings.piece, quality=options.quality)
    record = record_graph(job.graph, {"precision": settings.options.precision, **options.changed})
    paths, unlisted = save_large_images(job.graph, settings.directory, settings.formats, record, how)
    for path in paths:
        say(path)
    _warn_of_unlisted(settings.directory, unlisted)


def _warn_of_changes(restored: Restored, graph: Graph) -> None:
    """Warn of what has changed since a picture was written, each change once in a sweep."""
    try:
        now = record_graph(graph)
    except FgraphError:
        return  # a model is missing, which the faults of the graph report
    for text in describe_changes(restored.record, now, restored.path):
        if text not in restored.warned:
            restored.warned.add(text)
            warn(f"warning: {text}")


def _say(job: PreparedJob, outcome: Any) -> None:
    say(f"{job.settings.name}: ok")


def _draw(job: PreparedJob, outcome: Any) -> None:
    from fgraph.digraph.draw import draw_svg  # other modes don't need it
    from fgraph.plan.draw import draw_plan

    settings = job.settings
    wiring, faults = wire(job.graph_job.graph.spec)
    if faults:
        raise GraphError(faults)
    stem = settings.directory / settings.name.rsplit("/")[-1]
    drawings = {".svg": draw_svg(wiring), ".plan.svg": draw_plan(job.group[1].compile([job.graph_job]))}
    for ending, drawing in drawings.items():
        path = stem.with_name(stem.name + ending)
        write_atomic(path, drawing.encode("utf-8", "backslashreplace"))
        say(path)


def _done(job: PreparedJob, outcome: Any) -> None:
    """Do nothing: the text is printed for all jobs together."""


_Finish: TypeAlias = Callable[[PreparedJob, Any], float | None]
_TOGETHER: Mapping[str, Callable[[Engine], Engine]] = {
    "run": lambda engine: engine,
    "explain": lambda _: _explain,
    "ir": lambda _: _list_stages,
    "check": lambda _: _check,
    "draw": lambda _: _nothing,
    "large": lambda _: _nothing,
}
_FINISH: Mapping[str, _Finish] = {
    "run": _save,
    "explain": _done,
    "ir": _done,
    "check": _say,
    "draw": _draw,
    "large": _save_large,
}
