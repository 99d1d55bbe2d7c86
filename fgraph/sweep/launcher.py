"""The launcher that runs all jobs of a sweep together.

Hydra calls a task once for each job. The task of fgraph has three parts: `prepare` and `finish` run once for each job;
`run_many` runs once for all jobs in between. `finish` runs inside Hydra's `run_job`, so Hydra still makes `.hydra/`,
and handles logging, `chdir`, `env_set`, callbacks and `HydraConfig`. `prepare` runs in the same surroundings, without
the copies of the config that `run_job` makes. See docs/how-to/sweeps.md.
"""

from __future__ import annotations

import copy
import gc
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, configure_log, env_override, run_job, setup_globals
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from fgraph._atomic import save_error
from fgraph._errors import FgraphError
from fgraph._log import get_logger
from fgraph.sweep.composing import SweepComposer

if TYPE_CHECKING:
    from fgraph.api.graph_jobs import Engine

log = get_logger(__name__)

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
# The basic sweeper keeps the return of each job until the end. It reads only whether a job failed, and would then skip
# the later batches, although the task has reported the failure.
_ENDED = JobReturn(status=JobStatus.COMPLETED)


class SweepTask(Protocol):
    """A task in three parts; the attribute `parts` of the task function holds it."""

    def prepare(self, config: DictConfig) -> Any:
        """Read the config of one job; may raise."""

    def run_many(self, prepared: Sequence[Any], engine: Engine) -> Sequence[Any]:
        """Run all jobs; return the result of each, or the exception that it failed with."""

    def finish(self, config: DictConfig, prepared: Any, outcome: Any) -> Any:
        """Write the results of one job, or raise its exception; `prepared` is None if `prepare` raised."""


