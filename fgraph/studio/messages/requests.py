"""Requests of the page; `do` names the kind, and the answer has the `id` of the request as `re`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from fgraph import _limits
from fgraph.dragging.points import MOST_POINTS
from fgraph.faces import Detector
from fgraph.studio.messages.base import FieldPath, Message, Name, NodeId, Row, Token, Words
from fgraph.studio.messages.changes import Change, Key

Values: TypeAlias = Annotated[list[JsonValue], Field(min_length=1, max_length=_limits.STUDIO_SHEET)]
GraphText: TypeAlias = Annotated[str, Field(max_length=_limits.STUDIO_MESSAGE)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Points: TypeAlias = Annotated[list[tuple[Share, Share]], Field(min_length=1, max_length=MOST_POINTS)]
Seed: TypeAlias = Annotated[int, Field(ge=0, le=_limits.SEED)]


class Request(Message):
    """The part that all requests have in common."""

    id: Annotated[int, Field(ge=0, le=_limits.SEED)]


class OpenGraph(Message):
    """A bundled graph, by its name in the catalogue."""

    graph: Name


class OpenUpload(Message):
    """A graph that was uploaded, or that an uploaded picture holds."""

    upload: Token


class OpenPhotograph(Message):
    """A graph that edits an uploaded photograph."""

    photograph: Token


class OpenText(Message):
    """A graph as YAML text."""

    example: GraphText


class Open(Request):
    """Open a graph in place of the current one, which the history keeps."""

    do: Literal["open"]
    what: OpenGraph | OpenUpload | OpenPhotograph | OpenText


class Edit(Request):
    """Change the graph. Edits with one `gesture` are one step of undo."""

    do: Literal["edit"]
    changes: Annotated[list[Change], Field(min_length=1, max_length=_limits.STUDIO_CHANGES)]
    gesture: Words | None = None


class SetYaml(Request):
    """Replace the text of the graph."""

    do: Literal["set_yaml"]
    text: GraphText
    gesture: Words | None = None


class View(Request):
    """Choose the output and the row to show."""

    do: Literal["view"]
    output: Words
    row: Row = 0


class Seeds(Request):
    """Draw the viewed output for consecutive seeds of a node, as thumbnails."""

    do: Literal["seeds"]
    node: NodeId
    start: Seed
    count: Annotated[int, Field(ge=1, le=_limits.STUDIO_SHEET)]


class Axis(Message):
    """A field and its values along one side of a sheet."""

    node: NodeId
    field: FieldPath
    values: Values


class Sweep(Request):
    """Draw the viewed output for the values of one or two fields, as thumbnails."""

    do: Literal["sweep"]
    x: Axis
    y: Axis | None = None


class GoTo(Request):
    """Return to a state of the history."""

    do: Literal["goto"]
    state: Token


class Favourite(Request):
    """Mark a state of the history, or unmark it."""

    do: Literal["favourite"]
    state: Token
    on: bool


class FavouriteSeed(Request):
    """Mark a seed of a model as a favourite, or unmark it."""

    do: Literal["favourite_seed"]
    model: Words
    seed: Seed
    on: bool


class Save(Request):
    """Write the graph to a file in the folder of the studio, or to the file that it was opened from.

    `replace` allows the file to be replaced if it has changed on disk since it was opened or saved.
    """

    do: Literal["save"]
    name: Name
    replace: bool = False


class Film(Request):
    """Make a film of the viewed output whose fields move between keys; `play` sends frames, and no file is made."""

    do: Literal["film"]
    keys: Annotated[list[Key], Field(min_length=2, max_length=_limits.STUDIO_CHANGES)]
    seconds: Annotated[float, Field(gt=0, le=_limits.STUDIO_FILM)]
    fps: Annotated[int, Field(ge=1, le=60)] = 24
    format: Literal["mp4", "gif", "play"]


class Export(Request):
    """Write an output to a file to download, by default the viewed one; films take all rows of the output as frames.

    A photograph has its own size and metadata.
    """

    do: Literal["export"]
    format: Literal["png", "webp", "gif", "mp4", "tiff"]
    fps: Annotated[int, Field(ge=1, le=60)] = 24
    output: Words | None = None


class Faces(Request):
    """Find the faces in the photograph that a node reads; the answer has the faces and the photograph."""

    do: Literal["faces"]
    node: NodeId
    detector: Detector = "mtcnn"


class Ablate(Request):
    """Draw the viewed output with a node and without it, as thumbnails."""

    do: Literal["ablate"]
    node: NodeId


class DragStart(Request):
    """Start or continue a drag of the viewed output; it ends with `drag_stop`, or with any other change."""

    do: Literal["drag_start"]
    node: NodeId


class DragChange(Request):
    """Set the points of a drag in one row, their targets, or the mask of the part that may move; None changes nothing.

    `mask` names a mask of the graph, `shape` has the fields of a new one.

    A drag that has already moved keeps its result: a new drag continues from there. A running drag continues.
    """

    do: Literal["drag_change"]
    node: NodeId
    row: Row = 0
    points: Points | None = None
    to: Points | None = None
    mask: NodeId | None = None
    shape: dict[str, JsonValue] | None = None


class Plain(Request):
    """A request without further fields.

    `undo`, `redo`; `reload`: read the file of the graph again; `cancel`: stop the current run; `drag_stop`: end the
    running drag, and keep its result; `plan`: send the plan; `history`: send the history; `command`, `python`: answer
    with the graph as a command or a program; `explain`: draw every output without each node, as thumbnails.
    """

    do: Literal["undo", "redo", "cancel", "drag_stop", "plan", "history", "command", "python", "reload", "explain"]


AnyRequest: TypeAlias = Annotated[
    Open
    | Edit
    | SetYaml
    | View
    | Seeds
    | Sweep
    | GoTo
    | Favourite
    | FavouriteSeed
    | Save
    | Film
    | Export
    | Faces
    | Ablate
    | DragStart
    | DragChange
    | Plain,
    Field(discriminator="do"),
]
