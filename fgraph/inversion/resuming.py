"""Snapshots of unfinished searches in the user's cache, so that an interrupted search continues bit for bit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor

from fgraph.inversion.cache import InversionCache

SNAPSHOT_SECONDS = 10.0
WORTH_SECONDS = 1.0  # least seconds of work that are worth storing when a search is cancelled

SearchT = TypeVar("SearchT", bound="AnySearch")


class AnySearch(Protocol):
    """A search for a batch of rows, which finish one by one."""

    @property
    def rows(self) -> Sequence[int]:
        """The unfinished rows, by their place in the batch."""

    @property
    def kept(self) -> Sequence[int]:
        """The rows that `state` describes, by their place in the batch."""

    def step(self) -> Mapping[int, Any]:
        """Do one step; return the rows that finish with it."""

    def state(self) -> dict[str, Tensor]:
        """Return all tensors from which another search can continue."""


@dataclass(frozen=True)
class Resumable(Generic[SearchT]):
    """A kind of search that the cache keeps snapshots of.

    Attributes:
        cache: where snapshots are.
        kind: their folder in the cache.
        key: the digest of everything that the search depends on, including the rows that are already found.
        make: starts the search of some rows.
        resume: continues the search of some rows from a state, or returns None if the state does not fit.
    """

    cache: InversionCache
    kind: str
    key: str
    make: Callable[[list[int]], SearchT]
    resume: Callable[[list[int], Mapping[str, Tensor]], SearchT | None]

    def begin(self, rows: Sequence[int]) -> tuple[SearchT, list[int]]:
        """Return the search of a snapshot that holds all of `rows`, otherwise a new one, with its rows."""
        snapshot = self.cache.read(self.kind, self.key)
        if snapshot is not None:
            try:
                members = [int(one) for one in json.loads(snapshot.facts["members"])]
                search = self.resume(members, snapshot.tensors) if set(rows) <= set(members) else None
            except (KeyError, IndexError, TypeError, ValueError, RecursionError):  # not written by this version
                search = None
            if search is not None:
                return search, members
        return self.make(list(rows)), list(rows)


def run_search(
    resumable: Resumable[SearchT],
    rows: Sequence[int],
    on_found: Callable[[int, Any], None],
    on_step: Callable[[SearchT], object],
) -> None:
    """Search for rows; begin with a snapshot if there is one, and store one every few seconds.

    Args:
        resumable: the kind of search.
        rows: the rows to search for.
        on_found: called with each row as soon as it finishes.
        on_step: called after each step; if it raises, the search is cancelled, and its progress is stored.
    """
    search, members = resumable.begin(rows)
    saved = time.monotonic()

    def store(at_least: float) -> None:
        nonlocal saved
        if search.rows and time.monotonic() - saved >= at_least:
            facts = {"members": json.dumps([members[place] for place in search.kept])}
            resumable.cache.write(resumable.kind, resumable.key, search.state(), facts)
            saved = time.monotonic()

    while search.rows:
        for place, one in search.step().items():
            on_found(members[place], one)
        try:
            on_step(search)
        except BaseException:  # the run is cancelled
            store(WORTH_SECONDS)
            raise
        store(SNAPSHOT_SECONDS)
    resumable.cache.remove(resumable.kind, resumable.key)
