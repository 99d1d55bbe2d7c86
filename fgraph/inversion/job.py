"""The inversion of many image files: in fixed batches, cached by content, resumable after a kill.

The list of pictures determines the batches. The state of a search is cached before its first step and every few
seconds. Therefore a killed job resumes when it is started again: finished pictures come from the cache, and an
unfinished batch is resumed with all of its rows. On the same machine, with the same number of threads, the results have
the same bits as without the kill.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from fgraph.inversion.cache import InversionCache, is_sound, make_key
from fgraph.inversion.optimise import Problem, Search, SearchOutcome
from fgraph.inversion.pictures import JobPicture, PictureReading
from fgraph.inversion.results import InversionResult, make_result, write_result
from fgraph.inversion.snapshots import is_state


class InversionCallback:
    """The callback of a running job; each method does nothing by default."""

    def begun(self, batch: int, of: int, pictures: int) -> None:
        """Handle the start of batch `batch` of `of`, which searches for `pictures` pictures."""

    def stepped(self, search: Search, names: Sequence[str]) -> None:
        """Handle the end of a step; `names` are the names of the pictures, one for each row of the search."""

    def finished(self, picture: JobPicture, result: InversionResult, cached: bool) -> None:
        """Handle a result; `cached` means that an earlier job found it."""

    def repeated(self, picture: JobPicture, result: InversionResult, of: JobPicture) -> None:
        """Handle the result of a picture that equals the picture `of`."""

    def failed(self, picture: JobPicture) -> None:
        """Handle a search that diverged; the other pictures continue."""


@dataclass(frozen=True)
class InversionJob:
    """The pictures to invert, the problem, and where results go."""

    problem: Problem
    pictures: Sequence[JobPicture]
    reading: PictureReading
    directory: Path
    cache: InversionCache
    batch: int = 8
    discriminator_digest: str = ""  # the digest of its file, if its loss has a weight
    starts: Mapping[str, Tensor] = field(default_factory=dict)  # picture name -> the code to start from
    snapshot_seconds: float = 10.0
    callback: InversionCallback = field(default_factory=InversionCallback)

    def key(self, picture: JobPicture) -> str:
        """Return the cache key of a picture: of its pixels, the model, the settings and the start."""
        generator, settings = self.problem.generator, self.problem.settings
        facts = [picture.digest, generator.digest, settings.digest, str(generator.dtype), self.discriminator_digest]
        if (start := self.starts.get(picture.name)) is not None:
            facts.append(hashlib.sha256(start.float().numpy().tobytes()).hexdigest())
        return make_key(*facts)


def run_job(job: InversionJob) -> dict[str, InversionResult]:
    """Invert all pictures; return picture name -> result, without pictures whose search diverged.

    The files of a picture are written as soon as it is finished.

    Raises:
        SaveError: the directory can't be written.
    """
    done: dict[str, InversionResult] = {}
    distinct: dict[str, JobPicture] = {}  # equal pictures are inverted once
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
            job.callback.failed(picture)
            continue
        results[picture.name] = result
        if (first := distinct[key]) is not picture:
            write_result(result, job.directory, picture.name)
            job.callback.repeated(picture, result, first)
    return results


def _finish(job: InversionJob, picture: JobPicture, result: InversionResult, cached: bool) -> None:
    write_result(result, job.directory, picture.name)
    job.callback.finished(picture, result, cached)


class _Batch:
    """Pictures that are searched for together."""

    def __init__(self, job: InversionJob, keys: list[str], pictures: list[JobPicture]) -> None:
        self._job, self._keys, self._pictures = job, keys, pictures
        self._batch_key = make_key(keys)
        self._done: dict[str, InversionResult] = {}

    def run(self, number: int, count: int) -> dict[str, InversionResult]:
        """Invert the unfinished pictures; return cache key -> result of all."""
        job = self._job
        for key, picture in zip(self._keys, self._pictures, strict=True):
            if (result := InversionResult.from_cached(job.cache.read("results", key), job.problem)) is not None:
                self._done[key] = result
                _finish(job, picture, result, cached=True)
        missing = [key for key in self._keys if key not in self._done]
        if missing:
            members, state = self._resume() or (missing, None)
            job.callback.begun(number, count, len(missing))
            with torch.inference_mode(False), torch.enable_grad():
                self._search(members, state)
        job.cache.remove("searches", self._batch_key)
        return self._done

    def _resume(self) -> tuple[list[str], dict[str, Tensor]] | None:
        """Return the keys and the state of an unfinished search of this batch, or None."""
        snapshot = self._job.cache.read("searches", self._batch_key)
        if snapshot is None:
            return None
        try:
            members = json.loads(snapshot.facts["members"])
            whole = bool(members) and set(members) <= set(self._keys)
        except (KeyError, ValueError, TypeError, RecursionError):
            return None
        whole = whole and is_sound(lambda: is_state(self._job.problem, len(members), snapshot.tensors))
        return (members, snapshot.tensors) if whole else None

    def _search(self, members: list[str], state: dict[str, Tensor] | None) -> None:
        """Search for the codes of pictures, from a state or from the start."""
        job, problem = self._job, self._job.problem
        pictures = [self._pictures[self._keys.index(key)] for key in members]
        targets = torch.stack([self._target(picture) for picture in pictures])
        starts = [job.starts[picture.name] for picture in pictures] if job.starts else None
        search = Search(problem, targets, state, None if starts is None else torch.stack(starts))
        if state is None:
            # before any result is cached, so that a resumed batch has all its rows
            self._save_snapshot(search, members)
        saved = time.monotonic()
        while search.rows:
            for row, found in search.step().items():
                self._take(members[row], pictures[row], found, targets[row])
            if not search.rows:
                return
            job.callback.stepped(search, [picture.name for picture in pictures])
            if time.monotonic() - saved >= job.snapshot_seconds:
                self._save_snapshot(search, members)
                saved = time.monotonic()

    def _take(self, key: str, picture: JobPicture, found: SearchOutcome, target: Tensor) -> None:
        if key in self._done or math.isinf(found.loss):  # cached before the kill; or diverged
            return
        job = self._job
        result = make_result(job.problem, found, target)
        entry = result.to_cached()
        job.cache.write("results", key, entry.tensors, entry.facts)
        self._done[key] = result
        _finish(job, picture, result, cached=False)

    def _save_snapshot(self, search: Search, members: list[str]) -> None:
        self._job.cache.write("searches", self._batch_key, search.state(), {"members": json.dumps(members)})

    def _target(self, picture: JobPicture) -> Tensor:
        generator = self._job.problem.generator
        pixels = torch.from_numpy(self._job.reading.read_again(picture))
        return pixels.to(generator.device, generator.dtype)
