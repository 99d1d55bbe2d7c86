"""The composed config of Hydra -> the settings of one job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlparse

from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fgraph._errors import FgraphError
from fgraph.cli.modes import WRITING_MODES
from fgraph.cli.settings import JobPlace, JobSettings, make_settings
from fgraph.cli.source_locations import PlacedFile, trace
from fgraph.declare.config_source import BUNDLED, GROUP, NAMED, path_in_folder
from fgraph.sweep.launcher import BASIC_SWEEPER
from fgraph.sweep.plugin import register_launchers

if TYPE_CHECKING:
    from fgraph.cli.restoring import RestoredPicture


def prepare_hydra() -> None:
    """Register the launchers, the open base of graphs (see below), and the resolvers of the output directories.

    Hydra refuses keys that a composed config doesn't have, and advises `+key`, which turns a typo into a new key. The
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


def read_settings(
    config: DictConfig,
    hydra_config: HydraConf,
    restored: RestoredPicture | None = None,
    files: Mapping[str, Path] | None = None,
) -> JobSettings:
    """Read the settings of a composed config.

    Args:
        config: the composed config.
        hydra_config: the configuration of Hydra.
        restored: the picture of `from=`, whose settings are the defaults.
        files: the graph files that the arguments name by path, by the name of the graph.

    Raises:
        GraphError: an interpolation of the graph has no value.
        FgraphError: a setting has an invalid value.
    """
    place = place_of(hydra_config)
    source = trace(find_files(hydra_config, files or {}), place.overrides, restored)
    graph = cast(dict[str, Any], OmegaConf.to_container(config.graph, resolve=False))
    return make_settings(config, graph, place, source, restored)


def place_of(hydra_config: HydraConf) -> JobPlace:
    """Return the place of the job that Hydra runs."""
    is_sweep = hydra_config.mode is RunMode.MULTIRUN
    return JobPlace(
        name=str(hydra_config.runtime.choices.get("graph") or "graph"),
        directory=Path(hydra_config.runtime.output_dir),
        overrides=overrides_of(hydra_config),
        number=hydra_config.job.num if is_sweep else None,
        sweep_directory=Path(hydra_config.runtime.cwd) / str(hydra_config.sweep.dir) if is_sweep else None,
        searcher=str(hydra_config.runtime.choices.get("hydra/sweeper")) if is_searching(hydra_config) else None,
    )


def overrides_of(hydra_config: HydraConf) -> tuple[str, ...]:
    """Return the overrides of a job as given, with interpolations unresolved."""
    return tuple(cast(list[str], OmegaConf.to_container(cast(Any, hydra_config.overrides.task), resolve=False)))


def is_searching(hydra_config: HydraConf) -> bool:
    """Return whether the sweeper needs a number from each job."""
    return hydra_config.mode is RunMode.MULTIRUN and bool(hydra_config.sweeper._target_ != BASIC_SWEEPER)


def find_files(hydra_config: HydraConf, named: Mapping[str, Path]) -> tuple[PlacedFile, ...]:
    """Return the files that a graph is composed of: the chosen graph, then sub-graphs with their place in it.

    Args:
        hydra_config: the configuration of Hydra.
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
            user_file = next(path for path in paths if not path.is_relative_to(BUNDLED))
            raise FgraphError(f"{user_file}: a bundled {group} has the name '{name}' too: give the file another name")
        found += [(path, inner) for path in paths]
    return tuple(sorted(found, key=lambda placed: len(placed[1])))


def _find_all(group: str, name: str, hydra_config: HydraConf) -> list[Path]:
    """Find the files of a config in the search path of Hydra; the first is the one that Hydra takes."""
    found: dict[Path, Path] = {}
    for source in hydra_config.runtime.config_sources:
        if source.schema != "file":
            continue
        folder = unquote(urlparse(source.path).path) if source.path.startswith("file:") else source.path
        file = f"{group}/{name.removesuffix('.yaml')}.yaml"
        path = path_in_folder(Path(folder), file, {}) if source.provider == NAMED else Path(folder, file)
        if path.is_file():
            found.setdefault(path.resolve(), path)
    return list(found.values())
