"""The jobs of modes that read a graph: each is prepared, all run together, each is finished.

`fgraph check` needs neither passes, plans nor pictures, so modes import what they need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from fgraph._downloads import use_downloads
from fgraph._errors import FgraphError, GraphError
from fgraph.api.graph_jobs import Engine, GraphJob, Outcome, SharedOptions
from fgraph.api.graphs import check
from fgraph.cli.prepared import PreparedJob
from fgraph.cli.restoring import RestoredPicture
from fgraph.cli.settings import JobSettings
from fgraph.cli.source_outputs import find_sources, with_sources
from fgraph.cli.terminal import say, warn
from fgraph.declare import Graph
from fgraph.digraph import wire
from fgraph.save.formats import check_formats


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
    if job.settings.mode == "check":
        say(f"{job.settings.name}: ok")
    if not job.settings.writes:  # the text of other modes is printed for all jobs together
        return None
    from fgraph.cli.writing import write  # imports Pillow

    with use_downloads(job.settings.downloads):
        return write(job, outcome)


def _find_idle_options(settings: JobSettings, graph: Graph) -> Iterator[str]:
    """Yield a message for each option of the output that the command line sets without effect."""
    if not settings.given:
        return
    from fgraph.save.effects import OutputRequest, find_idle
    from fgraph.save.options import PictureOptions
    from fgraph.save.video import VideoOptions

    wiring, faults = wire(graph.spec)
    if faults:  # the compiler reports them
        return
    nodes = {name: wiring.by_id[node] for name, node in wiring.outputs.items()}
    outputs = {name: (node.kind, node.rows) for name, node in nodes.items()}
    video, pictures = settings.video or VideoOptions(), settings.pictures or PictureOptions()
    yield from find_idle(
        OutputRequest(settings.given, settings.formats, pictures, video.pingpong, settings.is_sweep, outputs)
    )


def _check_output(settings: JobSettings, graph: Graph) -> None:
    """Check the settings of the output before anything runs."""
    check_formats(settings.formats)
    if "gif" in settings.formats:
        from fgraph.save.video import VideoOptions, check_gif

        check_gif(settings.video or VideoOptions())
    wanted = settings.pictures.compare if settings.pictures is not None else False
    if isinstance(wanted, tuple):
        from fgraph.save.arranging import check_compared

        check_compared(wanted, [*find_sources(graph.spec), *graph.outputs])


def _warn_of_changes(restored: RestoredPicture, graph: Graph) -> None:
    """Warn of changes since a picture was written; in a sweep, warn of each change once."""
    from fgraph.save.recording import record_graph
    from fgraph.save.restoring import describe_changes

    for text in describe_changes(restored.record, record_graph(graph), restored.path):
        if text not in restored.warned:
            restored.warned.add(text)
            warn(f"warning: {text}")


def _check(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    with use_downloads(options.downloads):
        return [GraphError(faults) if (faults := check(job.graph)) else None for job in jobs]


def _explain(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    """Print the plan of all jobs with a forecast; the device is measured unless its profile is cached."""
    from fgraph.api.together import explain_together
    from fgraph.plan.device_profile import MEASURED, find_profile

    forecast = options.run.precision in MEASURED and not options.run.torch_compile
    if forecast and find_profile(options.run.device, options.run.precision) is None:
        from fgraph.runtime.calibrate import calibrate  # loads torch

        try:
            calibrate(options.run.device, options.run.precision)
        except FgraphError as error:  # this machine doesn't have the device
            warn(f"no forecast: {error}")
    return explain_together(jobs, options, say)


def _list_stages(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    from fgraph.api.together import list_together

    return list_together(jobs, options, say)


def _nothing(jobs: Sequence[GraphJob], options: SharedOptions) -> list[Outcome]:
    return [None] * len(jobs)


_TOGETHER: Mapping[str, Callable[[Engine], Engine]] = {
    "run": lambda engine: engine,
    "explain": lambda _: _explain,
    "ir": lambda _: _list_stages,
    "check": lambda _: _check,
    "draw": lambda _: _nothing,
    "large": lambda _: _nothing,
    "film": lambda _: _nothing,
}
