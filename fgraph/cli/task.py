"""The task of Hydra, in the three parts that the launchers of fgraph call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fgraph._errors import FgraphError
from fgraph._imaging.files import set_picture_limit
from fgraph._paths import expanded
from fgraph.cli.configuration import place_of, read_settings
from fgraph.cli.model_files import read_model_job
from fgraph.cli.modes import STANDALONE_MODES, ModelMode, TrainingMode
from fgraph.cli.outputs import clean_outputs, run_together
from fgraph.cli.settings import misplaced_options, read_mode
from fgraph.cli.standalone import StandaloneJob
from fgraph.cli.sweeps import SweepRun
from fgraph.cli.terminal import warn
from fgraph.cli.training import read_training_job

if TYPE_CHECKING:
    from fgraph.api.graph_jobs import Engine
    from fgraph.cli.arguments import Arguments
    from fgraph.cli.prepared import PreparedJob
    from fgraph.cli.restoring import RestoredPicture

    Job: TypeAlias = PreparedJob | StandaloneJob


class Task:
    """The task, which turns settings into files; failures go to `sweep`.

    Modules that --help does not need are imported inside the function. `finish` runs the jobs that read no graph.
    """

    def __init__(self, sweep: SweepRun, restored: RestoredPicture | None, arguments: Arguments) -> None:
        self.sweep = sweep
        self._restored = restored
        self._files = arguments.files
        self._targets: set[Path] = set()  # targets of all jobs prepared so far
        self._remarks: set[str] = set()  # printed so far, each once for all jobs

    def __call__(self, config: DictConfig) -> float | None:
        """Run one job as a whole, for launchers that don't know the parts."""
        prepared, outcome = None, None
        try:
            prepared = self.prepare(config)
            (outcome,) = self.run_many([prepared], run_together)
        except Exception as error:  # `finish` reports it
            outcome = error
        return self.finish(config, prepared, outcome)

    def prepare(self, config: DictConfig) -> Job:
        """Read the config and the graph of one job.

        Raises:
            FgraphError: a setting or the graph is wrong.
        """
        mode = read_mode(config)
        set_picture_limit(config.picture_limit)
        self._remark(misplaced_options(place_of(HydraConfig.get()).overrides, mode))
        if mode in STANDALONE_MODES:
            job = _read_standalone(config, mode)
            self._claim_target(job)
            return job
        from fgraph.cli import jobs

        settings = read_settings(config, HydraConfig.get(), self._restored, self._files)
        prepared = jobs.prepare(settings)
        self._remark(prepared.remarks)
        return prepared

    def _remark(self, remarks: Iterable[str]) -> None:
        """Print remarks on the settings, each once."""
        for remark in remarks:
            if remark not in self._remarks:
                self._remarks.add(remark)
                warn(f"warning: {remark}")

    def run_many(self, prepared: Sequence[Job], engine: Engine) -> list[Any]:
        """Run all jobs together; return the outcome of each."""
        self.sweep.count = self.sweep.ended + len(prepared)
        graphs = [one for one in prepared if not isinstance(one, StandaloneJob)]
        if not graphs:
            return [None] * len(prepared)
        from fgraph.cli import jobs

        outcomes = iter(jobs.run_many(graphs, engine))
        return [None if isinstance(one, StandaloneJob) else next(outcomes) for one in prepared]

    def finish(self, config: DictConfig, prepared: Job | None, outcome: Any) -> float | None:
        """Write the results of one job, or report its failure; return its objective, if it has one."""
        settings = None if prepared is None or isinstance(prepared, StandaloneJob) else prepared.settings
        self.sweep.hint = str
        place = place_of(HydraConfig.get())
        clean_outputs(place)
        with self.sweep.job(place, settings):
            if isinstance(outcome, Exception):
                raise outcome
            assert prepared is not None
            if isinstance(prepared, StandaloneJob):
                standalone = prepared
                self.sweep.hint = lambda: standalone.resume_hint
                prepared.run()
                return None
            from fgraph.cli import jobs

            return jobs.finish(prepared, outcome)
        return None

    def _claim_target(self, job: StandaloneJob) -> None:
        """Reserve a target for one job."""
        if job.target is None:
            return
        path = expanded(job.target).resolve()
        if path in self._targets:
            example = "'target=${model}.safetensors'"
            raise FgraphError(f"{job.target} is the target of an earlier job: give each its own, such as {example}")
        self._targets.add(path)


def _read_standalone(config: DictConfig, mode: str) -> StandaloneJob:
    """Read the job of a mode that reads no graph, whose module is imported only now."""
    hydra_config = HydraConfig.get()
    if mode == "invert":
        from fgraph.cli.inversion import read_inversion_job

        return read_inversion_job(config, hydra_config)
    if mode == "convert" and config.bending:
        from fgraph.cli.bending import read_bending_job

        return read_bending_job(config, hydra_config)
    if mode == "train-encoder":
        from fgraph.cli.encoder_training import read_encoder_job

        return read_encoder_job(config, hydra_config)
    if mode in get_args(ModelMode):
        return read_model_job(config, cast(ModelMode, mode), hydra_config)
    return read_training_job(config, cast(TrainingMode, mode), hydra_config)
