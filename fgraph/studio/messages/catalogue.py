"""The catalogue: what a graph can be made of; `GET /api/catalogue` and the answer to an upload."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from fgraph.studio.messages.base import Message


class GraphEntry(Message):
    """A bundled graph by its name, with the first sentence of its comment."""

    name: str
    summary: str


class ModelEntry(Message):
    """A model that can be chosen, by its name."""

    name: str
    size: tuple[int, int]
    """height, width"""
    kind: str
    w_dim: int
    num_ws: int


class DirectionEntry(Message):
    """A named direction with its published range. `fits` are the models of the catalogue that it can move.

    `strength` is the default of a node.
    """

    name: str
    model: str
    fits: list[str]
    layers: str
    low: float
    high: float
    strength: float
    source: str


class InputEntry(Message):
    """A port of a node. `types` are the kinds that it takes, Latent included where Features are."""

    name: str
    types: list[str]
    required: bool
    many: bool
    description: str


class NodeEntry(Message):
    """A node: one entry for each op and, for an op with kinds, each kind."""

    op: str
    kind: str | None
    category: str
    summary: str
    description: str
    makes: str | None
    """the kind of its value; None: the kind of its first input"""
    inputs: list[InputEntry]
    fields: dict[str, JsonValue]
    """JSON Schema by name, without ports; `#/$defs/NAME` is in the `defs` of the catalogue"""
    required: list[str]


class Catalogue(Message):
    """Everything that a graph can be made of."""

    version: str
    graphs: list[GraphEntry]
    models: list[ModelEntry]
    directions: list[DirectionEntry]
    nodes: list[NodeEntry]
    defs: dict[str, JsonValue]
    formats: list[str]
    """of exports and films that this installation can write"""


class Uploaded(Message):
    """An upload as the studio stores it: its id, and the size of a picture."""

    id: str
    kind: Literal["graph", "image"]
    width: int | None = None
    height: int | None = None
