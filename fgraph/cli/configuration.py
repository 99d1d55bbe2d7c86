"""The composed config of Hydra -> the settings of one job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import unquote, urlparse

from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads
from fgraph._errors import FgraphError, GraphError, nearest
from fgraph._options import DEFAULT_OPTIONS, RunOptions
from fgraph.api.stages import Listing
from fgraph.cli.modes import (
    GRAPH_MODES,
    MODES,
    STANDALONE_MODES,
    TRAINING_MODES,
    WRITING_MODES,
    Mode,
    ModelMode,
    PictureMode,
    TrainingMode,
)
from fgraph.cli.source_locations import PlacedFile, trace
from fgraph.declare.config_source import BUNDLED, GROUP, NAMED, find_place
from fgraph.declare.document import Document
from fgraph.declare.interpolation import escaped, resolve
from fgraph.declare.source import Places, Source, in_order
from fgraph.sweep import register_launchers
from fgraph.sweep.launcher import BASIC_SWEEPER

# The settings of graphs/config.yaml, for hints.
SETTINGS = (
    "graph", "from", "model", "offline", "cache", "hub", "seed", "device", "precision", "torch_compile", "memory",
    "picture_limit", "mode", "listing", "target", "half", "bending", "clusters", "output.formats", "output.quality",
    "output.strip", "output.grid",
    "output.labels", "output.gap", "output.compare", "output.sheet", "output.piece", "output.fps", "output.loop",
    "output.pingpong", "objective.metric", "data", "images", "mix.models", "mix.resolution", "mix.width", "mix.weights",
    "inversion.preset", "inversion.space", "inversion.prior",
    "inversion.steps", "inversion.batch", "inversion.fit", "inversion.align", "inversion.cache", "inversion.starts",
    "inversion.noise",
)  # fmt: skip

_GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {  # settings -> the modes that read them
    "output": ("modes that read a graph", GRAPH_MODES),
    "objective": ("modes that read a graph", GRAPH_MODES),
    "inversion": ("mode=invert", ("invert",)),
    "training": ("mode=train, finetune, grow", TRAINING_MODES),
}

if TYPE_CHECKING:
    from fgraph.cli.restoring import Restored
    from fgraph.save.options import PictureOptions
    from fgraph.save.video import VideoOptions
    from fgraph.sweep.objective import Objective


@dataclass(frozen=True)
class JobSettings:
    """The settings of one job that reads a graph."""

    mode: Mode
    name: str  # of the graph
    graph: dict[str, Any]
    directory: Path
    options: RunOptions = DEFAULT_OPTIONS
    downloads: Downloads = DEFAULT_DOWNLOADS
    objective: Objective | None = None
    formats: tuple[str, ...] = ("png",)
    video: VideoOptions | None = None  # None: the default options
    pictures: PictureOptions | None = None  # None: the default options
    piece: int = 2048  # pixels along the longer side of a piece of a large image
    listing: Listing = "full"  # of mode=ir
    sheet: bool = True  # whether a sweep ends with a contact sheet
    given: frozenset[str] = frozenset()  # the names of the options of the output that the command line sets
    is_sweep: bool = False
    restored: Restored | None = None  # the picture of from=, if the graph is its own
    source: Source = field(default_factory=Source)  # the source locations of the graph

    @property
    def writes(self) -> bool:
        """True if the job writes files."""
        return self.mode in WRITING_MODES


def prepare_hydra() -> None:
    """Register the launchers, the open base of graphs, and the resolvers of the output directories.

    Hydra refuses keys that a composed config doesn't have, and advises `+key`, which makes a new key of a typo. The
    open base accepts any field of a graph without `+`, so that the validation of fgraph finds typos. See
    docs/adr/0004-open-nodes.md.
    """
    register_launchers()
    open_graph = DictConfig({"nodes": {}, "params": {}}, flags={"struct": False})
    ConfigStore.instance().store(name="open_graph", node={"graph": open_graph}, provider="fgraph")
    OmegaConf.register_new_resolver("fgraph.subdir", _hydra_subdirectory, replace=True)
    OmegaConf.register_new_resolver(
        "fgraph.folder", lambda mode, graph: mode if mode == "invert" else graph, replace=True
    )


def _hydra_subdirectory(mode: str) -> str | None:
    return ".hydra" if mode in WRITING_MODES else None


def read_mode(config: DictConfig) -> Mode | ModelMode | PictureMode | TrainingMode:
    """Return the mode of a composed config.

    Raises:
        FgraphError: there is no such mode, or a setting belongs to another mode.
    """
    value = config.mode
    if value not in MODES:
        raise FgraphError(_unknown("mode", str(value), MODES))
    uses = {"target": ("convert", "mix", *TRAINING_MODES), "data": TRAINING_MODES, "listing": ("ir",)} | dict.fromkeys(
        ("bending", "clusters"), ("convert",)
    )
    uses["half"] = ("convert", "mix")
    for name, users in uses.items():
        if value not in users and (OmegaConf.is_interpolation(config, name) or config.get(name)):
            raise FgraphError(f"{name} is for mode={', '.join(users)}, not for mode={value}")
    if value != "mix" and config.mix.models:
        raise FgraphError(f"mix.models is for mode=mix, not for mode={value}")
    if value != "invert" and config.images is not None:
        raise FgraphError(f"images is for mode=invert, not for mode={value}; a graph reads pictures by an image node")
    return cast(Mode | ModelMode | PictureMode | TrainingMode, value)


def read_settings(
    config: DictConfig,
    mode: Mode,
    hydra_config: HydraConf,
    restored: Restored | None = None,
    files: Mapping[str, Path] | None = None,
) -> JobSettings:
    """Read the settings of a composed config.

    Args:
        config: the composed config.
        mode: of the job.
        hydra_config: of Hydra.
        restored: the picture of `from=`, whose settings are the defaults.
        files: the graph files that the arguments name by path, by the name of the graph.

    Raises:
        GraphError: an interpolation of the graph has no value.
        FgraphError: a setting has an invalid value.
    """
    name = str(hydra_config.runtime.choices.get("graph") or "graph")
    task = overrides_of(hydra_config)
    source = trace(find_files(hydra_config, files or {}), task, restored)
    graph = _read_graph(config, source)
    earlier = restored.settings_without(task) if restored else {}
    return JobSettings(
        mode=mode,
        name=name,
        graph=graph,
        directory=Path(hydra_config.runtime.output_dir),
        options=RunOptions.of(
            device=str(config.device),
            precision=str(earlier.pop("precision", config.precision)),
            torch_compile=config.torch_compile,
            memory=config.memory,
        ),
        downloads=read_downloads(config),
        objective=_read_objective(config.objective, hydra_config),
        formats=_read_formats(config.output.formats),
        video=_read_video(config.output),
        pictures=_read_pictures(config.output, earlier),
        piece=config.output.piece,
        listing=_read_listing(config.listing),
        sheet=bool(config.output.sheet),
        given=frozenset(_options_of(task, "output")),
        is_sweep=hydra_config.mode is RunMode.MULTIRUN,
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
        found += [f"{name} has no effect: mode={mode} reads no graph" for name in ("graph", "seed") if name in alone]
    return found


def overrides_of(hydra_config: HydraConf) -> tuple[str, ...]:
    """Return the overrides of a job as given, with interpolations unresolved."""
    return tuple(cast(list[str], OmegaConf.to_container(cast(Any, hydra_config.overrides.task), resolve=False)))


def _read_graph(config: DictConfig, source: Source) -> dict[str, Any]:
    """Resolve the graph of a config; interpolations reach only values of the graph itself."""
    graph = cast(dict[str, Any], OmegaConf.to_container(config.graph, resolve=False))
    if not graph.get("params"):  # empty ones come from the open base, not from the graph
        graph.pop("params", None)
    if config.model is not None:
        models = graph.get("models")
        graph["models"] = {**(models if isinstance(models, dict) else {}), "main": config.model}
    if config.seed is not None:
        graph["seed"] = config.seed
    document = Document(graph, Places(source.file, dict(source.lines), dict(source.origins)))
    resolve(document)
    if document.faults:
        raise GraphError(in_order(document.faults))
    return cast(dict[str, Any], escaped(document.data))  # the document is parsed again


def read_downloads(config: DictConfig) -> Downloads:
    """Read the settings of downloads.

    Raises:
        FgraphError: offline is neither true nor false.
    """
    if not isinstance(offline := config.offline, bool):
        raise FgraphError(f"offline is true or false, not '{offline}'")
    folder, hub = (None if value is None else str(value) for value in (config.cache, config.hub))
    return Downloads(folder, offline or None, hub)


def _read_listing(value: Any) -> Listing:
    if value is not None and value not in get_args(Listing):
        raise FgraphError(_unknown("listing", str(value), get_args(Listing)))
    return cast(Listing, value or "full")


def _read_formats(value: Any) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else tuple(str(item) for item in value)
    return tuple("tiff" if name == "tif" else name for name in given)


def _read_pictures(output: DictConfig, earlier: Mapping[str, Any]) -> PictureOptions:
    from fgraph.save.options import OPTIONS, PictureOptions  # imports Pillow, which other settings don't need

    given = cast(dict[str, Any], OmegaConf.to_container(output, resolve=True))
    return PictureOptions(**{name: given[name] for name in OPTIONS} | dict(earlier))


def _read_video(output: DictConfig) -> VideoOptions | None:
    if not {"gif", "mp4"} & set(_read_formats(output.formats)):
        return None
    from fgraph.save.video import VideoOptions  # imports Pillow, which other settings don't need

    for name in ("loop", "pingpong"):
        if not isinstance(output[name], bool):
            raise FgraphError(f"output.{name} is true or false, not '{output[name]}'")
    if isinstance(output.fps, bool) or not isinstance(output.fps, int | float):
        raise FgraphError(f"output.fps is a number of frames a second, not '{output.fps}'")
    return VideoOptions(float(output.fps), output.loop, output.pingpong)


def _read_objective(value: Any, hydra_config: HydraConf) -> Objective | None:
    if value.metric is not None:
        from fgraph.sweep.objective import Objective  # imports numpy, which other settings don't need

        return Objective(str(value.metric), value.output, value.target)
    if is_searching(hydra_config):
        name = hydra_config.runtime.choices.get("hydra/sweeper")
        raise FgraphError(f"hydra/sweeper={name} needs a number from each job: set objective.metric")
    return None


def is_searching(hydra_config: HydraConf) -> bool:
    """Return whether the sweeper needs a number from each job."""
    return hydra_config.mode is RunMode.MULTIRUN and bool(hydra_config.sweeper._target_ != BASIC_SWEEPER)


def _unknown(what: str, found: str, known: Iterable[str]) -> str:
    known = tuple(known)
    hint = nearest(found, known)
    return f"unknown {what} '{found}': expected {', '.join(known)}" + (f" ({hint})" if hint else "")


def find_files(hydra_config: HydraConf, named: Mapping[str, Path]) -> tuple[PlacedFile, ...]:
    """Return the files that a graph is composed of: the chosen graph, then sub-graphs with their place in it.

    Args:
        hydra_config: of Hydra.
        named: the graph files that the arguments name by path, by the name of the graph.

    Raises:
        FgraphError: a file of the user has the name of a bundled one, which Hydra takes instead.
    """
    found = []
    for choice, name in hydra_config.runtime.choices.items():
        group, _, package = choice.partition("@")
        inner = tuple(package.split(".")[1:])
        if choice != "graph" and not (package.startswith("graph.") and inner):
            continue
        if choice == GROUP and name in named:
            found.append((named[name], inner))
            continue
        paths = _find_all(group, str(name), hydra_config)
        if len(paths) > 1:
            own = next(path for path in paths if not path.is_relative_to(BUNDLED))
            raise FgraphError(f"{own}: a bundled {group} has the name '{name}' too: give the file another name")
        found += [(path, inner) for path in paths]
    return tuple(sorted(found, key=lambda placed: len(placed[1])))


def _find_all(group: str, name: str, hydra_config: HydraConf) -> list[Path]:
    """Find the different files of a config in the search path of Hydra, the one that it takes first."""
    found: dict[Path, Path] = {}
    for source in hydra_config.runtime.config_sources:
        if source.schema != "file":
            continue
        folder = unquote(urlparse(source.path).path) if source.path.startswith("file:") else source.path
        file = f"{group}/{name.removesuffix('.yaml')}.yaml"
        path = find_place(Path(folder), file, {}) if source.provider == NAMED else Path(folder, file)
        if path.is_file():
            found.setdefault(path.resolve(), path)
    return list(found.values())
