"""Runs shards in Ray actors; a shard whose actor is lost is run again."""

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
from fgraph.api.together import Options, Outcome, Work, run_together

log = get_logger(__name__)


@dataclass(frozen=True)
class Shard:
    """Jobs that are run as one plan in one actor."""

    numbers: tuple[int, ...]  # of the jobs
    losses: int = 0  # how often its actor was lost


@dataclass(frozen=True)
class WorkerResources:
    """What each actor is given."""

    cores: float
    gpus: float


@dataclass(frozen=True)
class Failure:
    """An exception on its way from an actor: not every exception can be pickled."""

    kind: type[Exception]
    argument: Any

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """What is sent of an exception; of a bug, the traceback as text."""
        if isinstance(error, GraphError):
            return cls(type(error), error.faults)
        if isinstance(error, FgraphError):
            return cls(type(error), str(error))
        return cls(RuntimeError, "".join(traceback.format_exception(error)))

    def to_error(self) -> Exception:
        """The exception again."""
        return self.kind(self.argument)


class Worker:
    """An actor: runs one shard after the other, with the generators kept loaded between them."""

    def __init__(self, folder: str, cores: float, picture_limit: int) -> None:
        import torch

        torch.set_num_threads(max(1, int(cores)))
        set_picture_limit(picture_limit)
        if Path(folder).is_dir():  # on another machine it may not be
            os.chdir(folder)

    def run(self, works: Sequence[Work], options: Options) -> list[Any]:
        """The outcome of each work, a `Failure` for an exception."""
        return [Failure.of(one) if isinstance(one, Exception) else one for one in run_together(works, options)]


class WorkerPool:
    """Actors that work on shards until none is left."""

    def __init__(self, works: Sequence[Work], options: Options, resources: WorkerResources, losses: int) -> None:
        self._works = works
        self._options = options
        self._resources = resources
        self._losses = losses
        self._idle: list[Any] = []
        self._running: dict[Any, tuple[Any, Shard]] = {}  # of a call: its actor, its shard
        self._waiting: deque[Shard] = deque()
        self._outcomes: dict[int, Outcome] = {}

    def run(self, shards: Sequence[Sequence[int]]) -> list[Outcome]:
        """Run shards, as many at a time as there are; the outcome of each work."""
        self._waiting.extend(Shard(tuple(numbers)) for numbers in shards)
        try:
            while self._waiting or self._running:
                self._assign()
                (call,), _ = ray.wait(list(self._running))
                self._collect(call)
        finally:
            self._stop_all()
        return [self._outcomes[number] for number in range(len(self._works))]

    def _assign(self) -> None:
        while self._waiting:
            shard = self._waiting.popleft()
            actor = self._idle.pop() if self._idle else self._start_worker()
            works = [self._works[number] for number in shard.numbers]
            self._running[actor.run.remote(works, self._options)] = actor, shard
        self._stop_idle()

    def _start_worker(self) -> Any:
        actor = ray.remote(Worker).options(num_cpus=self._resources.cores, num_gpus=self._resources.gpus)
        return actor.remote(os.getcwd(), self._resources.cores, current_picture_limit())

    def _collect(self, call: Any) -> None:
        actor, shard = self._running.pop(call)
        try:
            made = ray.get(call)
        except ray.exceptions.RayTaskError as error:  # not of a job: those come as a Failure
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
        """Put a shard back; one that loses actor after actor is halved, until the job that does it fails alone."""
        losses, numbers = shard.losses + 1, shard.numbers
        reason = str(error).strip().splitlines()[0]
        if losses <= self._losses:
            log.warning(f"lost the worker of {len(numbers)} jobs ({reason}); running them again")
            self._waiting.append(Shard(numbers, losses))
        elif len(numbers) == 1:
            failure = RunError(f"its worker was lost {losses} times: {reason}; is there too little memory?")
            self._store(shard, [failure])
        else:
            log.warning(f"lost the worker of {len(numbers)} jobs {losses} times ({reason}); halving them")
            middle = len(numbers) // 2
            self._waiting.extend([Shard(numbers[:middle]), Shard(numbers[middle:])])

    def _stop_idle(self) -> None:
        """Give back the cores of actors that nothing is left for: another may be waiting for them."""
        for actor in self._idle:
            ray.kill(actor)
        self._idle.clear()

    def _stop_all(self) -> None:
        self._idle += [actor for actor, _ in self._running.values()]
        self._stop_idle()
