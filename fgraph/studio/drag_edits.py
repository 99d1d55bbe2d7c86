"""Changes of a graph that set the points of a drag, or continue from its result.

The steps of a drag that has moved do not change, so that the graph gives the pictures that were shown. Other points,
targets or another mask therefore add a new drag, which reads the first one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fgraph.dragging.points import DragPoints, Place
from fgraph.studio.editing import outputs_of
from fgraph.studio.messages import Change, DragRow
from fgraph.studio.messages import changes as change_types
from fgraph.studio.session import Session
from fgraph.studio.text import GraphText
from nodes.drag import Drag

# fields that a new drag does not take over
_NOT_COPIED = ("op", "of", "points", "to", "unit", "mask", "steps", "every")
STILL = DragPoints(((0.5, 0.5),), ((0.5, 0.5),))  # points of a row that does not change
_ASIDE = (60.0, 130.0)  # offset of a new node from the previous one


def set_points(
    drag: Drag, node: str, *, row: int, points: DragPoints | None, mask: str | None, rows: int
) -> list[Change]:
    """Return the changes that set points, in fractions, and the mask of a drag that has not moved yet.

    Points that all rows share stay shared.

    Args:
        drag: the node.
        node: its id.
        row: the row whose points are set.
        points: places and targets; None: as they are.
        mask: the id of a mask; None: as it is.
        rows: the number of rows of the node.
    """
    changes: list[Change] = []
    if points is not None:
        shared = not isinstance(drag.points[0][0], tuple) and not isinstance(drag.to[0][0], tuple)
        all_rows = [points if shared or number == row else drag.points_of(number) for number in range(rows)]
        changes += _places(node, all_rows[:1] if shared else all_rows)
    if mask is not None:
        changes.append(_link(mask, node, "mask"))
    return changes


def continue_drag(
    session: Session,
    node: str,
    now: Mapping[int, DragRow],
    *,
    row: int = 0,
    points: DragPoints | None = None,
    mask: str | None = None,
) -> tuple[list[Change], str]:
    """Return the changes that add a new drag, which continues another, and its id.

    Args:
        session: the session of the graph.
        node: the drag to continue.
        now: the current positions of the points of its rows.
        row: the row whose points are set.
        points: the places and targets of that row; None: the current positions and the present targets.
        mask: the id of a mask; None: the mask of the drag.
    """
    reading = session.reading
    written = dict(reading.nodes[node])
    new = _further(node, reading.nodes)
    drag, count = reading.spec.nodes[node], reading.rows(node)
    assert isinstance(drag, Drag)
    known = {number: DragPoints(tuple(one.points), tuple(one.targets)) for number, one in now.items()}
    if points is not None:
        known[row] = points
    all_rows = [known.get(number, STILL) for number in range(count)]
    shared = len(set(all_rows)) == 1
    fields = {
        "of": node,
        **_values(all_rows[:1] if shared else all_rows),
        "steps": 0,
        **{name: value for name, value in written.items() if name not in _NOT_COPIED},
    }
    changes = [_beside(new, fields, session.state.positions.get(node))]
    if (mask or drag.mask) is not None:
        changes.append(_link(str(mask or drag.mask), new, "mask"))
    changes += [_link(new, link.target, link.input, link.index) for link in reading.links if link.source == node]
    outputs = outputs_of(GraphText(session.state.text))
    if node in outputs.values():
        named = [change_types.NamedOutput(name=name, node=new if one == node else one) for name, one in outputs.items()]
        changes.append(change_types.SetOutputs(outputs=named))
    return changes, new


def set_steps(node: str, steps: int) -> Change:
    """Return the change that makes a drag end where it is."""
    return change_types.SetField(set=change_types.FieldValue(node=node, field="steps", value=steps))


def _beside(new: str, fields: dict[str, Any], at: tuple[float, float] | None) -> Change:
    """Return the change that adds a drag, beside the place `at` of another node."""
    position = None if at is None else (at[0] + _ASIDE[0], at[1] + _ASIDE[1])
    return change_types.AddNode(add=change_types.NewNode(op="drag", id=new, fields=fields, position=position))


def _link(source: str, target: str, port: str, index: int | None = None) -> Change:
    return change_types.ConnectNodes(connect=change_types.Link(source=source, target=target, input=port, index=index))


def _places(node: str, rows: Sequence[DragPoints]) -> list[Change]:
    values = _values(rows)
    return [
        change_types.SetField(set=change_types.FieldValue(node=node, field=name, value=value))
        for name, value in values.items()
    ]


def _values(rows: Sequence[DragPoints]) -> dict[str, Any]:
    """Return the fields `points` and `to`; one row is for all rows."""

    def listed(places: Sequence[tuple[Place, ...]]) -> list[Any]:
        lists = [[list(place) for place in one] for one in places]
        return lists[0] if len(lists) == 1 else lists

    return {"points": listed([one.handles for one in rows]), "to": listed([one.targets for one in rows])}


def _further(node: str, taken: Mapping[str, Any]) -> str:
    """Return a free id with the next number: moved, moved_2, moved_3."""
    base = re.sub(r"_\d+$", "", node)
    number = 2
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"
