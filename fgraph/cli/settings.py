"""The checked settings of one job. This module avoids Hydra, whose import takes longer than most graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads
from fgraph._errors import FgraphError, GraphError, nearest
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.api.graph_jobs import Listing
from fgraph.cli.modes import (
    GRAPH_MODES,
    MODES,
    STANDALONE_MODES,
    TRAINING_MODES,
    WRITING_MODES,
    EncoderMode,
    Mode,
    ModelMode,
    PictureMode,
    TrainingMode,
)
from fgraph.declare.document import Document
from fgraph.declare.interpolation import escaped, resolve
from fgraph.declare.source import SourceMap, SourceMapBuilder, in_order

if TYPE_CHECKING:
    from fgraph.cli.restoring import RestoredPicture
    from fgraph.save.options import PictureOptions
    from fgraph.save.video import VideoOptions
    from fgraph.sweep.objective import Objective

# The settings of graphs/config.yaml, for hints.
SETTINGS = (
    "graph", "from", "model", "offline", "cache", "hub", "seed", "device", "precision", "torch_compile", "memory",
    "picture_limit", "mode", "listing", "target", "half", "bending", "clusters", "output.formats", "output.quality",
    "output.scale", "output.resampling",
    "output.strip", "output.grid",
    "output.labels", "output.gap", "output.compare", "output.explain", "output.sheet", "output.piece", "output.fps",
    "output.loop", "output.pingpong", "objective.metric", "data", "images",
    "mix.models", "mix.resolution", "mix.width", "mix.weights",
    "inversion.preset", "inversion.space", "inversion.prior",
    "inversion.steps", "inversion.batch", "inversion.fit", "inversion.align", "inversion.face",
    "inversion.start", "inversion.encoder",
    "inversion.landmarks", "inversion.points", "inversion.cache", "inversion.starts",
    "inversion.noise", "encoder.images", "encoder.size", "encoder.iterations",
)  # fmt: skip

_GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {  # settings -> the modes that read them
    "output": ("modes that read a graph", GRAPH_MODES),
    "objective": ("modes that read a graph", GRAPH_MODES),
    "inversion": ("mode=invert", ("invert",)),
    "training": ("mode=train, finetune, grow", TRAINING_MODES),
    "encoder": ("mode=train-encoder", ("train-encoder",)),
}


@dataclass(frozen=True)
class JobPlace:
    """The place of a job in a call of the command line: its name, its directory, its number and its overrides."""

    name: str  # name of the graph
    directory: Path  # directory of the results
    overrides: tuple[str, ...]
    number: int | None = None  # the number of a job in a sweep
    sweep_directory: Path | None = None
    searcher: str | None = None  # the sweeper, if it needs a number from each job

    @property
    def is_sweep(self) -> bool:
        """True if the job belongs to a sweep."""
        return self.number is not None

    @property
    def label(self) -> str:
        """The start of a message about the job: empty for a single run."""
        return f"job {self.number} ({', '.join(self.overrides)}): " if self.is_sweep else ""


class Values(dict[str, Any]):
    """Settings with keys as attributes, as in a config of OmegaConf."""

    def __getattr__(self, name: str) -> Any:
        """Return a setting, or a group of settings."""
        try:
            value = self[name]
        except KeyError:
            raise AttributeError(name) from None
        return Values(value) if isinstance(value, dict) else value


@dataclass(frozen=True)
class JobSettings:
    """The settings of one job that reads a graph."""

    mode: Mode
    name: str  # name of the graph
    graph: dict[str, Any]
    directory: Path
    options: RunOptions = DEFAULT_OPTIONS
    downloads: Downloads = DEFAULT_DOWNLOADS
    objective: Objective | None = None
    formats: tuple[str, ...] = ("png",)
    video: VideoOptions | None = None  # None: the default options
    pictures: PictureOptions | None = None  # None: the default options
    piece: int = 2048  # pixels along the longer side of a piece of a large image
    listing: Listing = "full"  # listing of mode=ir
    sheet: bool = True  # whether a sweep ends with a contact sheet
    given: frozenset[str] = frozenset()  # the names of the options `output.*` that the command line sets
    is_sweep: bool = False
    restored: RestoredPicture | None = None  # the picture of from=, if the graph comes from it
    source: SourceMap = field(default_factory=SourceMap)  # the source locations of the graph

    @property
    def writes(self) -> bool:
        """True if the job writes files."""
        return self.mode in WRITING_MODES


def read_mode(config: Any) -> Mode | ModelMode | PictureMode | TrainingMode | EncoderMode:
    """Return the mode of a config.

    Raises:
        FgraphError: there is no such mode, or a setting belongs to another mode.
    """
    value = config.mode
    if value not in MODES:
        raise FgraphError(_unknown("mode", str(value), MODES))
    uses: dict[str, tuple[str, ...]] = {
        "target": ("convert", "mix", *TRAINING_MODES, "train-encoder"),
        "data": TRAINING_MODES,
        "listing": ("ir",),
        **dict.fromkeys(("bending", "clusters"), ("convert",)),
        "half": ("convert", "mix"),
    }
    for name, users in uses.items():
        if value not in users and (_interpolates(config, name) or config.get(name)):
            raise FgraphError(f"{name} is for mode={', '.join(users)}, not for mode={value}")
    if value != "mix" and config.mix.models:
        raise FgraphError(f"mix.models is for mode=mix, not for mode={value}")
    if value != "invert" and config.images is not None:
        raise FgraphError(f"images is for mode=invert, not for mode={value}; a graph reads pictures by an image node")
    return cast(Mode | ModelMode | PictureMode | TrainingMode | EncoderMode, value)


def _interpolates(config: Any, name: str) -> bool:
    """Return whether a setting of a config of OmegaConf is an interpolation."""
    if isinstance(config, Values):
        return False
    from omegaconf import OmegaConf

    return OmegaConf.is_interpolation(config, name)


def make_settings(
    config: Any, graph: dict[str, Any], place: JobPlace, source: SourceMap, restored: RestoredPicture | None = None
) -> JobSettings:
    """Check the settings of a config.

    Args:
        config: the settings, as attributes: a config of OmegaConf, or a `Values`.
        graph: as plain data.
        place: the place of the job.
        source: the source locations of the graph.
        restored: the picture of `from=`, whose settings are the defaults.

    Raises:
        GraphError: an interpolation of the graph has no value.
        FgraphError: a setting has an invalid value.
    """
    earlier = restored.settings_without(place.overrides) if restored else {}
    return JobSettings(
        mode=config.mode,
        name=place.name,
        graph=_finish_graph(graph, config, source),
        directory=place.directory,
        options=RunOptions.of(
            device=str(config.device),
            precision=str(earlier.pop("precision", config.precision)),
            torch_compile=config.torch_compile,
            memory=config.memory,
        ),
        downloads=read_downloads(config),
        objective=_read_objective(config.objective, place),
        formats=_read_formats(config.output.formats),
        video=_read_video(config.output),
        pictures=_read_pictures(config.output, earlier),
        piece=config.output.piece,
        listing=_read_listing(config.listing),
        sheet=_read_truth("output.sheet", config.output.sheet),
        given=frozenset(_options_of(place.overrides, "output")),
        is_sweep=place.is_sweep,
        restored=restored,
        source=source,
    )


def _options_of(overrides: Iterable[str], group: str) -> Iterator[str]:
    """Yield the names of the options of a group that overrides set."""
    for override in overrides:
        head, _, name = override.partition("=")[0].lstrip("+~").partition(".")
        if head == group and name:
            yield name


def misplaced_options(overrides: Iterable[str], mode: str) -> list[str]:
    """Return a message for each override whose group of settings has no effect in a mode."""
    given = list(overrides)
    found = [
        f"{group}.{name} has no effect: it is for {modes}, not for mode={mode}"
        for group, (modes, users) in _GROUPS.items()
        if mode not in users
        for name in _options_of(given, group)
    ]
    if mode in STANDALONE_MODES:
        alone = {override.partition("=")[0].lstrip("+~") for override in given}
        unread = ("graph",) if mode in (*TRAINING_MODES, "train-encoder") else ("graph", "seed")
        found += [f"{name} has no effect: mode={mode} reads no graph" for name in unread if name in alone]
    return found


def _finish_graph(graph: dict[str, Any], config: Any, source: SourceMap) -> dict[str, Any]:
    """Add model and seed to a graph, and resolve it; interpolations reach only values of the graph itself."""
    if not graph.get("params"):  # empty ones come from the open base, not from the graph
        graph.pop("params", None)
    if config.model is not None:
        models = graph.get("models")
        graph["models"] = {**(models if isinstance(models, dict) else {}), "main": config.model}
    if config.seed is not None:
        graph["seed"] = config.seed
    document = Document(graph, SourceMapBuilder(source.file, dict(source.lines), dict(source.sources)))
    resolve(document)
    if document.faults:
        raise GraphError(in_order(document.faults))
    return cast(dict[str, Any], escaped(document.data))  # the document is parsed again


def read_downloads(config: Any) -> Downloads:
    """Read the settings of downloads.

    Raises:
        FgraphError: offline is neither true nor false.
    """
    offline = _read_truth("offline", config.offline)
    folder, hub = (None if value is None else str(value) for value in (config.cache, config.hub))
    return Downloads(folder, offline or None, hub)


def _read_truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FgraphError(f"{name} is true or false, not '{value}'")
    return value


def _read_listing(value: Any) -> Listing:
    if value is not None and value not in get_args(Listing):
        raise FgraphError(_unknown("listing", str(value), get_args(Listing)))
    return cast(Listing, value or "full")


def _read_formats(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence):
        raise FgraphError(f"output.formats is a format or a list of formats, such as [png,npy], not '{value}'")
    given = (value,) if isinstance(value, str) else map(str, value)
    return tuple("tiff" if name == "tif" else name for name in given)


def _read_pictures(output: Any, earlier: Mapping[str, Any]) -> PictureOptions:
    from fgraph.save.options import OPTIONS, PictureOptions  # imports Pillow, which other settings don't need

    return PictureOptions(**{name: _plain(output[name]) for name in OPTIONS} | dict(earlier))


def _plain(value: Any) -> Any:
    """Return a value with a list of OmegaConf as a plain list."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _read_video(output: Any) -> VideoOptions | None:
    if not {"gif", "mp4"} & set(_read_formats(output.formats)):
        return None
    from fgraph.save.video import VideoOptions  # imports Pillow, which other settings don't need

    loop, pingpong = (_read_truth(f"output.{name}", output[name]) for name in ("loop", "pingpong"))
    if isinstance(output.fps, bool) or not isinstance(output.fps, int | float):
        raise FgraphError(f"output.fps is a number of frames a second, not '{output.fps}'")
    return VideoOptions(float(output.fps), loop, pingpong)


def _read_objective(value: Any, place: JobPlace) -> Objective | None:
    if value.metric is not None:
        from fgraph.sweep.objective import Objective  # imports numpy, which other settings don't need

        return Objective(str(value.metric), value.output, value.target)
    if place.searcher is not None:
        raise FgraphError(f"hydra/sweeper={place.searcher} needs a number from each job: set objective.metric")
    return None


def _unknown(what: str, found: str, known: Iterable[str]) -> str:
    known = tuple(known)
    hint = nearest(found, known)
    return f"unknown {what} '{found}': expected {', '.join(known)}" + (f" ({hint})" if hint else "")
