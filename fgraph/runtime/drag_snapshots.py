"""Snapshots of unfinished drags, from which a search continues."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from fgraph.dragging.search import DragSearch
from fgraph.inversion.cache import InversionCache, are_tensors
from fgraph.inversion.resuming import Resumable

_KIND = "drag_searches"
_POINT = 2  # coordinates


def resumable_drag(cache: InversionCache, key: str, make: Callable[[list[int]], DragSearch]) -> Resumable[DragSearch]:
    """Return the drag that `make` starts for some rows, with snapshots in a cache under a key."""

    def resume(rows: list[int], state: Mapping[str, Tensor]) -> DragSearch | None:
        search = make(rows)
        if not is_state(search, state):
            return None
        search.restore(state)
        return search

    return Resumable(cache, _KIND, key, make, resume)


def is_state(search: DragSearch, state: Mapping[str, Tensor]) -> bool:
    """Return whether tensors have the names and shapes of the state of a search with the rows of `search`."""
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
