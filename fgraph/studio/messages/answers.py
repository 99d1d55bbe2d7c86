"""Answers and events of the studio; `event` names the kind of an event."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from fgraph.studio.messages.base import Message
from fgraph.studio.messages.changes import Group, Timeline


class Refusal(Message):
    """The reason why a request was refused. A fault of the graph has the message that `check` prints."""

    message: str
    node: str | None = None
    field: str | None = None


class Answer(Message):
    """The answer to a request. The kind of request decides which of the optional fields are set."""

    re: int
    ok: bool
    error: Refusal | None = None
    path: str | None = None
    """save: the file, for display"""
    text: str | None = None
    """command, python: the text to copy"""
    file: str | None = None
    """export, film: the id of the file, which an event `file` announces"""
    ids: list[str] | None = None
    """edit: the ids of the nodes that were added"""


class NodeFault(Message):
    """A fault of a node, at a field if it has one."""

    message: str
    field: str | None = None


class NodeState(Message):
    """A node of the graph. `fields` are as written, without `op`; `makes` is the kind of its value, None if unknown."""

    id: str
    op: str
    fields: dict[str, JsonValue]
    makes: str | None
    rows: int
    bypassed: bool
    bypassable: bool
    position: tuple[float, float] | None
    faults: list[NodeFault]
    line: int | None
    """where it begins in the text, from 1"""


class LinkState(Message):
    """A link with the kind of value that it carries, None if unknown."""

    source: str
    target: str
    input: str
    index: int | None
    type: str | None


class OutputState(Message):
    """An output with the kind of its value and the number of its rows."""

    name: str
    node: str
    kind: str | None
    rows: int


class GraphEvent(Message):
    """The graph after every change."""

    event: Literal["graph"] = "graph"
    revision: int
    title: str
    yaml: str
    nodes: list[NodeState]
    links: list[LinkState]
    outputs: list[OutputState]
    model: str
    models: dict[str, str]
    params: dict[str, JsonValue]
    groups: list[Group]
    film: Timeline | None
    seed: int
    faults: list[str]
    """faults that belong to no node"""
    can_undo: bool
    can_redo: bool
    saved_as: str | None
    is_saved: bool
    changed_on_disk: bool
    state: str
    """the id of this state in the history"""
    view: ViewState


class ViewState(Message):
    """The output and row that are shown."""

    output: str | None
    row: int


class Forecast(Message):
    """The cost of the run that starts; `seconds` is None if the device was not measured."""

    event: Literal["forecast"] = "forecast"
    revision: int
    calls: int
    gflop: float
    seconds: float | None
    bytes: int


class SearchState(Message):
    """The quality of a search: the number of unfinished rows, their mean loss, and the largest distance in pixels.

    The distance is from a point of a drag to its target.
    """

    rows: int
    loss: float | None
    distance: float | None


class Progress(Message):
    """The progress of a run in steps, or of the search that `stage` names in iterations."""

    event: Literal["progress"] = "progress"
    revision: int
    done: int
    total: int
    stage: str
    search: SearchState | None = None


class Done(Message):
    """The end of a run: the number of layer rows that were computed, and the number that was saved.

    A tile of half the canvas counts as half a row.
    """

    event: Literal["done"] = "done"
    revision: int
    seconds: float
    recomputed: int
    reused: int


class Failed(Message):
    """The end of a run that made no picture: the reason, with the node and the field if they are known."""

    event: Literal["failed"] = "failed"
    revision: int
    message: str
    node: str | None = None
    field: str | None = None


class DragRow(Message):
    """A row of a drag: the number of steps so far, the points with their targets, and the earlier places of the points.

    Places are fractions of the image, x before y. `trail` has a list of places for each recorded time, oldest first.
    `distance` is the mean distance of the points from their targets, in pixels.
    """

    row: int
    steps: int
    points: list[tuple[float, float]]
    targets: list[tuple[float, float]]
    trail: list[list[tuple[float, float]]]
    distance: float
    ending: Literal["arrived", "stuck", "lost", "steps"] | None
    remedy: str | None
    """what to do about the ending, if it is stuck or lost"""


class DragEvent(Message):
    """The progress of a drag; `running` is true until it has stopped."""

    event: Literal["drag"] = "drag"
    revision: int
    node: str
    running: bool
    rows: list[DragRow]


class LayerState(Message):
    """A layer of the plan: its calls, rows and cost, and `gflop_whole`, the cost if each row were the whole canvas.

    `unbatched_rows` is the number of rows before the passes, and `regions` the number of different sizes of tiles.
    """

    name: str
    resolution: int
    calls: int
    rows: int
    unbatched_rows: int
    gflop: float
    gflop_whole: float
    regions: int


class Savings(Message):
    """The calls and the cost of the plan, beside those of one pass after the other (`unbatched_`).

    `shared_gflop` is the cost if equal rows are computed once, but each row as a whole. The difference to `gflop` is
    what regions and differences save. `bytes` is the peak of memory.
    """

    calls: int
    unbatched_calls: int
    gflop: float
    shared_gflop: float
    unbatched_gflop: float
    bytes: int


class Timing(Message):
    """The seconds that one kind of step took in the last run."""

    name: str
    seconds: float


class PlanEvent(Message):
    """The plan of the viewed output, and the times of its last run."""

    event: Literal["plan"] = "plan"
    revision: int
    layers: list[LayerState]
    savings: Savings
    timings: list[Timing]


class FileReady(Message):
    """A file of an export or a film that can be downloaded from `/api/files/ID`."""

    event: Literal["file"] = "file"
    file: str
    name: str
    bytes: int


class FacesEvent(Message):
    """The faces in the photograph that a node reads.

    A face is four places in pixels of the upright photograph: both eyes, then both corners of the mouth, each pair from
    left to right in the picture. The largest face comes first.
    """

    event: Literal["faces"] = "faces"
    node: str
    detector: str
    width: int
    height: int
    faces: list[list[tuple[float, float]]]
    message: str | None
    """why the search for faces failed"""


class Quality(Message):
    """The quality of the inversion in a photograph: PSNR in dB, GMSD, and the Mahalanobis distance of the code."""

    event: Literal["quality"] = "quality"
    revision: int
    psnr: float
    gradients: float
    distance: float | None


class HistoryState(Message):
    """A state that was shown; `time` is in seconds since 1970."""

    id: str
    parent: str | None
    label: str
    time: float
    favourite: bool


class HistoryEvent(Message):
    """The history, oldest first. The thumbnails follow as binary messages."""

    event: Literal["history"] = "history"
    states: list[HistoryState]
    current: str
    seeds: dict[str, list[int]]
    """favourite seeds, by the name of the model"""


Event: TypeAlias = Annotated[
    GraphEvent
    | Forecast
    | Progress
    | Done
    | Failed
    | DragEvent
    | PlanEvent
    | HistoryEvent
    | FileReady
    | FacesEvent
    | Quality,
    Field(discriminator="event"),
]


class Picture(Message):
    """The header of a picture of the viewed output. `stage` is `final`, or the block that the picture previews."""

    event: Literal["picture"] = "picture"
    revision: int
    output: str
    row: int
    rows: int
    stage: str
    width: int
    height: int
    seconds: float
    """since the edit"""
    mime: str


class Thumbnail(Message):
    """The header of a thumbnail. `key` is its place in its sheet, the id of a state, or the node of a photograph.

    The width and height of a photograph are those of its file.
    """

    event: Literal["thumbnail"] = "thumbnail"
    sheet: Literal["seeds", "sweep", "history", "ablate", "explain", "film", "photo"]
    key: str
    re: int
    """the request, -1 if none"""
    values: list[JsonValue]
    width: int
    height: int
    mime: str


BinaryHeader: TypeAlias = Annotated[Picture | Thumbnail, Field(discriminator="event")]
