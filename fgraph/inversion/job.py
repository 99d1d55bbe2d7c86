"""Many image files inverted: in fixed batches, kept by content, resumable after a kill.

The batches are decided from the list of pictures before anything runs, and a search is kept before its first step and
every some seconds. So a job that was killed goes on where it was: done pictures are taken from the store, and a batch
that was under way is resumed with all its rows, which makes the same bits as if nothing had happened (on the same
machine, with as many threads).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from fgraph.inversion.optimise import Found, Problem, Search
from fgraph.inversion.pictures import Picture, Reading
from fgraph.inversion.results import Result, make_result, write_result
from fgraph.inversion.store import Store, make_key


class Listener:
    """What is told of a running job; every method may be overridden."""

    def begun(self, batch: int, of: int, pictures: int) -> None:
        """A batch begins, with so many pictures that are not done."""

    def stepped(self, search: Search, names: Sequence[str]) -> None:
        """A step was done; `names` are the batch's pictures, by the search's rows."""

    def finished(self, picture: Picture, result: Result, kept: bool) -> None:
        """A picture is done; or was, in an earlier job."""

    def repeated(self, picture: Picture, result: Result, of: Picture) -> None:
        """A picture is done, for it has the pixels of another."""

    def failed(self, picture: Picture) -> None:
        """The search for a picture diverged; the others go on."""


@dataclass(frozen=True)
class Job:
    """What is to be inverted, and where results go."""

    problem: Problem
    pictures: Sequence[Picture]
    reading: Reading
    directory: Path
    store: Store
    batch: int = 8
    judge: str = ""  # digest of the discriminator's file, where one counts
    snapshot_seconds: float = 10.0
    listener: Listener = field(default_factory=Listener)

    def key(self, picture: Picture) -> str:
        """Under which the result of a picture is kept: of its pixels, the model and the settings."""
        own = self.problem
        return make_key(picture.digest, own.generator.digest, own.settings.digest, str(own.generator.dtype), self.judge)


def run_job(job: Job) -> dict[str, Result]:
    """Invert all pictures; results by the name of the picture, whose files are written as soon as it is done.

    Pictures whose search diverged have no result.

    Raises:
        SaveError: the directory or the store cannot be written.
    """
    done: dict[str, Result] = {}
    distinct: dict[str, Picture] = {}  # equal pictures are inverted once
    for picture in job.pictures:
        distinct.setdefault(job.key(picture), picture)
    keys = list(distinct)
    batches = [keys[start : start + job.batch] for start in range(0, len(keys), job.batch)]
    for number, members in enumerate(batches):
        batch = _Batch(job, members, [distinct[key] for key in members])
        done |= batch.run(number, len(batches))
    results = {}
    for picture in job.pictures:
        key = job.key(picture)
        if (result := done.get(key)) is None:
            job.listener.failed(picture)
            continue
        results[picture.name] = result
        if (first := distinct[key]) is not picture:
            write_result(result, job.directory, picture.name)
            job.listener.repeated(picture, result, first)
    return results


def _finish(job: Job, picture: Picture, result: Result, kept: bool) -> None:
    write_result(result, job.directory, picture.name)
    job.listener.finished(picture, result, kept)


class _Batch:
    """The pictures that are searched for together."""

    def __init__(self, job: Job, keys: list[str], pictures: list[Picture]) -> None:
        self._job, self._keys, self._pictures = job, keys, pictures
        self._own_key = make_key(keys)
        self._done: dict[str, Result] = {}

    def run(self, number: int, count: int) -> dict[str, Result]:
        """Invert what is not done; results by key."""
        job = self._job
        for key, picture in zip(self._keys, self._pictures, strict=True):
            if (result := Result.of_kept(job.store.read("results", key))) is not None:
                self._done[key] = result
                _finish(job, picture, result, kept=True)
        missing = [key for key in self._keys if key not in self._done]
        if missing:
            members, state = self._resume() or (missing, None)
            job.listener.begun(number, count, len(missing))
            with torch.inference_mode(False), torch.enable_grad():
                self._search(members, state)
        job.store.remove("searches", self._own_key)
        return self._done

    def _resume(self) -> tuple[list[str], dict[str, Tensor]] | None:
        """A search of this batch that was under way: which pictures it had, and its state."""
        kept = self._job.store.read("searches", self._own_key)
        if kept is None:
            return None
        members = json.loads(kept.facts.get("members", "[]"))
        whole = members and set(members) <= set(self._keys) and "done" in kept.tensors
        return (members, kept.tensors) if whole else None

    def _search(self, members: list[str], state: dict[str, Tensor] | None) -> None:
        """Search for the codes of these members, from a state or from the beginning."""
        job, problem = self._job, self._job.problem
        pictures = [self._pictures[self._keys.index(key)] for key in members]
        targets = torch.stack([self._target(picture) for picture in pictures])
        search = Search(problem, targets, state)
        if state is None:
            self._keep(search, members)  # before any result is: so no result can be there without its batch
        saved = time.monotonic()
        while search.rows:
            for row, found in search.step().items():
                self._take(members[row], pictures[row], found, targets[row])
            if not search.rows:
                return
            job.listener.stepped(search, [picture.name for picture in pictures])
            if time.monotonic() - saved >= job.snapshot_seconds:
                self._keep(search, members)
                saved = time.monotonic()

    def _take(self, key: str, picture: Picture, found: Found, target: Tensor) -> None:
        if key in self._done or math.isinf(found.loss):  # done before the kill, with its batch; or diverged
            return
        job = self._job
        result = make_result(job.problem, found, target)
        kept = result.to_kept()
        job.store.write("results", key, kept.tensors, kept.facts)
        self._done[key] = result
        _finish(job, picture, result, kept=False)

    def _keep(self, search: Search, members: list[str]) -> None:
        self._job.store.write("searches", self._own_key, search.state(), {"members": json.dumps(members)})

    def _target(self, picture: Picture) -> Tensor:
        generator = self._job.problem.generator
        pixels = torch.from_numpy(self._job.reading.read(picture.path))
        return pixels.to(generator.device, generator.dtype)
