"""Hydra's main function, with fgraph's search path: arguments -> composed configs -> calls of the task.

`hydra.main` composes the config of a single run twice, since a config may choose to sweep. A graph file does not
configure Hydra, so only an override of `hydra.mode` can.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra._internal.hydra import Hydra
from hydra._internal.utils import _run_app, create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.version import setbase
from omegaconf import DictConfig

from fgraph._errors import FgraphError
from fgraph.cli.hydra_files import replacing_links
from fgraph.cli.task import Task
from fgraph.declare.config_copies import QuickConfig, quick
from fgraph.declare.config_source import BUNDLED, NAMED, checked_sources

_CONFIG = "config"


class _QuickLoader:
    """Hydra's config loader; Hydra makes three deep copies of each config, which are fast for those that this loads."""

    def __init__(self, loader: ConfigLoader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_configuration(self, *arguments: Any, **options: Any) -> QuickConfig:
        return quick(self._loader.load_configuration(*arguments, **options))


def compose_and_run(arguments: Sequence[str], task: Task, files: Mapping[str, Path]) -> None:
    """Compose the config of each job, and call the task with it.

    Args:
        arguments: flags of Hydra and overrides.
        task: runs one job.
        files: the graph files that the arguments choose, by name.

    Raises:
        HydraException: an override can't be read or applied.
        SystemExit: the flags are wrong, or ask for information, which is printed.
    """

    def run_job(config: DictConfig) -> float | None:
        return task(config)

    cast(Any, run_job).parts = task  # the launchers of fgraph call the parts one by one
    setbase("1.3")
    parser = get_args_parser()
    flags = parser.parse_args(list(arguments))
    config_name = flags.config_name or _CONFIG
    with checked_sources(files=files), replacing_links():
        hydra = Hydra.create_main_hydra2("fgraph", _search_path(flags.config_path, flags.config_dir, files))
        hydra.config_loader = cast(ConfigLoader, _QuickLoader(hydra.config_loader))
        try:
            if flags.hydra_help:
                hydra.hydra_help(config_name=config_name, args_parser=parser, args=flags)
            elif flags.cfg:
                hydra.show_cfg(config_name, flags.overrides, flags.cfg, flags.package, flags.resolve)
            elif flags.info:
                hydra.show_info(flags.info, config_name=config_name, overrides=flags.overrides)
            elif flags.resolve:
                raise FgraphError("--resolve needs --cfg")
            elif flags.shell_completion:
                raise FgraphError(
                    "--shell_completion is not supported; install completion by: fgraph completion install"
                )
            else:
                _run(hydra, flags, config_name, run_job)
        finally:
            GlobalHydra.instance().clear()


def _run(hydra: Hydra, flags: Any, config_name: str, run_job: Any) -> None:
    chooses = any(override.lstrip("+").startswith("hydra.mode=") for override in flags.overrides)
    mode = hydra.get_mode(config_name=config_name, overrides=flags.overrides) if chooses else None
    _run_app(
        run=not flags.multirun, multirun=flags.multirun, mode=mode, hydra=hydra, config_name=config_name,
        task_function=run_job, overrides=flags.overrides,
    )  # fmt: skip


def _search_path(main: str | None, folder: str | None, files: Mapping[str, Path]) -> ConfigSearchPath:
    """Return Hydra's search path: the folders of named files, the bundled graphs, the folder of `--config-dir`."""
    path = create_config_search_path(os.path.abspath(main) if main else str(BUNDLED))
    for graph_folder in dict.fromkeys(file.absolute().parent for file in files.values()):
        path.prepend(NAMED, f"file://{graph_folder}", SearchPathQuery(provider="main", path=None))
    if folder is not None:
        place = os.path.abspath(folder)
        if not os.path.isdir(place):
            raise FgraphError(f"--config-dir: there is no folder '{place}'")
        path.prepend("command-line", f"file://{place}", SearchPathQuery(provider="schema", path=None))
    return path
