"""The studio: a session, an engine and the pages that show them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from fgraph._errors import FgraphError
from fgraph._options import RunOptions
from fgraph.studio import code
from fgraph.studio.access import FileAccess
from fgraph.studio.audience import Audience, Put
from fgraph.studio.drag_views import drags_of, with_drags
from fgraph.studio.dragger import Dragger
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Engine, Outgoing
from fgraph.studio.explaining import ExplainJob
from fgraph.studio.exporting import ExportJob, Exports
from fgraph.studio.faces import FacesJob
from fgraph.studio.films import FilmJob
from fgraph.studio.first_picture import FirstPicture
from fgraph.studio.history import History
from fgraph.studio.live import LiveRun, viewed
from fgraph.studio.messages import Answer, AnyRequest, DragEvent, Failed, Thumbnail, requests
from fgraph.studio.models import model_entries
from fgraph.studio.opening import OpenedGraph, open_bundled, open_file
from fgraph.studio.pictures import Binary
from fgraph.studio.planning import PlanJob
from fgraph.studio.session import Session
from fgraph.studio.sheets import AblateJob, SeedsJob, SweepJob
from fgraph.studio.uploads import Uploads

_PAUSE = 1.0  # seconds between two checks of the file


class Studio:
    """Everything that the routes call. Methods run on the event loop; work on the graph runs on one other thread.

    Args:
        folder: where graphs are saved, and uploads and exports are kept.
        kept: the folder of the history; None: it ends with the process.
        options: the device and precision of all runs.
        models: folders with models to choose.
        first_picture: the progress of the first picture.
    """

    def __init__(
        self,
        folder: Path,
        kept: Path | None,
        options: RunOptions,
        models: tuple[Path, ...] = (),
        first_picture: FirstPicture | None = None,
    ) -> None:
        self.models = model_entries(models)
        self.uploads = Uploads(folder / "uploads")
        self.exports = Exports(folder / "exports")
        history = History(kept)
        access = FileAccess([one.name for one in self.models], history.granted)
        self.session = Session(folder, history, access, self.uploads)
        self._options = options
        self._engine: Engine | None = None
        self._thread = ThreadPoolExecutor(1, "fgraph-studio-session")
        self._audience = Audience()
        self._listed = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self.first_picture = first_picture or FirstPicture()
        self._dragger = Dragger(self.session, self._drag_ended)

    def open(self, opened: OpenedGraph | None) -> None:
        """Open a graph at the start; None continues where the last launch ended."""
        if opened is not None and not self._is_open(opened):
            self.session.open(opened)
        elif self.session.history.current is None:
            self.session.open(open_bundled("panorama"))

    def _is_open(self, opened: OpenedGraph) -> bool:
        """Return whether the history continues this very file, which may hold edits that are not saved."""
        current = self.session.history.current
        return (
            current is not None
            and opened.file is not None
            and current.saved_as == str(opened.file)
            and opened.text in {one.text for one in self.session.history.states}
        )

    @property
    def engine(self) -> Engine:
        """The engine, while the studio runs."""
        assert self._engine is not None
        return self._engine

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the engine, and watch the file, within the block."""
        self._loop = asyncio.get_running_loop()
        self._engine = Engine(self._options, self._emit_from_thread)
        watcher = asyncio.create_task(self._watch())
        await self._on_thread(self._show)
        try:
            yield
        finally:
            watcher.cancel()
            await self._on_thread(self._dragger.end)
            await self._on_thread(self.session.history.close)
            self._thread.shutdown()
            await asyncio.to_thread(self._engine.close)

    @asynccontextmanager
    async def joined(self, put: Put) -> AsyncIterator[None]:
        """Send a page everything that it needs, then all events, within the block."""
        async with self._audience.joined(put, lambda: self._on_thread(self._greeting)):
            yield

    def _greeting(self) -> list[Outgoing]:
        graph = self.session.graph_event()
        greeting: list[Outgoing] = [graph, self.session.history_event()]
        greeting += [Binary(_of_history(state), content) for state, content in self.session.history.thumbnails()]
        return greeting + self._audience.drags_of({one.id for one in graph.nodes})

    # -- events -------------------------------------------------------------------------------------------------------

    def _emit_from_thread(self, message: Outgoing) -> None:
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._emit, message)

    def _emit(self, message: Outgoing) -> None:
        self.first_picture.note(message)
        self._audience.emit(message)

    async def _watch(self) -> None:
        """Check the file regularly, and notify the pages when it has changed."""
        while True:
            await asyncio.sleep(_PAUSE)
            if await self._on_thread(self.session.look_at_disk):
                self._emit(await self._on_thread(self.session.graph_event))

    # -- requests -----------------------------------------------------------------------------------------------------

    async def handle(self, request: AnyRequest) -> Answer:
        """Do what a page asks, and return the answer.

        Raises:
            FgraphError: the request is refused.
        """
        answer: Answer = await self._on_thread(self._handle, request, time.perf_counter())
        return answer

    async def _on_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def _handle(self, request: AnyRequest, started: float) -> Answer:
        ended = request.do not in _BESIDE_DRAG and self._dragger.end()
        try:
            if isinstance(request, requests.Plain):
                found = _PLAIN[request.do](self, request)
            else:
                found = _HANDLERS[type(request)](self, request)
        except FgraphError:
            if ended:
                self._send_graph(started)
            raise
        if ended or request.do in _CHANGING:
            self._send_graph(started if ended or request.do in _SHOWING else None)
        return Answer(re=request.id, ok=True, **(found or {}))

    def _send_graph(self, started: float | None) -> None:
        """Send the graph; if it has changed and no drag runs, run the viewed output."""
        self._emit_from_thread(self.session.graph_event())
        self._list_history()
        if started is not None and not self._dragger.runs:
            self._show(started)

    def _list_history(self) -> None:
        """Send the history if its list of states has changed. A gesture adds only one state."""
        if self._listed != self.session.history.listed:
            self._listed = self.session.history.listed
            self._emit_from_thread(self.session.history_event())

    def _show(self, started: float | None = None) -> None:
        """Run the viewed output."""
        session = self.session
        node, view, reading = session.node_of_view(), session.view, session.reading
        spec = reading.needed(node) if node is not None else None
        kind = reading.kind(node) if node is not None else None
        if node is None or spec is None or kind is None or view.output is None:
            message = "there is no output: choose one" if node is None else f"'{node}' depends on a fault of the graph"
            self._emit_from_thread(Failed(revision=session.revision, message=message, node=node))
            return
        rows, state = reading.rows(node), session.state.id
        row = min(view.row, rows - 1)
        drags = drags_of(reading, spec, row, rows)
        self.engine.show(
            LiveRun(
                revision=session.revision,
                spec=with_drags(viewed(spec, kind, view.row, rows), drags, reading),
                output=view.output,
                row=row,
                rows=rows,
                keep_thumbnail=lambda content: self._keep_thumbnail(state, content),
                started=time.perf_counter() if started is None else started,
                drags=drags,
                keep_drag=self._keep_drag,
            )
        )

    def _keep_drag(self, event: DragEvent) -> None:
        """Keep the progress of a drag. Called on the thread of the engine."""
        self._dragger.note(event)
        self._emit_from_thread(event)

    def _keep_thumbnail(self, state: str, content: bytes) -> None:
        self.session.history.show(state, content)
        self._emit_from_thread(Binary(_of_history(state), content))

    def _open(self, request: requests.Open) -> None:
        what = request.what
        if isinstance(what, requests.OpenGraph):
            self.session.open(open_bundled(what.graph))
        elif isinstance(what, requests.OpenPhotograph):
            self.session.open_photograph(what.photograph)
        elif isinstance(what, requests.OpenText):
            self.session.open(OpenedGraph("untitled", what.example))
        else:
            upload = self.uploads.get(what.upload)
            if upload is None or upload.kind != "graph":
                raise Refused("there is no such upload: drop the file again")
            self.session.open(OpenedGraph("dropped", upload.text))

    def _edit(self, request: requests.Edit) -> dict[str, Any]:
        return {"ids": self.session.edit(request.changes, request.gesture)}

    def _set_yaml(self, request: requests.SetYaml) -> None:
        self.session.set_text(request.text, request.gesture)

    def _view(self, request: requests.View) -> None:
        self.session.look(request.output, request.row)

    def _go_to(self, request: requests.GoTo) -> None:
        if not self.session.go(request.state):
            raise Refused("there is no such state")

    def _favourite(self, request: requests.Favourite) -> None:
        if not self.session.history.mark(request.state, request.on):
            raise Refused("there is no such state")

    def _favourite_seed(self, request: requests.FavouriteSeed) -> None:
        self.session.history.mark_seed(request.model, request.seed, request.on)

    def _save(self, request: requests.Save) -> dict[str, Any]:
        return {"path": str(self.session.save(request.name, replace_changed=request.replace))}

    def _export(self, request: requests.Export) -> dict[str, Any]:
        job = ExportJob.of(self.session, request, self.exports)
        self.engine.submit(job)
        return {"file": job.id}

    def _film(self, request: requests.Film) -> dict[str, Any]:
        job = FilmJob.of(self.session, request, self.exports)
        self.engine.submit(job)
        return {"file": job.id} if request.format != "play" else {}

    def _seeds(self, request: requests.Seeds) -> None:
        self.engine.submit(SeedsJob.of(self.session, request))

    def _sweep(self, request: requests.Sweep) -> None:
        self.engine.submit(SweepJob.of(self.session, request))

    def _ablate(self, request: requests.Ablate) -> None:
        self.engine.submit(AblateJob.of(self.session, request))

    def _drag_start(self, request: requests.DragStart) -> dict[str, Any]:
        return {"ids": [self._dragger.start(request.node, self.engine)]}

    def _drag_change(self, request: requests.DragChange) -> dict[str, Any]:
        return {"ids": [self._dragger.change(request, self.engine)]}

    def _drag_stop(self, request: requests.Plain) -> None:
        self._dragger.end()

    def _drag_ended(self) -> None:
        """Settle a drag that has ended by itself. Called on the thread of the engine."""
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._submit, self._settle_drag)

    def _submit(self, function: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the studio closes
            self._thread.submit(function)

    def _settle_drag(self) -> None:
        if self._dragger.settle():
            self._send_graph(time.perf_counter())

    def _faces(self, request: requests.Faces) -> None:
        self.engine.submit(FacesJob.of(self.session, request))

    def _undo(self, request: requests.Plain) -> None:
        if not self.session.undo():
            raise Refused("there is nothing to undo")

    def _redo(self, request: requests.Plain) -> None:
        if not self.session.redo():
            raise Refused("there is nothing to redo")

    def _reload(self, request: requests.Plain) -> None:
        path = self.session.state.saved_as
        if path is None:
            raise Refused("the graph has no file yet: save it first")
        self.session.open(replace(open_file(Path(path)), trusted=False))  # the page may have written it

    def _cancel(self, request: requests.Plain) -> None:
        self.engine.cancel()

    def _plan(self, request: requests.Plain) -> None:
        self.engine.submit(PlanJob.of(self.session))

    def _explain(self, request: requests.Plain) -> None:
        self.engine.submit(ExplainJob.of(self.session, request.id))

    def _history(self, request: requests.Plain) -> None:
        self._emit_from_thread(self.session.history_event())

    def _command(self, request: requests.Plain) -> dict[str, Any]:
        return {"text": code.command(self.session)}

    def _python(self, request: requests.Plain) -> dict[str, Any]:
        return {"text": code.python(self.session)}


def _of_history(state: str) -> Thumbnail:
    return Thumbnail(sheet="history", key=state, re=-1, values=[], width=0, height=0, mime="image/webp")


_DRAGGING = ("drag_start", "drag_change", "drag_stop")
_SHOWING = ("open", "edit", "set_yaml", "view", "goto", "undo", "redo", "reload", *_DRAGGING)
# Requests that do not end a running drag, or that restart it:
_BESIDE_DRAG = ("history", "favourite", "favourite_seed", "plan", "drag_change")
_CHANGING = (*_SHOWING, "save", "favourite", "favourite_seed")
_Found: TypeAlias = dict[str, Any] | None
_HANDLERS: Mapping[type, Callable[[Studio, Any], _Found]] = {
    requests.Open: Studio._open,
    requests.Edit: Studio._edit,
    requests.SetYaml: Studio._set_yaml,
    requests.View: Studio._view,
    requests.Seeds: Studio._seeds,
    requests.Sweep: Studio._sweep,
    requests.GoTo: Studio._go_to,
    requests.Favourite: Studio._favourite,
    requests.FavouriteSeed: Studio._favourite_seed,
    requests.Save: Studio._save,
    requests.Film: Studio._film,
    requests.Export: Studio._export,
    requests.Ablate: Studio._ablate,
    requests.DragStart: Studio._drag_start,
    requests.DragChange: Studio._drag_change,
    requests.Faces: Studio._faces,
}
_PLAIN: Mapping[str, Callable[[Studio, requests.Plain], _Found]] = {
    "undo": Studio._undo,
    "redo": Studio._redo,
    "reload": Studio._reload,
    "cancel": Studio._cancel,
    "drag_stop": Studio._drag_stop,
    "plan": Studio._plan,
    "history": Studio._history,
    "command": Studio._command,
    "python": Studio._python,
    "explain": Studio._explain,
}
