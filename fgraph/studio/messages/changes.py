"""Changes of a graph: each is a mapping with one key, which names the kind of change."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, JsonValue

from fgraph import _limits
from fgraph.studio.messages.base import FieldPath, Message, Name, NodeId, Words


class FieldValue(Message):
    """A field of a node, and its value; the path of a value inside a field is written with dots.

    In a field that names a file, `upload:ID` means an uploaded picture.
    """

    node: NodeId
    field: FieldPath
    value: JsonValue


class SetField(Message):
    """Set a field."""

    set: FieldValue


class FieldName(Message):
    """A field of a node."""

    node: NodeId
    field: FieldPath


class UnsetField(Message):
    """Remove a field, which then has its default."""

    unset: FieldName


class NewNode(Message):
    """A node to add. Without an id it gets one that is free."""

    op: Words
    id: NodeId | None = None
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    position: tuple[float, float] | None = None


class AddNode(Message):
    """Add a node."""

    add: NewNode


class RemoveNodes(Message):
    """Remove nodes with their links, and the outputs that name them."""

    remove: Annotated[list[NodeId], Field(max_length=_limits.STUDIO_CHANGES)]


class Link(Message):
    """A link. `input` is the port of `target`; `index` is the place in a list port, None its end."""

    source: NodeId
    target: NodeId
    input: FieldPath
    index: int | None = None


class ConnectNodes(Message):
    """Make a port read a node."""

    connect: Link


class LinkEnd(Message):
    """The end of a link at the node that reads it."""

    target: NodeId
    input: FieldPath
    index: int | None = None


class DisconnectNodes(Message):
    """Remove a link."""

    disconnect: LinkEnd


class NewName(Message):
    """A node and its new id."""

    node: NodeId
    to: NodeId


class RenameNode(Message):
    """Rename a node, and everything that reads it."""

    rename: NewName


class Bypass(Message):
    """A node, and whether its readers read its first input of the same kind instead."""

    node: NodeId
    on: bool


class BypassNode(Message):
    """Take a node out of the graph without removing it, or put it back."""

    bypass: Bypass


class NamedOutput(Message):
    """An output and the node that it shows."""

    name: Name
    node: NodeId


class SetOutputs(Message):
    """Replace the outputs."""

    outputs: Annotated[list[NamedOutput], Field(max_length=_limits.STUDIO_CHANGES)]


class SetModel(Message):
    """Choose the main model, by a name of the catalogue."""

    model: Words


class Group(Message):
    """A frame around nodes on the canvas of the graph."""

    id: Name
    title: Words
    nodes: Annotated[list[NodeId], Field(max_length=_limits.STUDIO_CHANGES)]


class Places(Message):
    """Positions of nodes on the canvas; `groups` replaces all groups, None leaves them."""

    positions: dict[NodeId, tuple[float, float]] = Field(default_factory=dict, max_length=_limits.STUDIO_CHANGES)
    groups: Annotated[list[Group], Field(max_length=_limits.STUDIO_CHANGES)] | None = None


class PlaceNodes(Message):
    """Move nodes on the canvas."""

    place: Places


class Key(Message):
    """A moment of a film: the values that fields have there."""

    time: Annotated[float, Field(ge=0, le=_limits.STUDIO_FILM)]
    values: Annotated[list[FieldValue], Field(max_length=_limits.STUDIO_CHANGES)]


class Timeline(Message):
    """The film of a graph: its length, and the keys between which fields move."""

    seconds: Annotated[float, Field(gt=0, le=_limits.STUDIO_FILM)]
    keys: Annotated[list[Key], Field(max_length=_limits.STUDIO_CHANGES)]


class SetFilm(Message):
    """Replace the film that is kept beside the graph; None removes it."""

    film: Timeline | None


class SetParams(Message):
    """Set parameters of the graph; None removes one."""

    params: dict[Name, JsonValue]


class SetSeed(Message):
    """Set the seed of the graph."""

    seed: Annotated[int, Field(ge=0, le=_limits.SEED)]


Change: TypeAlias = (
    SetField
    | UnsetField
    | AddNode
    | RemoveNodes
    | ConnectNodes
    | DisconnectNodes
    | RenameNode
    | BypassNode
    | SetOutputs
    | SetModel
    | PlaceNodes
    | SetFilm
    | SetParams
    | SetSeed
)
