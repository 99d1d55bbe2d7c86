"""The catalogue of nodes, graphs, models and directions, with the texts of the documentation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from fgraph._ports import Kind
from fgraph._version import __version__
from fgraph.api.bundled import bundled_nodes
from fgraph.array_files.named_edits import SOURCES, NamedEdit, published_edits
from fgraph.declare.schema import json_schema
from fgraph.declare.text_files import read_text
from fgraph.node import field_roles
from fgraph.registry import NodeClass, literals, op_of
from fgraph.studio.exporting import writable_formats
from fgraph.studio.messages import Catalogue, DirectionEntry, GraphEntry, InputEntry, ModelEntry, NodeEntry
from fgraph.studio.opening import GRAPHS
from fgraph.stylegan.checkpoints.header import BUNDLED

_CATEGORIES = {
    Kind.LATENT: "codes", Kind.FEATURES: "passes", Kind.MASK: "masks", Kind.IMAGE: "images",
    Kind.PHOTOGRAPH: "images", None: "edits",
}  # fmt: skip
_LIMIT_OF_CHANNELS = 10.0  # deviations: StyleSpace publishes no range
_CONFIG_F_WIDTH = 512  # width of w
_SENTENCE = re.compile(r"(?<=\.)(?<!et al\.)\s")


def make_catalogue(models: Sequence[ModelEntry]) -> Catalogue:
    """Return the catalogue with these models."""
    return Catalogue(
        version=__version__,
        graphs=[
            GraphEntry(name=path.stem, summary=_comment(read_text(path))) for path in sorted(GRAPHS.glob("*.yaml"))
        ],
        models=list(models),
        directions=[_direction(edit, models) for edit in published_edits().values()],
        nodes=_nodes(),
        defs=_definitions(),
        formats=writable_formats(),
    )


def _comment(text: str) -> str:
    """Return the first sentence of the comment at the start of a graph file."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return _SENTENCE.split(" ".join(lines), maxsplit=1)[0]


def _direction(edit: NamedEdit, models: Sequence[ModelEntry]) -> DirectionEntry:
    has_limit = edit.is_bundled or edit.component is not None
    limit = abs(edit.strength) if has_limit else _LIMIT_OF_CHANNELS
    return DirectionEntry(
        name=edit.name,
        model=f"{edit.model}, {edit.size} pixels",
        fits=[one.name for one in models if _fits(edit, one)],
        layers=edit.rows or ", ".join(f"{layer}:{channel}" for layer, channel, _ in edit.channels) or "all",
        low=-limit,
        high=limit,
        strength=edit.strength,
        source=SOURCES.get(edit.source, edit.source),
    )


def _fits(edit: NamedEdit, model: ModelEntry) -> bool:
    """Return whether an edit, without a file, moves a model: a bundled one, or one of the published shape."""
    if edit.is_bundled or model.name in BUNDLED:
        return edit.model == model.name
    is_config_f = model.kind == "skip" and model.w_dim == _CONFIG_F_WIDTH
    return bool(edit.channels) and is_config_f and model.size == (edit.size, edit.size)


@cache
def _schema() -> dict[str, Any]:
    return json_schema(bundled_nodes())


@cache
def _definitions() -> dict[str, Any]:
    names = {name for name, _ in _classes()}
    kept = {name: one for name, one in _schema()["$defs"].items() if name not in names}
    for name in ("node", "nodes", "open_nodes", "outputs"):
        kept.pop(name)
    return kept


@cache
def _classes() -> tuple[tuple[str, NodeClass], ...]:
    """Return each node class with the name of its definition in the schema."""
    found = []
    for node_class in bundled_nodes():
        op, kinds = op_of(node_class), literals(node_class, "kind")
        for name, definition in _schema()["$defs"].items():
            fields = definition.get("properties", {})
            if fields.get("op", {}).get("const") == op and (not kinds or set(kinds) & set(_values(fields.get("kind")))):
                found.append((name, node_class))
    return tuple(found)


def _values(schema: Any) -> list[str]:
    if not isinstance(schema, dict):
        return []
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


@cache
def _nodes() -> list[NodeEntry]:
    return [entry for name, node_class in _classes() for entry in _entries(name, node_class)]


def _entries(name: str, node_class: NodeClass) -> Iterator[NodeEntry]:
    definition, roles = _schema()["$defs"][name], field_roles(node_class)
    text = inspect.cleandoc(node_class.__doc__ or "")
    fields = {
        field: schema
        for field, schema in definition["properties"].items()
        if field not in roles.ports and field not in ("op", "kind")
    }
    for kind in literals(node_class, "kind") or (None,):
        yield NodeEntry(
            op=op_of(node_class),
            kind=kind,
            category=_CATEGORIES[node_class.produces],
            summary=_SENTENCE.split(text, maxsplit=1)[0],
            description=text,
            makes=None if node_class.produces is None else str(node_class.produces),
            inputs=[_input(node_class, port) for port in roles.ports],
            fields=fields,
            required=[one for one in definition.get("required", []) if one in fields],
        )


def _input(node_class: NodeClass, port: str) -> InputEntry:
    roles = field_roles(node_class)
    return InputEntry(
        name=port,
        types=[str(kind) for kind in Kind if roles.ports[port].accepts(kind)],
        required=port not in roles.optional_ports,
        many=port in roles.list_ports,
        description=node_class.model_fields[port].description or "",
    )
