"""The configuration: Hydra's composed config -> the settings of one job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args
from urllib.parse import unquote, urlparse

from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fgraph._errors import Fault, FgraphError, GraphError, nearest
from fgraph.sweep import register_launchers
from fgraph.sweep.launcher import BASIC_SWEEPER

Mode: TypeAlias = Literal["run", "explain", "check", "draw"]
ModelMode: TypeAlias = Literal["inspect", "convert"]  # these read no graph
TrainingMode: TypeAlias = Literal["train", "finetune", "grow"]  # nor do these
WRITING_MODES = ("run", "draw")
# Those of graphs/config.yaml, for hints.
SETTINGS = (
    "graph", "model", "seed", "device", "precision", "memory", "mode", "target", "half", "output.formats",
    "objective.metric", "data",
)  # fmt: skip

if TYPE_CHECKING:
    from fgraph.sweep.objective import Objective

PlacedFile: TypeAlias = tuple[Path, tuple[str, ...]]  # a file, and where its root stands in the graph


@dataclass(frozen=True)
class Settings:
    """Everything one job needs."""

    mode: Mode
    name: str  # of the graph
    graph: dict[str, Any]
    directory: Path
    device: str = "auto"
    precision: str = "float32"
    memory: str | int | None = None
    objective: Objective | None = None
    formats: tuple[str, ...] = ("png",)
    files: tuple[PlacedFile, ...] = ()  # those the graph was composed of, the chosen one first
    overrides: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the job leaves files."""
        return self.mode in WRITING_MODES


def prepare_hydra() -> None:
    """Store the launchers, the open base of every graph, and the resolver that keeps `mode=explain` from leaving files.

    Hydra closes a composed config to keys it does not list, and its advice (`+key`) turns a typo into a new key. The
    flag leaves graphs open, so that any field can be given without `+` and typos reach our own validation, which knows
    the names. See docs/adr/0004-open-nodes.md.
    """
    register_launchers()
    open_graph = DictConfig({"nodes": {}, "params": {}}, flags={"struct": False})
    ConfigStore.instance().store(name="open_graph", node={"graph": open_graph}, provider="fgraph")
    OmegaConf.register_new_resolver("fgraph.subdir", _record_directory, replace=True)


def _record_directory(mode: str) -> str | None:
    return ".hydra" if mode in WRITING_MODES else None


def read_mode(config: DictConfig) -> Mode | ModelMode | TrainingMode:
    """The mode of a composed config.

    Raises:
        FgraphError: there is no such mode, or another one is meant by the settings beside it.
    """
    training = get_args(TrainingMode)
    value, modes = config.mode, (*get_args(Mode), *get_args(ModelMode), *training)
    if value not in modes:
        raise FgraphError(_unknown("mode", str(value), modes))
    uses = {"target": ("convert", *training), "half": ("convert",), "data": training}
    for name, users in uses.items():
        if value not in users and (OmegaConf.is_interpolation(config, name) or config.get(name)):
            raise FgraphError(f"{name} is for mode={', '.join(users)}, not for mode={value}")
    return cast(Mode | ModelMode | TrainingMode, value)


def read_settings(config: DictConfig, mode: Mode, hydra_config: HydraConf) -> Settings:
    """Resolve a composed config.

    Raises:
        GraphError: an interpolation of the graph leads nowhere.
        FgraphError: a setting has a value it cannot have.
    """
    name = str(hydra_config.runtime.choices.get("graph") or "graph")
    files = find_files(hydra_config)
    graph = _resolve_graph(config, files)
    if config.model is not None:
        graph["models"] = {**(graph.get("models") or {}), "main": config.model}
    if config.seed is not None:
        graph["seed"] = config.seed
    return Settings(
        mode=mode,
        name=name,
        graph=graph,
        directory=Path(hydra_config.runtime.output_dir),
        device=str(config.device),
        precision=str(config.precision),
        memory=config.memory,
        objective=_read_objective(config.objective, hydra_config),
        formats=_read_formats(config.output.formats),
        files=files,
        overrides=tuple(hydra_config.overrides.task),
    )


def _resolve_graph(config: DictConfig, files: Sequence[PlacedFile]) -> dict[str, Any]:
    try:
        graph = OmegaConf.to_container(config.graph, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        where = (error.full_key or "").removeprefix("graph.")
        message = str(error.msg or error).splitlines()[0]
        raise GraphError([Fault(message, where, str(files[0][0]) if files else None)]) from error
    # `nodes` and `params` come from the open base; params left empty are not the graph's
    return {key: value for key, value in cast(dict[str, Any], graph).items() if value or key != "params"}


def _read_formats(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def _read_objective(value: Any, hydra_config: HydraConf) -> Objective | None:
    if value.metric is not None:
        from fgraph.sweep.objective import Objective  # with numpy, which nothing else needs here

        return Objective(str(value.metric), value.output, value.target)
    if is_searching(hydra_config):
        name = hydra_config.runtime.choices.get("hydra/sweeper")
        raise FgraphError(f"hydra/sweeper={name} looks at a number that each job returns: set objective.metric")
    return None


def is_searching(hydra_config: HydraConf) -> bool:
    """Whether a sweeper looks at a number that each job returns."""
    return hydra_config.mode is RunMode.MULTIRUN and bool(hydra_config.sweeper._target_ != BASIC_SWEEPER)


def _unknown(what: str, found: str, known: Iterable[str]) -> str:
    known = tuple(known)
    hint = nearest(found, known)
    return f"unknown {what} '{found}': expected {', '.join(known)}" + (f" ({hint})" if hint else "")


def find_files(hydra_config: HydraConf) -> tuple[PlacedFile, ...]:
    """The files that a graph was composed of: the chosen graph, then sub-graphs put under a prefix of it."""
    found = []
    for choice, name in hydra_config.runtime.choices.items():
        group, _, package = choice.partition("@")
        inner = tuple(package.split(".")[1:])
        if choice != "graph" and not (package.startswith("graph.") and inner):
            continue
        path = _find_file(group, str(name), hydra_config)
        if path is not None:
            found.append((path, inner))
    return tuple(sorted(found, key=lambda placed: len(placed[1])))


def _find_file(group: str, name: str, hydra_config: HydraConf) -> Path | None:
    """A config's file, looked for where Hydra did, in its order."""
    for source in hydra_config.runtime.config_sources:
        if source.schema != "file":
            continue
        folder = unquote(urlparse(source.path).path) if source.path.startswith("file:") else source.path
        path = Path(folder) / group / f"{name.removesuffix('.yaml')}.yaml"
        if path.is_file():
            return path
    return None
