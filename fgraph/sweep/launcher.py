"""The launcher that gets a whole sweep at once.

Hydra calls a task once a job. Ours comes in three parts, of which the middle one is called once for all jobs, and
Hydra's own `run_job` is called twice a job around it. So the directory, `.hydra/`, logging, `chdir`, `env_set` and
`HydraConfig` stay Hydra's own. See docs/how-to/sweeps.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from hydra._internal.callbacks import Callbacks
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, configure_log, run_job, setup_globals
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph.sweep.composing import SweepComposer

if TYPE_CHECKING:
    from fgraph.api.together import Engine

log = get_logger(__name__)

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


class SweepTask(Protocol):
    """A task in three parts; it stands as the attribute `parts` of the function that Hydra was given."""

    def prepare(self, config: DictConfig) -> Any:
        """Read one job's config; may raise."""

    def run_many(self, prepared: Sequence[Any], engine: Engine) -> Sequence[Any]:
        """Run all jobs; for each what came of it, or the exception that it failed with."""

    def finish(self, config: DictConfig, prepared: Any, outcome: Any) -> Any:
        """Write one job's results, or raise what it failed with; `prepared` is None where that failed."""


class FusedLauncher(Launcher):
    """Compiles the graphs of all jobs into one program and runs it once, in this process."""

    hydra_context: HydraContext
    config: DictConfig
    task: SweepTask
    where: ClassVar[str] = "together"

    def __init__(self) -> None:
        self._directories: dict[str, int] = {}  # of the jobs launched so far

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by the sweeper, which shares its context: the composer serves its own trial of all jobs too.

        Raises:
            HydraException: batches of less than one job are asked for.
        """
        most = config.hydra.sweeper.get("max_batch_size")
        if most is not None and most < 1:
            raise HydraException(f"hydra.sweeper.max_batch_size={most}: a batch is of 1 job or more; null for all jobs")
        composer = SweepComposer(hydra_context.config_loader)
        hydra_context.config_loader = cast(ConfigLoader, composer)
        self.hydra_context = hydra_context
        self.config = config
        self.task = cast(Any, task_function).parts

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a batch of jobs; what each made or failed with is in its `JobReturn`.

        Raises:
            HydraException: a job cannot be composed, or two jobs have one directory.
        """
        setup_globals()
        self._log_as_hydra()
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        log.info(f"Launching {len(job_overrides)} jobs {self.where}")
        jobs = list(enumerate(job_overrides, initial_job_idx))
        try:
            return self._launch(jobs)
        except KeyboardInterrupt:
            for directory in self._directories:
                with suppress(OSError):  # it holds results
                    Path(directory).rmdir()
            raise

    def _launch(self, jobs: Sequence[tuple[int, Sequence[str]]]) -> Sequence[JobReturn]:
        prepared = [self._prepare(number, overrides) for number, overrides in _shown(jobs, "preparing")]
        self._log_as_hydra()
        outcomes = self._run_many(prepared)
        returns = []
        for (number, overrides), one, outcome in _shown(list(zip(jobs, prepared, outcomes, strict=True)), "writing"):
            ready = None if isinstance(one, Exception) else one
            returns.append(self._finish(number, overrides, ready, outcome))
        self._log_as_hydra()
        return returns

    def make_engine(self) -> Engine:
        """What runs the jobs of one group."""
        from fgraph.api.together import run_together  # not for --help: it brings the compiler

        return run_together

    def _run_many(self, prepared: Sequence[Any]) -> list[Any]:
        """Run the jobs that could be prepared; the others keep the exception they have."""
        ready = [one for one in prepared if not isinstance(one, Exception)]
        outcomes = iter(self.task.run_many(ready, self.make_engine()) if ready else ())
        return [one if isinstance(one, Exception) else next(outcomes) for one in prepared]

    def _prepare(self, number: int, overrides: Sequence[str]) -> Any:
        """Prepare a job inside Hydra's `run_job`, which writes nothing yet; an exception is returned."""
        found: list[Any] = []

        def prepare(config: DictConfig) -> None:
            try:
                found.append(self.task.prepare(config))
            except Exception as error:  # returned: `_finish` raises it, so that Hydra sees it once
                found.append(error)

        job = self._compose(number, overrides)
        with open_dict(job):
            job.hydra.output_subdir = None
        try:
            made = self._run_job(job, prepare, Callbacks())
        except OSError as error:
            return _unwritable(job, error)
        assert made.hydra_cfg is not None
        self._claim(number, made.hydra_cfg.hydra.runtime.output_dir)
        return found[0]

    def _finish(self, number: int, overrides: Sequence[str], prepared: Any, outcome: Any) -> JobReturn:
        def finish(config: DictConfig) -> Any:
            return self.task.finish(config, prepared, outcome)

        job = self._compose(number, overrides)
        try:
            made = self._run_job(job, finish, self.hydra_context.callbacks)
        except OSError as error:  # of Hydra: the disk is full, or the job's directory is a file
            made = self._fail(job, outcome if prepared is None else _unwritable(job, error))
        if made.status is JobStatus.FAILED and self.config.hydra.sweeper._target_ == BASIC_SWEEPER:
            # it would stop at the first batch with a failed job; the task has told of the failure
            return replace(made, status=JobStatus.COMPLETED, _return_value=None)
        return made

    def _run_job(self, config: DictConfig, task: Callable[[DictConfig], Any], callbacks: Callbacks) -> JobReturn:
        context = HydraContext(self.hydra_context.config_loader, callbacks)
        return run_job(task, config, "hydra.sweep.dir", "hydra.sweep.subdir", context)

    def _fail(self, job: DictConfig, failure: Exception) -> JobReturn:
        """Tell of a job that Hydra cannot run."""
        made = JobReturn(
            overrides=list(job.hydra.overrides.task), cfg=job, hydra_cfg=job, working_dir=str(Path.cwd()),
            task_name=str(job.hydra.job.name), status=JobStatus.FAILED,
        )  # fmt: skip
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(job)
        try:
            self.task.finish(job, None, failure)
        except Exception as told:
            made.return_value = told
        finally:
            HydraConfig.instance().cfg = before
        return made

    def _compose(self, number: int, overrides: Sequence[str]) -> DictConfig:
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = number
            config.hydra.job.num = number
        return config

    def _claim(self, number: int, directory: str) -> None:
        other = self._directories.setdefault(directory, number)
        if other != number:
            raise HydraException(
                f"jobs {other} and {number} would both write into {directory}: "
                "give each its own by hydra.sweep.subdir, such as '${hydra:job.num}'"
            )

    def _log_as_hydra(self) -> None:
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)


def _unwritable(job: DictConfig, error: OSError) -> FgraphError:
    """What Hydra could not write of a job."""
    return FgraphError(f"cannot write {error.filename or job.hydra.runtime.output_dir}: {error.strerror}")


def _shown(jobs: Sequence[Any], label: str) -> Any:
    """The jobs, with a bar on a terminal once they take longer than a second."""
    from tqdm import tqdm

    return tqdm(jobs, desc=label, delay=1.0, disable=None, leave=False, dynamic_ncols=True)
