"""The drag of a session: it is started, changed, ended, and written into the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fgraph.dragging.points import DragPoints
from fgraph.studio.drag_edits import STILL, continue_drag, set_points, set_steps
from fgraph.studio.drags import Dragging, DragRun, make_drag_run
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Engine
from fgraph.studio.messages import Change, DragEvent, DragRow, requests
from fgraph.studio.messages.changes import AddNode, NewNode
from fgraph.studio.session import Session
from nodes.drag import Drag

_FAILED = {"stuck", "lost"}
_MASK_ASIDE = (-180.0, 90.0)  # offset of a new mask from its drag on the page
_PATIENCE = 120.0  # most seconds until a drag ends: one step of the largest model on a slow machine


@dataclass(frozen=True, eq=False)
class StoppedDrag:
    """A drag that has stopped, and that can continue while the graph does not change."""

    node: str
    text: str
    shown: tuple[int, ...]
    dragging: Dragging


class Dragger:
    """The drag of a session. Its methods are called on the session's thread, `note` on the engine's.

    Args:
        session: owns the graph.
        on_end: called when a drag has ended, on the thread of the engine.
    """

    def __init__(self, session: Session, on_end: Callable[[], None]) -> None:
        self._session = session
        self._on_end = on_end
        self._run: DragRun | None = None
        self._stopped: StoppedDrag | None = None
        self._known: dict[str, DragEvent] = {}  # node -> its progress

    @property
    def runs(self) -> bool:
        """True while a drag runs."""
        return self._run is not None

    def note(self, event: DragEvent) -> None:
        """Note the progress of a drag of the graph."""
        self._known[event.node] = event

    def start(self, node: str, engine: Engine) -> str:
        """Start or continue a drag; return the id of the node that moves.

        A drag that was stuck continues as a new drag, whose reference is the current picture.

        Raises:
            FgraphError: there is no such drag in the picture, its points have arrived, or it is not drawn yet.
        """
        drag, stopped = self._drag(node), self._stopped
        run = make_drag_run(self._session, node)
        if drag.settings.steps:
            is_same = stopped is not None and (stopped.node, stopped.shown) == (node, run.shown)
            endings = {one.ending for one in self._now(node).values()}
            if endings == {"arrived"}:
                raise Refused("the points have arrived: move a target, or set another point", node)
            if stopped is not None and is_same and stopped.text == self._session.state.text and not endings & _FAILED:
                run.dragging = stopped.dragging
            else:
                changes, node = continue_drag(self._session, node, self._now(node))
                self._session.edit(changes, label=f"continue from {run.node}")
        self._launch(node, run.dragging, engine)
        return node

    def change(self, request: requests.DragChange, engine: Engine) -> str:
        """Set points, targets or mask of a drag; a running drag continues. Return the id of the node that has them.

        Raises:
            FgraphError: there is no such drag, points and targets do not fit each other, or it is not drawn yet.
        """
        ran = self.end()
        node, row = request.node, request.row
        drag, count = self._drag(node), self._session.reading.rows(node)
        if row >= count:
            raise Refused(f"'{node}' has {count} rows", node)
        begun = drag.settings.steps > 0
        if drag.unit == "pixel" and not begun:
            raise Refused(f"'{node}' has its points in pixels: write them as fractions, without `unit`", node, "unit")
        now = self._now(node) if begun else {}
        old = STILL if drag.unit == "pixel" else drag.points_of(row)
        if begun and row in now:
            old = DragPoints(tuple(now[row].points), tuple(now[row].targets))
        points = None
        if request.points is not None or request.to is not None:
            points = DragPoints(tuple(request.points or old.handles), tuple(request.to or old.targets))
        added, mask = self._mask(request)
        changes: list[Change]
        if begun:
            changes, node = continue_drag(self._session, node, now, row=row, points=points, mask=mask)
        else:
            changes = set_points(drag, node, row=row, points=points, mask=mask, rows=count)
        changes = [*added, *changes]
        if changes:
            self._session.edit(changes, label=f"points of {node}")
        if ran:
            self._launch(node, None, engine)
        return node

    def _mask(self, request: requests.DragChange) -> tuple[list[Change], str | None]:
        """Return the change that adds the mask of a request, if it is a new one, and its id."""
        if request.shape is None:
            return [], request.mask
        taken, number = self._session.reading.nodes, 1
        while (name := "may_move" if number == 1 else f"may_move_{number}") in taken:
            number += 1
        at = self._session.state.positions.get(request.node)
        position = None if at is None else (at[0] + _MASK_ASIDE[0], at[1] + _MASK_ASIDE[1])
        return [AddNode(add=NewNode(op="mask", id=name, fields=request.shape, position=position))], name

    def end(self) -> bool:
        """End the running drag, and write its result into the graph; return whether one ran."""
        run = self._run
        if run is None:
            return False
        run.stopping.set()
        if not run.ended.wait(_PATIENCE):
            raise Refused("the drag is in the middle of a long step: try again")
        self.settle()
        return True

    def settle(self) -> bool:
        """Write a finished drag into the graph; return whether there was one."""
        run = self._run
        if run is None or not run.ended.is_set():
            return False
        self._run = None
        dragging = run.dragging
        if run.failed or dragging is None:
            return not run.failed
        if run.steps > run.drag.settings.steps:
            self._session.edit([set_steps(run.node, run.steps)], label=f"drag {run.node}: {run.steps} steps")
        if run.report is not None:
            self.note(run.report.model_copy(update={"revision": self._session.revision, "running": False}))
        self._stopped = StoppedDrag(run.node, self._session.state.text, run.shown, dragging)
        return True

    def _launch(self, node: str, dragging: Dragging | None, engine: Engine) -> None:
        self._session.begin_run()
        run = self._run = make_drag_run(self._session, node)
        run.dragging, run.on_end = dragging, self._on_end
        engine.show(run)

    def _drag(self, node: str) -> Drag:
        found = self._session.reading.spec.nodes.get(node)
        if not isinstance(found, Drag):
            raise Refused(f"there is no drag '{node}'", node)
        return found

    def _now(self, node: str) -> dict[int, DragRow]:
        """Return the current positions of the points of a drag.

        Raises:
            Refused: the positions are not known yet.
        """
        event = self._known.get(node)
        if event is None or event.revision != self._session.revision:
            raise Refused(f"'{node}' is not drawn yet: wait for its picture", node)
        return {one.row: one for one in event.rows}
