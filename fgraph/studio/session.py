"""The session: one graph with its history, its file and its view. It knows neither sockets nor the engine."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fgraph._atomic import write_atomic
from fgraph._paths import is_device
from fgraph.declare import text_files
from fgraph.declare.writing import flow_text
from fgraph.studio.access import FileAccess, relative
from fgraph.studio.editing import Refused, apply_change, outputs_of
from fgraph.studio.history import History, State, first_state, new_state
from fgraph.studio.messages import Change, GraphEvent, HistoryEvent, NodeState, OutputState, ViewState
from fgraph.studio.messages import changes as change_types
from fgraph.studio.opening import OpenedGraph, open_photograph
from fgraph.studio.reading import Reading, bypass_source, read_text
from fgraph.studio.text import GraphText, limit_edits
from fgraph.studio.uploads import Uploads
from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL

UPLOAD = "upload:"  # prefix of the id of an upload in a field
EDIT_SECONDS = 20  # most time that the changes of one message may take
_CROP = "photo"  # the output that shows the crop, in a graph that edits a photograph
Stamp = tuple[int, int] | None  # time and size of a file


class Session:
    """A graph that is edited.

    Args:
        folder: where graphs are saved that have no file.
        history: the states; the current one is continued.
        access: the files that graphs may name.
        uploads: the pictures that the page has sent.
    """

    def __init__(self, folder: Path, history: History, access: FileAccess, uploads: Uploads) -> None:
        self.folder = folder
        self.uploads = uploads
        self.history = history
        self.access = access
        self.revision = 0
        self.view = ViewState(output=None, row=0)
        self._lock = threading.RLock()
        self._read: tuple[str, str, Reading] | None = None  # text, place, reading
        self._stamp: Stamp = None
        self._changed = False
        if history.current is not None:
            self._arrive()

    # -- the graph ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The current state."""
        assert self.history.current is not None
        return self.history.current

    @property
    def reading(self) -> Reading:
        """The current graph, read."""
        return self._reading_of(self.state.text)

    def _reading_of(self, text: str) -> Reading:
        place = self.state.place
        if self._read is None or self._read[:2] != (text, place):
            self._read = (text, place, read_text(text, Path(place), self.access))
        return self._read[2]

    def open(self, opened: OpenedGraph) -> None:
        """Open a graph; the history keeps the previous one."""
        with self._lock:
            place = opened.file or self.folder / f"{opened.title}.yaml"
            if opened.trusted:
                self.access.grant_all(GraphText(opened.text), place)
                self.history.granted = self.access.granted
            before = self.history.current
            self.history.add(first_state(opened, place, before))
            self.view = ViewState(output=None, row=0)
            self._arrive()

    def open_photograph(self, upload: str) -> None:
        """Open a graph that edits an uploaded photograph, and show its crop, which needs no inversion.

        Raises:
            FgraphError: there is no such upload.
        """
        with self._lock:
            self.open(open_photograph(self._path_of(upload, self.folder / "photograph.yaml")))
            self.view = ViewState(output=_CROP, row=0)

    def edit(self, changes: Sequence[Change], gesture: str | None = None, label: str | None = None) -> list[str]:
        """Apply changes as one step of undo; return the ids of new nodes. The history shows the label.

        Raises:
            FgraphError: a change is not possible; then none is made.
        """
        with self._lock:
            draft, before = self.state.draft(), self.reading
            with limit_edits(EDIT_SECONDS):
                for change in map(self._with_uploads, changes):
                    apply_change(draft, change, lambda text: self._reading_of(text.text))
            after = self._reading_of(draft.text.text)
            _refuse_wrong_links(changes, before, after)
            self.history.add(new_state(draft, self.state, label or _label(changes)), gesture)
            self._arrive(moved=False)
            return draft.added

    def _with_uploads(self, change: Change) -> Change:
        """Return a change with paths in place of the ids of uploads, `upload:ID`."""
        if isinstance(change, change_types.SetField):
            return change_types.SetField(set=change.set.model_copy(update={"value": self._named(change.set.value)}))
        if isinstance(change, change_types.AddNode):
            return change_types.AddNode(add=change.add.model_copy(update={"fields": self._named(change.add.fields)}))
        return change

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._named(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._named(one) for one in value]
        if not isinstance(value, str) or not value.startswith(UPLOAD):
            return value
        return self._path_of(value.removeprefix(UPLOAD), Path(self.state.place))

    def _path_of(self, upload: str, place: Path) -> str:
        """Return the path of an uploaded picture for a graph at a place, and allow the graph to name it.

        Raises:
            Refused: there is no such upload.
        """
        found = self.uploads.get(upload)
        if found is None or found.path is None:
            raise Refused("this picture was uploaded in an earlier launch: drop it again")
        self.access.grant(found.path)
        self.history.granted = self.access.granted
        return relative(found.path, place)

    def set_text(self, text: str, gesture: str | None = None) -> None:
        """Replace the text of the graph."""
        with self._lock:
            draft = self.state.draft()
            draft.text = GraphText(text)
            known = draft.text.get("nodes") or {}
            draft.bypassed = {name: one for name, one in draft.bypassed.items() if name in known}
            self.history.add(new_state(draft, self.state, "edit the text"), gesture)
            self._arrive(moved=False)

    def undo(self) -> bool:
        """Undo a step; return whether there was one."""
        return self._move(self.history.undo)

    def redo(self) -> bool:
        """Redo a step; return whether there was one."""
        return self._move(self.history.redo)

    def go(self, state: str) -> bool:
        """Go to a state of the history; return whether there is one."""
        return self._move(lambda: self.history.go(state))

    def _move(self, move: Callable[[], State | None]) -> bool:
        with self._lock:
            found = move()
            if found is not None:
                self._arrive()
            return found is not None

    def _arrive(self, *, moved: bool = True) -> None:
        """Count a revision, and show an output that exists."""
        self.revision += 1
        if moved:
            self._stamp = _stamp(self.state.saved_as)
            self._changed = False
        outputs = outputs_of(GraphText(self.state.text))
        if self.view.output not in outputs:
            self.view = ViewState(output=next(iter(outputs), None), row=0)

    # -- the view ------------------------------------------------------------------------------------------------------

    def look(self, output: str, row: int) -> None:
        """Choose the output and the row to show.

        Raises:
            FgraphError: there is no such output.
        """
        with self._lock:
            if output not in outputs_of(GraphText(self.state.text)):
                raise Refused(f"there is no output '{output}'")
            self.view = ViewState(output=output, row=row)
            self.revision += 1

    def begin_run(self) -> None:
        """Count a revision for pictures that replace the picture of the graph. The graph does not change."""
        with self._lock:
            self.revision += 1

    def node_of_view(self) -> str | None:
        """Return the node that the viewed output shows."""
        return outputs_of(GraphText(self.state.text)).get(self.view.output or "")

    # -- files --------------------------------------------------------------------------------------------------------

    def save(self, name: str, *, replace_changed: bool = False) -> Path:
        """Write the graph to its own file if that has this `name`, otherwise to a file in the folder of the studio.

        Raises:
            FgraphError: the file has changed on disk, or cannot be written.
        """
        with self._lock:
            state = self.state
            stem = name.removesuffix(".yaml").removesuffix(".yml")
            if is_device(stem):
                raise Refused(f"'{stem}' is the name of a device on Windows: choose another name")
            saved = Path(state.saved_as) if state.saved_as else None
            path = saved if saved is not None and saved.stem == stem else self.folder / f"{stem}.yaml"
            if path == saved:
                self.look_at_disk()
            elif path.exists() and not replace_changed:
                raise Refused(f"there is a file {path} already")
            if self._changed and path == saved and not replace_changed:
                raise Refused(f"{path} has changed on disk since it was opened: reload it, or replace it")
            text = self._moved(state.text, Path(state.place), path)
            write_atomic(path, text.encode())
            self._stamp, self._changed = _stamp(str(path)), False
            self.history.update(saved_as=str(path), place=str(path), title=path.stem, text=text, is_bundled=False)
            return path

    def _moved(self, text: str, before: Path, after: Path) -> str:
        """Return the text with its relative paths changed for another folder."""
        if before.parent.absolute() == after.parent.absolute():
            return text
        return self.access.moved(GraphText(text), before, after).text

    def look_at_disk(self) -> bool:
        """Check whether the file has changed on disk; return True only the first time."""
        with self._lock:
            now = _stamp(self.state.saved_as) if self.history.current else None
            changed = self.state.saved_as is not None and now != self._stamp
            first, self._changed = changed and not self._changed, changed
            return first

    @property
    def saved_text(self) -> str | None:
        """The text of the file on disk, None if there is none."""
        try:
            return text_files.read_text(Path(self.state.saved_as)) if self.state.saved_as else None
        except (OSError, text_files.UnreadableText):
            return None

    # -- events -------------------------------------------------------------------------------------------------------

    def graph_event(self) -> GraphEvent:
        """Return the graph as the page shows it."""
        with self._lock:
            state, reading, text = self.state, self.reading, GraphText(self.state.text)
            models = _texts(reading.data.get("models"))
            return GraphEvent(
                revision=self.revision,
                title=state.title,
                yaml=state.text,
                nodes=[self._node(name, text, reading) for name in reading.nodes],
                links=reading.links,
                outputs=[
                    OutputState(name=name, node=node, kind=reading.kind(node), rows=reading.rows(node))
                    for name, node in outputs_of(text).items()
                ],
                model=models.get("main", DEFAULT_MODEL),
                models=models,
                params=_mapping(text.get("params")),
                groups=list(state.groups),
                film=state.film,
                seed=reading.spec.seed,
                faults=reading.general,
                can_undo=self.history.can_undo,
                can_redo=self.history.can_redo,
                saved_as=state.saved_as,
                is_saved=self.saved_text == state.text,
                changed_on_disk=self._changed,
                state=state.id,
                view=self.view,
            )

    def _node(self, name: str, text: GraphText, reading: Reading) -> NodeState:
        state, written = self.state, text.get("nodes", name)
        fields = dict(_mapping(written if written is not None else reading.nodes[name]))
        return NodeState(
            id=name,
            op=str(fields.pop("op", "")),
            fields=fields,
            makes=reading.kind(name),
            rows=reading.rows(name),
            bypassed=name in state.bypassed,
            bypassable=name in state.bypassed or bypass_source(reading, name) is not None,
            position=state.positions.get(name),
            faults=reading.by_node.get(name, []),
            line=reading.spec.source.place("nodes", name)[1],
        )

    def history_event(self) -> HistoryEvent:
        """Return the history."""
        history = self.history
        seeds = {model: list(seeds) for model, seeds in history.seeds.items()}
        return HistoryEvent(states=[one.entry() for one in history.states], current=self.state.id, seeds=seeds)


