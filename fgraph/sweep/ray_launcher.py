"""The launcher that distributes a sweep over Ray actors."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import fgraph
from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph.sweep.launcher import FusedLauncher

if TYPE_CHECKING:
    from fgraph.api.graph_jobs import Engine, GraphJob, Outcome, SharedOptions
    from fgraph.sweep.workers import WorkerResources


class RayLauncher(FusedLauncher):
    """A launcher that cuts the sweep into a shard for each worker, which runs it as one plan.

    See docs/how-to/sweeps.md.
    """

    where: ClassVar[str] = "with Ray"

    def __init__(
        self,
        *,
        address: str | None = None,
        workers: int | None = None,
        cores: int = 4,
        gpus: float | None = None,
        num_cpus: int | None = None,
        losses: int = 2,
    ) -> None:
        super().__init__()
        self.address = address
        self.workers = workers
        self.cores = cores
        self.gpus = gpus
        self.num_cpus = num_cpus
        self.losses = losses

    def make_engine(self) -> Engine:
        """Return the function that runs the jobs of one group in Ray.

        Raises:
            FgraphError: Ray isn't installed.
        """
        try:
            import ray  # noqa: F401
        except ImportError as error:
            raise FgraphError("hydra/launcher=ray needs Ray: pip install 'fgraph-gan[ray]'") from error
        return self._run

    def _run(self, jobs: Sequence[GraphJob], options: SharedOptions) -> Sequence[Outcome]:
        from fgraph.sweep.shards import cut, fingerprint
        from fgraph.sweep.workers import WorkerPool

        self._connect()
        resources, count = self._survey()
        shards = cut([fingerprint(job) for job in jobs], count)
        get_logger(__name__).info(f"{len(jobs)} jobs in {len(shards)} shards")
        return WorkerPool(jobs, options, resources, self.losses).run(shards)

    def _connect(self) -> None:
        """Join the cluster, or start Ray on this machine, once per process.

        Raises:
            FgraphError: there is no cluster at the address, or Ray does not start.
        """
        import ray

        if ray.is_initialized():
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # fgraph may run from a checkout, which workers don't find otherwise
        paths = [str(Path(fgraph.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
        settings: dict[str, Any] = {
            "logging_level": logging.WARNING,
            "runtime_env": {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths))}},
        }
        if self.address is None:
            settings |= {"address": "local", "num_cpus": self.num_cpus, "include_dashboard": False}
        else:
            settings["address"] = self.address
        try:
            ray.init(**settings)
        except (ConnectionError, ValueError) as error:
            raise FgraphError(f"hydra.launcher.address={self.address}: {error}") from error
        except Exception as error:  # Ray raises plain exceptions, for example if a node does not start in time
            raise FgraphError(f"Ray does not start: {error}; try again, or leave out hydra/launcher=ray") from error

    def _survey(self) -> tuple[WorkerResources, int]:
        """Return the resources of each worker, and the number of workers.

        Raises:
            FgraphError: this machine can't hold any worker.
        """
        import ray

        from fgraph.sweep.workers import WorkerResources

        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        most = max(node.get("CPU", 0) for node in nodes)
        any_gpu = any(node.get("GPU", 0) >= 1 for node in nodes)
        resources = WorkerResources(min(self.cores, most), self.gpus if self.gpus is not None else float(any_gpu))
        fit = sum(_fit(node, resources) for node in nodes)
        if not fit and self.address is None:  # a cluster may add machines
            most_gpus = max(node.get("GPU", 0) for node in nodes)
            raise FgraphError(f"hydra.launcher.gpus={self.gpus}: this machine has {most_gpus:g} GPUs: ask for fewer")
        return resources, self.workers or max(1, fit)


def _fit(node: dict[str, float], resources: WorkerResources) -> int:
    """Return how many workers a machine can hold."""
    by_cores = node.get("CPU", 0) // resources.cores if resources.cores else float("inf")
    by_gpus = node.get("GPU", 0) // resources.gpus if resources.gpus else float("inf")
    fit = min(by_cores, by_gpus)
    return int(fit) if fit != float("inf") else 1
