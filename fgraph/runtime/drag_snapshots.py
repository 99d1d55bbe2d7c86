"""Snapshots of unfinished drags in the user's cache, so that an interrupted drag continues bit for bit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from fgraph.dragging.search import Dragged, DragSearch
from fgraph.inversion.cache import InversionCache, are_tensors

SNAPSHOT_SECONDS = 10.0
WORTH_SECONDS = 1.0  # of work that is stored when a search is given up
_KIND = "drag_searches"
_POINT = 2  # coordinates
Make = Callable[[list[int]], DragSearch]
OnFound = Callable[[int, Dragged], None]
OnStep = Callable[[DragSearch], None]


def run_search(
    make: Make, rows: Sequence[int], cache: InversionCache, *, key: str, on_found: OnFound, on_step: OnStep
) -> None:
    """Drag rows; begin with the snapshot of the key if there is one, and store one every few seconds.

    Args:
        make: starts the search of some rows.
        rows: the rows to drag.
        cache: where snapshots are.
        key: the digest of what all rows depend on, including the rows that were found before an interruption.
        on_found: called with each row that finishes, at once.
        on_step: called after each step; if it raises, the search is given up, and what it did is stored.
    """
    search, members = _resumed(make, rows, cache, key) or (make(list(rows)), list(rows))
    saved = time.monotonic()

    def store(at_least: float) -> None:
        nonlocal saved
        if search.rows and time.monotonic() - saved >= at_least:
            facts = {"members": json.dumps([members[place] for place in search.rows])}
            cache.write(_KIND, key, search.state(), facts)
            saved = time.monotonic()

    while search.rows:
        for place, one in search.step().items():
            on_found(members[place], one)
        try:
            on_step(search)
        except BaseException:  # the run is given up
            store(WORTH_SECONDS)
            raise
        store(SNAPSHOT_SECONDS)
    cache.remove(_KIND, key)


def _resumed(make: Make, rows: Sequence[int], cache: InversionCache, key: str) -> tuple[DragSearch, list[int]] | None:
    """Return the search of a snapshot and its rows; None if there is no snapshot that holds all of `rows`."""
    snapshot = cache.read(_KIND, key)
    if snapshot is None:
        return None
    try:
        members = [int(one) for one in json.loads(snapshot.facts["members"])]
        if not set(rows) <= set(members):
            return None
        search = make(members)
    except (KeyError, IndexError, TypeError, ValueError):  # not written by this version
        return None
    if not is_state(search, snapshot.tensors):
        return None
    search.restore(snapshot.tensors)
    return search, members


def is_state(search: DragSearch, state: Mapping[str, Tensor]) -> bool:
    """Return whether tensors have the names and shapes of the state of a search that has as many rows."""
    handles, done = state.get("tracker.handles"), state.get("done")
    if handles is None or handles.ndim != _POINT + 1 or done is None or done.ndim:
        return False
    rows, points = len(search.rows), handles.shape[1]
    templates = state.get("tracker.templates", handles)
    shapes = search.shapes(int(done)) | {
        "trails": (int(done), rows, points, _POINT),
        "tracker.handles": (rows, points, _POINT),
        "tracker.targets": (rows, points, _POINT),
        "tracker.valid": (rows, points),
        "tracker.lost": (rows, points),
        "tracker.templates": (rows, search.channels, points, int(templates.shape[-1])),
    }
    if search.settings.tracking == "adaptive":
        shapes |= {"tracker.expected": (rows, points), "tracker.before": (rows, points, _POINT)}
        if tuple(state.get("tracker.begun", handles).shape) != (rows, points):  # infinite before the first aim
            return False
    progress = state.get("progress")
    return (
        0 < int(done) < search.settings.steps
        and are_tensors(state, shapes)
        and progress is not None
        and tuple(progress.shape) == (2, rows)
    )
