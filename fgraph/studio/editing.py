"""Changes of the page -> edits of the text of a graph, and of the data that the studio keeps beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fgraph._errors import FgraphError
from fgraph.declare.source import DocumentPath
from fgraph.node import field_roles
from fgraph.registry import SUBGRAPH
from fgraph.studio.messages import changes as change_types
from fgraph.studio.reading import Reading, bypass_source, class_of, field_path, node_path, ports_of
from fgraph.studio.text import EditError, GraphText

Place = tuple[str, str, int | None]  # the end of a link: node, port, index in a list port


@dataclass(frozen=True)
class Bypassed:
    """A node that is bypassed: what its readers read instead, and the ports and outputs that read it before."""

    source: str
    readers: tuple[Place, ...]
    outputs: tuple[str, ...] = ()


@dataclass
class Draft:
    """A graph that is being changed: its text, and the canvas."""

    text: GraphText
    positions: dict[str, tuple[float, float]] = field(default_factory=dict)
    groups: list[change_types.Group] = field(default_factory=list)
    bypassed: dict[str, Bypassed] = field(default_factory=dict)
    film: change_types.Timeline | None = None
    added: list[str] = field(default_factory=list)  # ids of new nodes


def apply_change(draft: Draft, change: change_types.Change, read: Callable[[GraphText], Reading]) -> None:
    """Apply a change to a draft. `read` reads a text, for changes that depend on kinds.

    Raises:
        FgraphError: the change is not possible.
    """
    if isinstance(change, change_types.BypassNode):
        _bypass(draft, change.bypass, read)
    else:
        _APPLY[type(change)](draft, change)


def _expect_node(draft: Draft, node: str) -> Mapping[str, Any]:
    draft.text.expect_sound()
    found = draft.text.get(*node_path(node))
    if not isinstance(found, Mapping):
        raise EditError(f"there is no node '{node}'")
    return found


def _set(draft: Draft, change: change_types.SetField) -> None:
    node = _expect_node(draft, change.set.node)
    path = field_path(change.set.node, change.set.field)
    draft.text = draft.text.set(path, change.set.value)
    if change.set.field == "kind" and node.get("kind") != change.set.value:
        _drop_unknown(draft, change.set.node)


def _drop_unknown(draft: Draft, node: str) -> None:
    """Remove the fields of a node that its new kind does not have."""
    node_class = class_of(draft.text.get(*node_path(node)))
    for name in draft.text.get(*node_path(node)) if node_class is not None else ():
        if name not in node_class.model_fields:  # type: ignore[union-attr] # there is a class, or no name
            draft.text = draft.text.remove((*node_path(node), name))


def _unset(draft: Draft, change: change_types.UnsetField) -> None:
    _expect_node(draft, change.unset.node)
    draft.text = draft.text.remove(field_path(change.unset.node, change.unset.field))


def _add(draft: Draft, change: change_types.AddNode) -> None:
    new = change.add
    known = draft.text.get("nodes") or {}
    if new.id is not None and (new.id in known or "." in new.id):
        raise EditError(f"there is a node '{new.id}' already" if new.id in known else f"'{new.id}' is not an id")
    name = new.id or next(one for one in _names(new.op) if one not in known)
    draft.text = draft.text.set(("nodes", name), {"op": new.op, **new.fields})
    draft.added.append(name)
    if new.position is not None:
        draft.positions[name] = new.position


def _names(op: str) -> Iterator[str]:
    yield op
    number = 2
    while True:
        yield f"{op}_{number}"
        number += 1


def _remove(draft: Draft, change: change_types.RemoveNodes) -> None:
    for node in change.remove:
        _expect_node(draft, node)
        for target, port, index in sorted(_readers(draft.text, node), key=lambda one: -(one[2] or 0)):
            _cut(draft, target, port, index)
        draft.text = draft.text.remove(node_path(node))
        _write_outputs(draft, {name: one for name, one in outputs_of(draft.text).items() if one != node})
        draft.positions.pop(node, None)
        draft.bypassed.pop(node, None)
    _change_film(draft, lambda node: None if node in change.remove else node)


def _change_film(draft: Draft, renamed: Callable[[str], str | None]) -> None:
    """Rename the nodes of the film; remove those that become None."""
    if draft.film is None:
        return
    keys = [
        change_types.Key(
            time=key.time,
            values=[
                value.model_copy(update={"node": name})
                for value in key.values
                if (name := renamed(value.node)) is not None
            ],
        )
        for key in draft.film.keys
    ]
    draft.film = change_types.Timeline(seconds=draft.film.seconds, keys=[key for key in keys if key.values])


def _readers(text: GraphText, node: str) -> list[Place]:
    """Return the ends of the links of a node."""
    found: list[Place] = []
    for target, fields in (text.get("nodes") or {}).items():
        if not isinstance(fields, Mapping):
            continue
        for port, value in _inputs(fields).items():
            if value == node:
                found.append((target, port, None))
            elif isinstance(value, list):
                found += [(target, port, index) for index, one in enumerate(value) if one == node]
    return found


def _inputs(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if fields.get("op") == SUBGRAPH:
        inputs = fields.get("inputs")
        return inputs if isinstance(inputs, Mapping) else {}
    return {port: fields[port] for port in ports_of(fields) if port in fields}


def _port_path(draft: Draft, target: str, port: str) -> DocumentPath:
    node = _expect_node(draft, target)
    if node.get("op") == SUBGRAPH:
        return (*node_path(target), "inputs", port)
    if port not in ports_of(node):
        raise EditError(f"'{target}' has no input '{port}'")
    return (*node_path(target), port)


def _connect(draft: Draft, change: change_types.ConnectNodes) -> None:
    link = change.connect
    _expect_node(draft, link.source)
    path = _port_path(draft, link.target, link.input)
    node_class = class_of(_expect_node(draft, link.target))
    if node_class is None or link.input not in field_roles(node_class).list_ports:
        draft.text = draft.text.set(path, link.source)
        return
    value = draft.text.get(*path)
    listed = list(value) if isinstance(value, list) else [value] if isinstance(value, str) else []
    if link.index is not None and 0 <= link.index < len(listed):
        listed[link.index] = link.source
    else:
        listed.append(link.source)
    draft.text = draft.text.set(path, listed)


def _disconnect(draft: Draft, change: change_types.DisconnectNodes) -> None:
    end = change.disconnect
    _cut(draft, end.target, end.input, end.index)


def _cut(draft: Draft, target: str, port: str, index: int | None) -> None:
    path = _port_path(draft, target, port)
    value = draft.text.get(*path)
    if index is not None and isinstance(value, list) and 0 <= index < len(value) > 1:
        draft.text = draft.text.set(path, value[:index] + value[index + 1 :])
    else:
        draft.text = draft.text.remove(path)


def _rename(draft: Draft, change: change_types.RenameNode) -> None:
    old, new = change.rename.node, change.rename.to
    _expect_node(draft, old)
    if "." in old or "." in new:
        raise EditError("a node inside a sub-graph keeps its id")
    if new in (draft.text.get("nodes") or {}):
        raise EditError(f"there is a node '{new}' already")
    readers, outputs = _readers(draft.text, old), outputs_of(draft.text)
    draft.text = draft.text.rename(node_path(old), new)
    for target, port, index in readers:
        _read_instead(draft, (new if target == old else target, port, index), new)
    if old in outputs.values():
        _write_outputs(
            draft, {new if name == old else name: new if one == old else one for name, one in outputs.items()}
        )
    if old in draft.positions:
        draft.positions[new] = draft.positions.pop(old)
    draft.groups = [
        one.model_copy(update={"nodes": [new if node == old else node for node in one.nodes]}) for one in draft.groups
    ]
    draft.bypassed.pop(old, None)
    _change_film(draft, lambda node: new if node == old else node)


def _read_instead(draft: Draft, place: Place, source: str) -> None:
    target, port, index = place
    path = _port_path(draft, target, port)
    draft.text = draft.text.set(path if index is None else (*path, index), source)


def _bypass(draft: Draft, change: change_types.Bypass, read: Callable[[GraphText], Reading]) -> None:
    node = change.node
    _expect_node(draft, node)
    if not change.on:
        _restore(draft, node)
        return
    if node in draft.bypassed:
        return
    source = bypass_source(read(draft.text), node)
    if source is None:
        raise EditError(f"'{node}' cannot be bypassed: it reads nothing of the kind that it makes")
    readers, outputs = tuple(_readers(draft.text, node)), outputs_of(draft.text)
    for place in readers:
        _read_instead(draft, place, source)
    _write_outputs(draft, {name: source if one == node else one for name, one in outputs.items()})
    draft.bypassed[node] = Bypassed(source, readers, tuple(name for name, one in outputs.items() if one == node))


def _restore(draft: Draft, node: str) -> None:
    """Make the readers of a bypassed node read it again, except those that were changed meanwhile."""
    known = draft.bypassed.pop(node, None)
    if known is None:
        return
    for place in known.readers:
        if _reads(draft.text, place) == known.source:
            _read_instead(draft, place, node)
    outputs = outputs_of(draft.text)
    _write_outputs(
        draft,
        {name: node if name in known.outputs and one == known.source else one for name, one in outputs.items()},
    )


def _reads(text: GraphText, place: Place) -> Any:
    target, port, index = place
    value = _inputs(text.get(*node_path(target)) or {}).get(port)
    if index is None:
        return value
    return value[index] if isinstance(value, list) and index < len(value) else None


def outputs_of(text: GraphText) -> dict[str, str]:
    """Return the outputs of a text, name -> id."""
    outputs = text.get("outputs")
    if isinstance(outputs, Mapping):
        return {str(name): str(node) for name, node in outputs.items()}
    return {str(node): str(node) for node in outputs} if isinstance(outputs, list) else {}


def _write_outputs(draft: Draft, outputs: Mapping[str, str]) -> None:
    if outputs == outputs_of(draft.text):
        return
    plain = all(name == node for name, node in outputs.items())
    draft.text = draft.text.set(("outputs",), list(outputs) if plain else dict(outputs))


def _set_outputs(draft: Draft, change: change_types.SetOutputs) -> None:
    names = [one.name for one in change.outputs]
    if len(set(names)) < len(names):
        raise EditError("two outputs have one name")
    _write_outputs(draft, {one.name: one.node for one in change.outputs})


def _set_model(draft: Draft, change: change_types.SetModel) -> None:
    draft.text = draft.text.set(("models", "main"), change.model)


def _place(draft: Draft, change: change_types.PlaceNodes) -> None:
    draft.positions |= change.place.positions
    if change.place.groups is not None:
        draft.groups = list(change.place.groups)


def _set_film(draft: Draft, change: change_types.SetFilm) -> None:
    draft.film = change.film


def _set_params(draft: Draft, change: change_types.SetParams) -> None:
    for name, value in change.params.items():
        path = ("params", name)
        draft.text = draft.text.remove(path) if value is None else draft.text.set(path, value)


def _set_seed(draft: Draft, change: change_types.SetSeed) -> None:
    draft.text = draft.text.set(("seed",), change.seed)


_APPLY: Mapping[type, Callable[[Draft, Any], None]] = {
    change_types.SetField: _set,
    change_types.UnsetField: _unset,
    change_types.AddNode: _add,
    change_types.RemoveNodes: _remove,
    change_types.ConnectNodes: _connect,
    change_types.DisconnectNodes: _disconnect,
    change_types.RenameNode: _rename,
    change_types.SetOutputs: _set_outputs,
    change_types.SetModel: _set_model,
    change_types.PlaceNodes: _place,
    change_types.SetFilm: _set_film,
    change_types.SetParams: _set_params,
    change_types.SetSeed: _set_seed,
}


class Refused(FgraphError):
    """A request that is refused, with the node and field that it is about."""

    def __init__(self, message: str, node: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.node = node
        self.field = field
