"""The states of a studio: a tree in which every edit adds a state, kept in a folder so that nothing is lost."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fgraph import _limits
from fgraph._atomic import write_atomic
from fgraph._errors import SaveError
from fgraph._files import read_file
from fgraph._log import get_logger
from fgraph.studio.editing import Bypassed, Draft
from fgraph.studio.messages import HistoryState
from fgraph.studio.messages.changes import Group, Timeline
from fgraph.studio.opening import OpenedGraph
from fgraph.studio.text import GraphText

log = get_logger(__name__)

_INDEX = "history.json"
_STATE = re.compile(r"[0-9a-f]{16}\.(json|webp)")
_PAUSE = 0.1  # seconds between an edit and its file, to include further edits of a gesture
_THUMBNAIL_BYTES = 1 << 20
_INDEX_BYTES = 64 << 20  # bytes of the index, which has every path that opened graphs name


@dataclass(frozen=True)
class State:
    """A state of the graph. Its text and canvas never change."""

    id: str
    parent: str | None
    label: str
    time: float  # seconds since 1970
    title: str
    text: str
    place: str  # the file of the graph, or where it would be saved
    saved_as: str | None = None
    is_bundled: bool = False  # whether it was made from the bundled graph of its title
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    bypassed: Mapping[str, Bypassed] = field(default_factory=dict)
    film: Timeline | None = None
    favourite: bool = False

    def draft(self) -> Draft:
        """Return a copy to change."""
        text = GraphText(self.text)
        return Draft(text, dict(self.positions), list(self.groups), dict(self.bypassed), self.film)

    def entry(self) -> HistoryState:
        """Return the state as the page lists it."""
        return HistoryState(id=self.id, parent=self.parent, label=self.label, time=self.time, favourite=self.favourite)


@dataclass(frozen=True)
class _Index:
    """The order of the states, with the data that belongs to the whole history."""

    current: str | None
    ahead: list[str]
    states: list[str]
    granted: list[str]
    seeds: dict[str, list[int]] = field(default_factory=dict)


_KEPT: TypeAdapter[State] = TypeAdapter(State)
_KEPT_INDEX: TypeAdapter[_Index] = TypeAdapter(_Index)


class History:
    """The tree of states. Undo goes to the parent, redo back to where undo came from.

    Args:
        folder: where states are kept; None: only in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._states: dict[str, State] = {}
        self._thumbnails: dict[str, bytes] = {}
        self._ahead: list[str] = []  # states that redo returns to
        self._gesture: str | None = None
        self._unsaved: set[str] = set()
        self._timer: threading.Timer | None = None
        self.current: State | None = None
        self.listed = 0  # counts the changes of the list of states
        self.granted: list[str] = []  # paths and models that graphs may name
        self.seeds: dict[str, list[int]] = {}  # favourite seeds by model, in the order in which they were marked
        if folder is not None:
            self._load(folder)

    @property
    def states(self) -> list[State]:
        """All states, oldest first."""
        with self._lock:
            return list(self._states.values())

    def add(self, state: State, gesture: str | None = None) -> State:
        """Add a state after the current one, or replace that one if the gesture is still the same."""
        with self._lock:
            current = self.current
            merges = gesture is not None and gesture == self._gesture and current is not None
            if merges and current is not None:
                state = replace(state, id=current.id, parent=current.parent, label=current.label)
            self.listed += not merges
            self._states[state.id] = state
            self.current, self._gesture, self._ahead = state, gesture, []
            self._prune()
            self._keep(state.id)
            return state

    def update(self, **changes: Any) -> State:
        """Replace fields of the current state that are not part of the graph, such as `saved_as`."""
        with self._lock:
            assert self.current is not None
            self.current = self._states[self.current.id] = replace(self.current, **changes)
            self._keep(self.current.id)
            return self.current

    def undo(self) -> State | None:
        """Go to the parent; return it, or None if there is none."""
        with self._lock:
            parent = self._states.get(self.current.parent or "") if self.current else None
            if parent is None or self.current is None:
                return None
            self._ahead.append(self.current.id)
            return self._go(parent)

    def redo(self) -> State | None:
        """Go back to the state that undo left; return it, or None if there is none."""
        with self._lock:
            while self._ahead:
                state = self._states.get(self._ahead.pop())
                if state is not None:
                    return self._go(state)
            return None

    def go(self, state: str) -> State | None:
        """Go to any state; return it, or None if there is none."""
        with self._lock:
            found = self._states.get(state)
            if found is not None:
                self._ahead = []
                self._go(found)
            return found

    @property
    def can_undo(self) -> bool:
        """True if there is a parent."""
        return self.current is not None and self.current.parent in self._states

    @property
    def can_redo(self) -> bool:
        """True if undo left a state."""
        return any(one in self._states for one in self._ahead)

    def mark(self, state: str, favourite: bool) -> bool:
        """Mark a state as a favourite; return whether there is such a state."""
        with self._lock:
            found = self._states.get(state)
            if found is None:
                return False
            self.listed += 1
            marked = replace(found, favourite=favourite)
            self._states[state] = marked
            self.current = marked if self.current is found else self.current
            self._keep(state)
            return True

    def mark_seed(self, model: str, seed: int, favourite: bool) -> None:
        """Mark a seed of a model as a favourite, or unmark it; beyond the bound, the oldest is forgotten."""
        with self._lock:
            others = [one for one in self.seeds.pop(model, []) if one != seed]
            if kept := [*others, seed] if favourite else others:
                self.seeds[model] = kept[-_limits.STUDIO_SHEET :]
            while len(self.seeds) > _limits.STUDIO_SHEET:
                del self.seeds[next(iter(self.seeds))]
            self.listed += 1
            if self.current is not None:
                self._keep(self.current.id)

    def show(self, state: str, thumbnail: bytes) -> None:
        """Keep the thumbnail of a state, a WebP."""
        with self._lock:
            if state in self._states:
                self._thumbnails[state] = thumbnail
                self._keep(state)

    def thumbnails(self) -> Iterator[tuple[str, bytes]]:
        """Yield the thumbnails of all states that have one, oldest first."""
        for state in self.states:
            if state.id in self._thumbnails:
                yield state.id, self._thumbnails[state.id]

    def close(self) -> None:
        """Write everything that is not written yet."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        self._write()

    def _go(self, state: State) -> State:
        self.current, self._gesture = state, None
        self.listed += 1
        self._keep(state.id)
        return state

    def _prune(self) -> None:
        """Remove the oldest states beyond the bound, but neither favourites nor the current one."""
        spare = [one for one in self._states.values() if not one.favourite and one is not self.current]
        for state in spare[: max(0, len(self._states) - _limits.STUDIO_STATES)]:
            del self._states[state.id]
            self._thumbnails.pop(state.id, None)
            if self._folder is not None:
                for ending in (".json", ".webp"):
                    (self._folder / f"{state.id}{ending}").unlink(missing_ok=True)

    def _keep(self, state: str) -> None:
        """Write a state soon."""
        if self._folder is None:
            return
        self._unsaved.add(state)
        if self._timer is None:
            self._timer = threading.Timer(_PAUSE, self._write)
            self._timer.daemon = True
            self._timer.start()

    def _write(self) -> None:
        """Write the states that wait, and the index, while edits continue."""
        with self._writing:
            with self._lock:
                self._timer = None
                waiting = [self._states[name] for name in self._unsaved if name in self._states]
                self._unsaved = set()
                thumbnails = {one.id: self._thumbnails.get(one.id) for one in waiting}
                index = self._index()
            if self._folder is None or not waiting:
                return
            try:
                for state in waiting:
                    write_atomic(self._folder / f"{state.id}.json", _to_json(state))
                    if (thumbnail := thumbnails[state.id]) is not None:
                        write_atomic(self._folder / f"{state.id}.webp", thumbnail)
                write_atomic(self._folder / _INDEX, json.dumps(asdict(index)).encode())
            except SaveError as error:
                log.warning(f"the history of the studio is not kept: {error}")

    def _index(self) -> _Index:
        current = self.current.id if self.current else None
        seeds = {model: list(seeds) for model, seeds in self.seeds.items()}
        return _Index(current, list(self._ahead), list(self._states), list(self.granted), seeds)

    def _load(self, folder: Path) -> None:
        """Read the states of an earlier launch without the damaged ones; if there is no index, all in the folder."""
        index = _read_index(folder)
        found = [path.stem for path in folder.glob("*.json") if _STATE.fullmatch(path.name)]
        for name in found if index is None else index.states:
            with suppress(OSError, ValueError):
                self._load_state(folder, name)
        if index is None:
            self._states = dict(sorted(self._states.items(), key=lambda one: one[1].time))
            self.current = next(reversed(self._states.values()), None)
            return
        self.granted, self._ahead, self.seeds = index.granted, index.ahead, index.seeds
        self.current = self._states.get(index.current or "")
        with suppress(OSError):
            self._remove_others(folder, set(index.states))

    def _remove_others(self, folder: Path, listed: set[str]) -> None:
        """Remove the files of states that were dropped while they were written."""
        for path in folder.iterdir():
            if _STATE.fullmatch(path.name) and path.stem not in listed:
                path.unlink(missing_ok=True)

    def _load_state(self, folder: Path, name: str) -> None:
        if not name.isalnum():
            raise ValueError(name)
        self._states[name] = _from_json(read_file(folder / f"{name}.json", 8 * _limits.STUDIO_MESSAGE), name)
        with suppress(OSError):
            self._thumbnails[name] = read_file(folder / f"{name}.webp", _THUMBNAIL_BYTES)


def new_state(draft: Draft, before: State, label: str) -> State:
    """Return the state of a draft, after another."""
    return replace(
        before,
        id=secrets.token_hex(8),
        parent=before.id,
        label=label,
        time=time.time(),
        text=draft.text.text,
        positions=draft.positions,
        groups=tuple(draft.groups),
        bypassed=draft.bypassed,
        film=draft.film,
        favourite=False,
    )


def first_state(opened: OpenedGraph, place: Path, parent: State | None) -> State:
    """Return the state of a graph that is opened."""
    return State(
        id=secrets.token_hex(8),
        parent=parent.id if parent else None,
        label=f"open {opened.title}",
        time=time.time(),
        title=opened.title,
        text=opened.text,
        place=str(place),
        saved_as=str(place) if opened.file is not None else None,
        is_bundled=opened.is_bundled,
    )


def _to_json(state: State) -> bytes:
    film = None if state.film is None else state.film.model_dump()
    data = {**asdict(state), "groups": [one.model_dump() for one in state.groups], "film": film}
    return json.dumps(data).encode()


def _read_index(folder: Path) -> _Index | None:
    """Return the index of a folder; None if there is none that can be read."""
    try:
        return _KEPT_INDEX.validate_json(read_file(folder / _INDEX, _INDEX_BYTES))
    except (OSError, ValueError):
        return None


def _from_json(content: bytes, name: str) -> State:
    """Return the state of a file.

    Raises:
        ValueError: the file holds no state of this name.
    """
    state = _KEPT.validate_json(content)
    if state.id != name:
        raise ValueError(f"the state is {state.id}")
    return state