class FusedLauncher(Launcher):
    """A launcher that compiles the graphs of all jobs into one program, and runs it once in this process."""

    hydra_context: HydraContext
    config: DictConfig
    task: SweepTask
    where: ClassVar[str] = "together"

    def __init__(self) -> None:
        self._directories: dict[str, int] = {}  # directory -> number of the job that writes there

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take over the context of the sweeper, and replace its config loader with a faster one.

        Raises:
            HydraException: `max_batch_size` is less than 1.
        """
        most = config.hydra.sweeper.get("max_batch_size")
        if most is not None and most < 1:
            raise HydraException(
                f"hydra.sweeper.max_batch_size={most}: a batch has at least 1 job; null puts all jobs into one"
            )
        composer = SweepComposer(hydra_context.config_loader)
        hydra_context.config_loader = cast(ConfigLoader, composer)
        self.hydra_context = hydra_context
        self.config = config
        self.task = cast(Any, task_function).parts

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a batch of jobs; return the `JobReturn` of each.

        Raises:
            HydraException: a job can't be composed, or two jobs have the same directory.
        """
        setup_globals()
        self._log_as_hydra()
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        log.info(f"Launching {len(job_overrides)} jobs {self.where}")
        jobs = list(enumerate(job_overrides, initial_job_idx))
        try:
            return self._launch(jobs)
        except KeyboardInterrupt:
            self._remove_empty_directories()
            raise
        finally:
            gc.collect()  # configurations have reference cycles, which Python collects only after many batches

    def _remove_empty_directories(self) -> None:
        """Remove the directories that Hydra has made for jobs without results."""
        found = [Path(directory) for directory in self._directories]
        for path in [*found, *Path(str(self.config.hydra.sweep.dir)).iterdir()]:
            with suppress(OSError):  # rmdir refuses files, and directories that aren't empty
                path.rmdir()

    def _launch(self, jobs: Sequence[tuple[int, Sequence[str]]]) -> Sequence[JobReturn]:
        prepared = [self._prepare(number, overrides) for number, overrides in _shown(jobs, "preparing")]
        self._log_as_hydra()
        remaining = deque(zip(prepared, self._run_many(prepared), strict=True))
        del prepared
        returns = []
        for number, overrides in _shown(jobs, "writing"):
            one, outcome = remaining.popleft()  # results are dropped as they are written
            returns.append(self._finish(number, overrides, None if isinstance(one, Exception) else one, outcome))
        self._log_as_hydra()
        return returns

    def make_engine(self) -> Engine:
        """Return the function that runs the jobs of one group."""
        from fgraph.api.together import run_together  # imports the compiler, which --help doesn't need

        return run_together

    def _run_many(self, prepared: Sequence[Any]) -> list[Any]:
        """Run the jobs that are prepared; the outcome of each other job is its exception."""
        ready = [one for one in prepared if not isinstance(one, Exception)]
        outcomes = iter(self.task.run_many(ready, self.make_engine()) if ready else ())
        return [one if isinstance(one, Exception) else next(outcomes) for one in prepared]

    def _prepare(self, number: int, overrides: Sequence[str]) -> Any:
        """Prepare a job where `run_job` would run it; return an exception instead of raising it."""
        job = self._compose(number, overrides)
        try:
            with entered(job) as (config, directory):
                self._claim(number, directory)
                try:
                    return self.task.prepare(config)
                except Exception as error:  # `_finish` raises it, so that Hydra handles it once
                    return error
        except OSError as error:
            return _unwritable(job, error)

    def _finish(self, number: int, overrides: Sequence[str], prepared: Any, outcome: Any) -> JobReturn:
        def finish(config: DictConfig) -> Any:
            return self.task.finish(config, prepared, outcome)

        job = self._compose(number, overrides)
        try:
            made = run_job(finish, job, "hydra.sweep.dir", "hydra.sweep.subdir", self.hydra_context)
        except OSError as error:  # Hydra can't write: the disk is full, or the directory is a file
            made = self._fail(job, outcome if prepared is None else _unwritable(job, error))
        if self.config.hydra.sweeper._target_ == BASIC_SWEEPER:
            return _ENDED
        return replace(made, cfg=None, hydra_cfg=None)  # the sweeper keeps all of them, and reads only the result

    def _fail(self, job: DictConfig, failure: Exception) -> JobReturn:
        """Report a job that Hydra can't run."""
        made = JobReturn(
            overrides=list(job.hydra.overrides.task), cfg=job, hydra_cfg=job, working_dir=str(Path.cwd()),
            task_name=str(job.hydra.job.name), status=JobStatus.FAILED,
        )  # fmt: skip
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(job)
        try:
            self.task.finish(job, None, failure)
        except Exception as reported:
            made.return_value = reported
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


@contextmanager
def entered(job: DictConfig) -> Iterator[tuple[DictConfig, str]]:
    """Set HydraConfig, logging, the environment and the working directory as `run_job` does, within the block.

    Yields:
        the config without `hydra`, and the directory of the job, which is made.

    Raises:
        OSError: the directory cannot be made.
    """
    hydra, working_directory = HydraConfig.instance(), Path.cwd()
    before = hydra.cfg
    hydra.set_config(job)
    try:
        job_config: Any = HydraConfig.get()
        directory = str((Path(job_config.sweep.dir) / str(job_config.sweep.subdir)).absolute())
        for runtime in (job.hydra.runtime, job_config.runtime):
            with read_write(runtime), open_dict(runtime):
                runtime.output_dir = directory
        Path(directory).mkdir(parents=True, exist_ok=True)
        configure_log(job_config.job_logging, job_config.verbose)
        config = copy.deepcopy(job)
        with read_write(config), open_dict(config):
            del config["hydra"]
        if job_config.job.chdir:
            os.chdir(directory)
        with env_override(job_config.job.env_set):
            yield config, directory
    finally:
        hydra.cfg = before
        os.chdir(working_directory)


def _unwritable(job: DictConfig, error: OSError) -> FgraphError:
    """Return the error for files of a job that Hydra can't write."""
    return save_error(error.filename or job.hydra.runtime.output_dir, error)


def _shown(jobs: Sequence[Any], label: str) -> Any:
    """Yield the jobs, with a progress bar on a terminal once they take more than a second."""
    from tqdm import tqdm

    return tqdm(jobs, desc=label, delay=1.0, disable=None, leave=False, dynamic_ncols=True)
