"""The task that Hydra is given, in the three parts that the fused launchers call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fgraph.cli.configuration import read_settings
from fgraph.cli.sweeps import Sweep

if TYPE_CHECKING:
    from fgraph.cli.jobs import Prepared
    from fgraph.sweep.together import Engine


class Task:
    """Settings in, files out; what fails is told through `sweep`.

    `fgraph.cli.jobs` is imported late: it brings what --help can do without.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    def __call__(self, config: DictConfig) -> float | None:
        """The whole of one job: what a launcher that knows nothing of parts calls."""
        from fgraph.sweep.together import run_together

        prepared, outcome = None, None
        try:
            prepared = self.prepare(config)
            (outcome,) = self.run_many([prepared], run_together)
        except Exception as error:  # told by `finish`
            outcome = error
        return self.finish(config, prepared, outcome)

    def prepare(self, config: DictConfig) -> Prepared:
        """Read one job's config and graph.

        Raises:
            FgraphError: a setting or the graph is wrong.
        """
        from fgraph.cli import jobs

        return jobs.prepare(read_settings(config, HydraConfig.get()))

    def run_many(self, prepared: Sequence[Prepared], engine: Engine) -> list[Any]:
        """Run all jobs; for each what it made, or the exception that it failed with."""
        from fgraph.cli import jobs

        return jobs.run_many(prepared, engine)

    def finish(self, config: DictConfig, prepared: Prepared | None, outcome: Any) -> float | None:
        """Write one job's results, or tell what it failed with; the job's objective, if it has one."""
        from fgraph.cli import jobs

        with self.sweep.job(HydraConfig.get(), prepared.settings if prepared else None):
            if isinstance(outcome, Exception):
                raise outcome
            assert prepared is not None
            return jobs.finish(prepared, outcome)
        return None
