"""Ray actors that run shards; a shard whose actor is lost runs again."""

from __future__ import annotations

import os
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from fgraph._errors import FgraphError, GraphError, RunError
from fgraph._imaging.files import current_picture_limit, set_picture_limit
from fgraph._log import get_logger
from fgraph.api.graph_jobs import GraphJob, Outcome, SharedOptions
from fgraph.api.together import run_together

log = get_logger(__name__)


@dataclass(frozen=True)
class Shard:
    """Jobs that an actor runs as one plan."""

    numbers: tuple[int, ...]  # numbers of its jobs
    losses: int = 0  # how many times its actor was lost


@dataclass(frozen=True)
class WorkerResources:
    """The resources of each actor."""

    cores: float
    gpus: float


@dataclass(frozen=True)
class Failure:
    """An exception in a form that can be pickled, since not every exception can."""

    kind: type[Exception]
    argument: Any

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Make the picklable form. For a bug, it holds the traceback as text."""
        if isinstance(error, GraphError):
            return cls(type(error), error.faults)
        if isinstance(error, FgraphError):
            return cls(type(error), str(error))
        return cls(RuntimeError, "".join(traceback.format_exception(error)))

    def to_error(self) -> Exception:
        """Make the exception."""
        return self.kind(self.argument)


class Worker:
    """An actor that runs one shard after the other, and keeps generators loaded in between."""

    def __init__(self, folder: str, cores: float, picture_limit: int) -> None:
        import torch

        torch.set_num_threads(max(1, int(cores)))
        set_picture_limit(picture_limit)
        if Path(folder).is_dir():  # another machine may not have it
            os.chdir(folder)

    def run(self, jobs: Sequence[GraphJob], options: SharedOptions) -> list[Any]:
        """Run the jobs of a shard; return the outcome of each, with `Failure` for exceptions."""
        return [Failure.of(one) if isinstance(one, Exception) else one for one in run_together(jobs, options)]


class WorkerPool:
    """A pool of actors that run shards until none is left."""

    def __init__(
        self, jobs: Sequence[GraphJob], options: SharedOptions, resources: WorkerResources, losses: int
    ) -> None:
        self._jobs = jobs
        self._options = options
        self._resources = resources
        self._losses = losses
        self._idle: list[Any] = []
        self._running: dict[Any, tuple[Any, Shard]] = {}  # call -> its actor and its shard
        self._waiting: deque[Shard] = deque()
        self._outcomes: dict[int, Outcome] = {}

    def run(self, shards: Sequence[Sequence[int]]) -> list[Outcome]:
        """Run all shards at once, each in its actor; return the outcome of each job."""
        self._waiting.extend(Shard(tuple(numbers)) for numbers in shards)
        try:
            while self._waiting or self._running:
                self._assign()
                (call,), _ = ray.wait(list(self._running))
                self._collect(call)
        finally:
            self._stop_all()
        return [self._outcomes[number] for number in range(len(self._jobs))]

    def _assign(self) -> None:
        while self._waiting:
            shard = self._waiting.popleft()
            actor = self._idle.pop() if self._idle else self._start_worker()
            jobs = [self._jobs[number] for number in shard.numbers]
            self._running[actor.run.remote(jobs, self._options)] = actor, shard
        self._stop_idle()

    def _start_worker(self) -> Any:
        actor = ray.remote(Worker).options(num_cpus=self._resources.cores, num_gpus=self._resources.gpus)
        return actor.remote(os.getcwd(), self._resources.cores, current_picture_limit())

    def _collect(self, call: Any) -> None:
        actor, shard = self._running.pop(call)
        try:
            made = ray.get(call)
        except ray.exceptions.RayTaskError as error:  # a bug of the worker: errors of jobs arrive as Failure
            self._store(shard, [error] * len(shard.numbers))
        except ray.exceptions.RayError as error:
            self._retry(shard, error)
            return
        else:
            self._store(shard, [one.to_error() if isinstance(one, Failure) else one for one in made])
        self._idle.append(actor)

    def _store(self, shard: Shard, outcomes: Sequence[Outcome]) -> None:
        self._outcomes.update(zip(shard.numbers, outcomes, strict=True))

    def _retry(self, shard: Shard, error: Exception) -> None:
        """Queue a shard again; halve it if it has lost too many actors, until the job at fault fails alone."""
        losses, numbers = shard.losses + 1, shard.numbers
        reason = str(error).strip().splitlines()[0]
        if losses <= self._losses:
            log.warning(f"lost the worker of {len(numbers)} jobs ({reason}); running them again")
            self._waiting.append(Shard(numbers, losses))
        elif len(numbers) == 1:
            failure = RunError(
                f"its worker was lost {losses} times: {reason}; perhaps it ran out of memory: set memory="
            )
            self._store(shard, [failure])
        else:
            log.warning(f"lost the worker of {len(numbers)} jobs {losses} times ({reason}); halving them")
            middle = len(numbers) // 2
            self._waiting.extend([Shard(numbers[:middle]), Shard(numbers[middle:])])

    def _stop_idle(self) -> None:
        """Stop idle actors, whose cores another actor may wait for."""
        for actor in self._idle:
            ray.kill(actor)
        self._idle.clear()

    def _stop_all(self) -> None:
        self._idle += [actor for actor, _ in self._running.values()]
        self._stop_idle()
