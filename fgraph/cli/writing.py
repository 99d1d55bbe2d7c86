"""Files of jobs: results, large images and drawings are written, and their paths are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError, GraphError, RunError
from fgraph._imaging.fonts import no_font
from fgraph._results import Image, Result
from fgraph.api.films import run_films
from fgraph.api.graph_jobs import GraphJob
from fgraph.api.large import LargeOptions, save_large_images
from fgraph.api.together import compile_together, run_together
from fgraph.cli.prepared import PreparedJob
from fgraph.cli.source_outputs import start_first
from fgraph.cli.terminal import say, warn
from fgraph.declare import Graph
from fgraph.digraph import wire
from fgraph.digraph.bypass import find_bypasses, without_node
from fgraph.save import MANIFEST, PictureOptions, save_results
from fgraph.save.labels import label_rows
from fgraph.save.quality import show_table
from fgraph.save.recording import record_graph

_MOST_NAMES = 8  # most names of files in a warning


def write(job: PreparedJob, outcome: Any) -> float | None:
    """Write the files of a job and print their paths; return its objective, if it has one.

    Args:
        job: a job of mode run or draw.
        outcome: the results of the job; not used for large images, films and drawings, which are made here.

    Raises:
        FgraphError: a file can't be written, a row has no picture, or the objective can't be measured.
    """
    if job.is_large:
        _save_large(job)
    elif job.settings.mode == "draw":
        _draw(job)
    elif job.makes_films:
        return _save(job, run_films(job.graph_job.graph, job.settings.options))
    else:
        return _save(job, outcome)
    return None


def _save(job: PreparedJob, results: Mapping[str, Any]) -> float | None:
    settings, options = job.settings, job.settings.pictures or PictureOptions()
    outputs = {name: value for name, value in results.items() if name not in job.sources.values()}
    sources = {name: results[output] for name, output in job.sources.items()}
    without = _run_without(job) if options.explain else {}
    labels = {name: label_rows(job.graph.spec, name, value.rows) for name, value in outputs.items()}
    record = record_graph(job.graph, {"precision": settings.options.precision, **options.changed})
    if options.compare is True and (compared := _compared(job.graph, outputs, sources)):
        options = replace(options, compare=compared)
    manifest = save_results(
        outputs, settings.directory, settings.formats, record, options,
        labels=labels, sources=sources, without=without, video=settings.video,
    )  # fmt: skip
    for path in manifest.paths:
        say(path)
    for rated in manifest.quality.values():
        for line in show_table(rated):
            say(line)
    _warn_of_unlisted(settings.directory, manifest.unlisted)
    for file in manifest.without_record:
        warn(f"{file} has no room for its record; the record is in {manifest.paths[-1]}")
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
    if failed := [node for node, outcome in zip(jobs, outcomes, strict=True) if isinstance(outcome, Exception)]:
        warn(f"output.explain has no line for {', '.join(failed)}: the graph does not run without them")
    return {node: one for node, one in zip(jobs, outcomes, strict=True) if not isinstance(one, Exception)}


def _warn_of_unlisted(directory: Path, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
        warn(f"warning: {directory} also holds files of an earlier run, which {MANIFEST} no longer lists: {shown}")


def _compared(graph: Graph, outputs: Mapping[str, Result], sources: Mapping[str, Result]) -> tuple[str, ...]:
    """Return the images to compare: the sources, then the outputs, ordered by `start_first`."""
    wiring, _ = wire(graph.spec)
    return tuple(dict.fromkeys([*sources, *(name for name in start_first(wiring) if isinstance(outputs[name], Image))]))


def _save_large(job: PreparedJob) -> None:
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


def _draw(job: PreparedJob) -> None:
    """Write the drawings of a graph and of its plan, and print their paths."""
    from fgraph.digraph.draw import draw_svg  # other modes don't need it
    from fgraph.plan.draw import draw_plan

    settings = job.settings
    wiring, faults = wire(job.graph_job.graph.spec)
    if faults:
        raise GraphError(faults)
    stem = settings.directory / settings.name.rsplit("/")[-1]
    drawings = {".svg": draw_svg(wiring), ".plan.svg": draw_plan(compile_together([job.graph_job], job.group[1]))}
    for ending, drawing in drawings.items():
        path = stem.with_name(stem.name + ending)
        write_atomic(path, drawing.encode("utf-8", "backslashreplace"))
        say(path)