def _refuse_wrong_links(changes: Sequence[Change], before: Reading, after: Reading) -> None:
    """Refuse links that bring a fault.

    Raises:
        Refused: a link has a fault that was not there before, in the words of `check`.
    """
    for change in changes:
        if isinstance(change, change_types.ConnectNodes):
            target = change.connect.target
            known = before.by_node.get(target, [])
            for fault in after.by_node.get(target, []):
                field = (fault.field or "").partition("[")[0]
                if fault not in known and (field == change.connect.input or "cycle" in fault.message):
                    raise Refused(fault.message, target, fault.field)


def _label(changes: Sequence[Change]) -> str:
    """Return a short description of changes, for the history."""
    first = changes[0]
    (kind,) = type(first).model_fields
    value: Any = getattr(first, kind)
    about = {
        "set": lambda: f"{value.node}.{value.field} = {str(value.value)[:40]}",
        "unset": lambda: f"{value.node}.{value.field} unset",
        "add": lambda: f"add {value.op}",
        "remove": lambda: f"remove {', '.join(value)[:60]}",
        "connect": lambda: f"{value.source} to {value.target}.{value.input}",
        "disconnect": lambda: f"disconnect {value.target}.{value.input}",
        "rename": lambda: f"{value.node} is now {value.to}",
        "bypass": lambda: f"{'bypass' if value.on else 'use'} {value.node}",
        "model": lambda: f"model {value}",
        "seed": lambda: f"seed {value}",
    }
    summary = about.get(kind, lambda: {"place": "move nodes", "film": "change the film"}.get(kind, kind))()
    return f"{summary} and {len(changes) - 1} more" if len(changes) > 1 else summary


def _stamp(path: str | None) -> Stamp:
    if path is None:
        return None
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _mapping(value: Any) -> dict[str, Any]:
    """Return a mapping of the text as JSON can hold it; anything else is an empty one."""
    return {name: _as_json(one) for name, one in value.items()} if isinstance(value, dict) else {}


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return flow_text(value) if isinstance(value, float) and not math.isfinite(value) else value


def _texts(value: Any) -> dict[str, str]:
    return {name: one for name, one in _mapping(value).items() if isinstance(one, str)}
