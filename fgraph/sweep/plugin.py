"""Registration of the launchers with Hydra."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from types import ModuleType

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher

from fgraph.sweep.launcher import FusedLauncher
from fgraph.sweep.ray_launcher import RayLauncher

# Hydra takes plugins only from the package `hydra_plugins`. Every Hydra application of the environment would import an
# installed folder of that name; a module made here exists in this process only.
MODULE = "hydra_plugins.fgraph"


@dataclass
class FusedLauncherConf:
    """`hydra/launcher=fused`: all jobs in one plan, in this process."""

    _target_: str = f"{MODULE}.FusedLauncher"


@dataclass
class RayLauncherConf:
    """`hydra/launcher=ray`: the jobs in shards, each one plan, in Ray actors."""

    _target_: str = f"{MODULE}.RayLauncher"
    address: str | None = None  # null: start Ray on this machine; auto or host:port: join a running cluster
    workers: int | None = None  # null: as many as the resources allow
    cores: int = 4  # cores of each worker, or all cores of a machine that has fewer
    gpus: float | None = None  # GPUs of each worker; null: 1 if a machine has any
    num_cpus: int | None = None  # CPUs that Ray may use on this machine; null: all cores
    losses: int = 2  # how many times a shard may lose its worker before it is halved


def register_launchers() -> None:
    """Register `fused` and `ray` in the group `hydra/launcher`, before any config is composed."""
    module = ModuleType(MODULE, "The launchers of fgraph, where Hydra looks for them.")
    for launcher, conf, name in ((FusedLauncher, FusedLauncherConf, "fused"), (RayLauncher, RayLauncherConf, "ray")):
        plugin = _move(launcher)
        setattr(module, launcher.__name__, plugin)
        Plugins.instance().register(plugin)
        ConfigStore.instance().store(group="hydra/launcher", name=name, node=conf, provider="fgraph")
    _find_package().fgraph = module  # type: ignore[attr-defined]
    sys.modules[MODULE] = module


def _find_package() -> ModuleType:
    """Return the package `hydra_plugins`, or make an empty one if no plugin is installed."""
    try:
        return importlib.import_module("hydra_plugins")
    except ImportError:
        package = ModuleType("hydra_plugins")
        package.__path__ = []
        sys.modules["hydra_plugins"] = package
        return package


def _move(launcher: type[Launcher]) -> type[Launcher]:
    """Return a subclass in the module where Hydra looks for it."""
    return type(launcher.__name__, (launcher,), {"__module__": MODULE, "__doc__": launcher.__doc__})
