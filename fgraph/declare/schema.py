"""Node classes -> JSON Schema of a graph file, for editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from fgraph import _limits
from fgraph._row_lists import EASES
from fgraph.declare.checking import Head
from fgraph.declare.node_checking import SubgraphHead
from fgraph.declare.spec import ID_PATTERN, OUTPUT_PATTERN
from fgraph.node import field_roles
from fgraph.registry import SUBGRAPH, NodeClass, kinds_of, registry

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FIXED = ("op", "kind", "version")  # fields that decide the meaning of the rest, so they cannot be interpolated
_REFERENCE = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_.]*$"}


def json_schema(classes: Iterable[NodeClass]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a graph file with these nodes.

    In a file with a `defaults` list, a node can have its `op` from there, so the schema allows nodes without it.
    """
    classes = tuple(dict.fromkeys(classes))
    models: list[type[BaseModel]] = [*classes, Head, SubgraphHead]
    refs, generated = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    defs: dict[str, Any] = generated["$defs"]
    names = {model: refs[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    head, inner = defs.pop(names[Head]), defs[names[SubgraphHead]]
    for node_class in classes:
        _allow_row_lists(node_class, defs[names[node_class]])
    for definition in defs.values():
        _allow_interpolation(definition)
    inner["properties"]["nodes"] = _ref("nodes", description="the inner nodes, by id")
    for node_class in classes:
        defs[names[node_class]]["required"] = _required(node_class, defs[names[node_class]])
    defs |= {
        "interpolation": {"type": "string", "pattern": r"\$\{", "description": "such as ${...params.seed}"},
        "node": _node(classes, names),
        "nodes": _by_id(_ref("node")),
        "open_nodes": _by_id({"type": "object", "if": {"required": ["op"]}, "then": _ref("node")}),
        "outputs": _outputs(),
        "row_list": _row_list(),
    }
    return {"$schema": _DIALECT, "title": "fgraph graph", **_document(head), "$defs": dict(sorted(defs.items()))}


def _document(head: dict[str, Any]) -> dict[str, Any]:
    _allow_interpolation(head)
    properties = head["properties"]
    properties["models"]["additionalProperties"] = {"type": "string"}
    properties["nodes"] = {"type": "object", "description": properties["nodes"]["description"]}
    properties["outputs"] = _ref("outputs", description=properties["outputs"]["description"])
    properties["defaults"] = {"type": "array", "description": "what Hydra merges: '/subgraph@nodes.left: pose_align'"}
    return {
        "description": "A graph of nodes that edit images through a StyleGAN generator.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "if": {"required": ["defaults"]},
        "then": {"properties": {"nodes": _ref("open_nodes")}},
        "else": {"properties": {"nodes": _ref("nodes")}, "required": ["nodes"]},
    }


def _node(classes: Iterable[NodeClass], names: Mapping[type[BaseModel], str]) -> dict[str, Any]:
    """Return the schema of a node: `op` and, for an op with kinds, `kind` select the definition."""
    cases = []
    ops = registry(classes)
    for op, entry in ops.items():
        kinds = kinds_of(entry)
        if kinds is None:
            cases.append(_case("op", op, _ref(names[entry])))  # type: ignore[index]
            continue
        by_kind = [_case("kind", kind, _ref(names[node_class])) for kind, node_class in kinds.items()]
        cases.append(
            _case("op", op, {"required": ["kind"], "properties": {"kind": {"enum": list(kinds)}}, "allOf": by_kind})
        )
    cases.append(_case("op", SUBGRAPH, _ref(names[SubgraphHead])))
    return {
        "type": "object",
        "required": ["op"],
        "properties": {"op": {"enum": [*ops, SUBGRAPH], "description": "which node this is"}},
        "allOf": cases,
    }


def _case(key: str, value: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _by_id(node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": ID_PATTERN}, "additionalProperties": node}


def _outputs() -> dict[str, Any]:
    listed = {"type": "array", "items": _REFERENCE, "minItems": 1, "uniqueItems": True}
    named = {"type": "object", "propertyNames": {"pattern": OUTPUT_PATTERN}, "additionalProperties": _REFERENCE}
    return {"anyOf": [listed, named]}


def _row_list() -> dict[str, Any]:
    """Return the schema of a range, of keyframes and of a curve, which `fgraph._row_lists` reads."""
    ease, count = {"enum": list(EASES)}, {"type": "integer", "minimum": 1, "maximum": _limits.ROWS}
    path = {"type": "string", "format": "path"}
    kinds: tuple[tuple[tuple[str, ...], dict[str, dict[str, Any]]], ...] = (
        (("from", "to", "count"), {"from": {}, "to": {}, "count": count, "ease": ease, "closed": {"type": "boolean"}}),
        (
            ("keys",),
            {"keys": {"type": "object", "propertyNames": {"pattern": "^[0-9]+$"}}, "count": count, "ease": ease},
        ),
        (("file",), {"file": path, "array": {"type": "string"}, "from": {}, "to": {}, "count": count, "fps": {}}),
    )
    described = {
        "from": "the first value, or the value of 0 in a curve", "to": "the last value, or the value of 1 in a curve",
        "count": "the number of rows", "ease": "interpolation between two values", "fps": "frames a second of a sound",
        "closed": "whether the last value is one step before `to`", "keys": "row -> value, interpolated between them",
        "file": "a curve: .npy, .csv, .wav, ...", "array": "the array in the file",
    }  # fmt: skip
    return {"anyOf": [
        {"type": "object", "required": list(required), "additionalProperties": False,
         "properties": {name: {**field, "description": described[name]} for name, field in fields.items()}}
        for required, fields in kinds
    ]}  # fmt: skip


def _allow_row_lists(node_class: NodeClass, definition: dict[str, Any]) -> None:
    """Allow ranges, keyframes and curves in place of lists with a value for each row."""
    for name in sorted(field_roles(node_class).row_lists):
        field = definition["properties"][name]
        if "anyOf" not in field:
            beside = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
            definition["properties"][name] = field = {"anyOf": [dict(field)], **beside}
        field["anyOf"].append(_ref("row_list"))


def _required(node_class: NodeClass, definition: dict[str, Any]) -> list[str]:
    """Return the required fields, including `op` and `kind`, which have defaults in Python only."""
    fixed = [name for name in ("op", "kind") if "const" in definition["properties"].get(name, {})]
    return list(dict.fromkeys([*fixed, *definition.get("required", [])]))


def _allow_interpolation(definition: dict[str, Any]) -> None:
    """Allow `${...}` as the value of any field."""
    for name, field in definition.get("properties", {}).items():
        if name in _FIXED:
            continue
        beside = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
        beside.pop("title", None)  # pydantic's title repeats the name
        if field and field != {"type": "string"}:
            definition["properties"][name] = {"anyOf": [dict(field), _ref("interpolation")], **beside}
        else:
            definition["properties"][name] = {**field, **beside}


def _ref(name: str, **beside: Any) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", **beside}
