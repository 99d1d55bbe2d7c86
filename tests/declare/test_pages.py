"""Generated files: JSON Schema, reference page and stubs follow from the node classes."""

import ast
from typing import Any

from fgraph.declare import read
from fgraph.declare.reference import reference
from fgraph.declare.schema import json_schema
from fgraph.declare.stubs import stubs
from tests.declare.toys import OPS, TOYS

SCHEMA = json_schema(TOYS)


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    return SCHEMA["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def case(cases: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    (found,) = (one["then"] for one in cases if one["if"]["properties"][key] == {"const": value})
    return resolve(found)


def test_schema_tells_nodes_apart_by_op_and_kind() -> None:
    node = SCHEMA["$defs"]["node"]
    assert node["properties"]["op"]["enum"] == [*OPS, "subgraph"]
    sample = case(node["allOf"], "op", "sample")
    assert sample["required"] == ["op"]
    assert sample["additionalProperties"] is False
    mask = case(node["allOf"], "op", "mask")
    assert mask["properties"]["kind"]["enum"] == ["ramp", "box", "combine"]
    assert case(mask["allOf"], "kind", "box")["required"] == ["op", "kind", "box"]
    assert case(node["allOf"], "op", "blend")["required"] == ["op", "a", "b", "mask"]
    assert resolve(case(node["allOf"], "op", "subgraph")["properties"]["nodes"]) == SCHEMA["$defs"]["nodes"]


def test_schema_of_the_file() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(SCHEMA["properties"]) == {"version", "seed", "params", "models", "noise", "nodes", "outputs", "defaults"}
    assert SCHEMA["else"] == {"properties": {"nodes": {"$ref": "#/$defs/nodes"}}, "required": ["nodes"]}
    assert {"$ref": "#/$defs/interpolation"} in SCHEMA["properties"]["seed"]["anyOf"]


def test_references_of_the_schema_have_definitions() -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            found = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return found.union(*(references(value) for value in part.values()))
        return set().union(*(references(item) for item in part)) if isinstance(part, list) else set()

    assert {reference.rpartition("/")[2] for reference in references(SCHEMA)} <= set(SCHEMA["$defs"])


def test_reference_has_every_node_field_and_default() -> None:
    page = reference(TOYS)
    assert "## blend\n\nA mix of two passes by a mask.\n\nMakes **Features**.\n" in page
    assert "| `mask` | port: Mask | *required* | where b shows |" in page
    assert "| `layers` | layers such as b8..b32 | `all` |  |" in page
    assert "| `seed` | a whole number of at least 0, or a list of these | absent | absent: derived |" in page
    assert "### mask, kind: box" in page
    assert "| `of` | ports, each Features or Image or Mask | *required* | the parts |" in page
    assert "Makes the kind that `of` reads." in page
    assert "## subgraph" in page
    for line in page.splitlines():
        if line.startswith("| "):
            assert line.count(" | ") == 3


def test_stubs_are_python_and_typed() -> None:
    text = stubs(TOYS)
    (methods,) = (one for one in ast.parse(text).body if isinstance(one, ast.ClassDef) and one.name == "NodeMethods")
    functions = [one for one in methods.body if isinstance(one, ast.FunctionDef)]
    assert {one.name for one in functions} == {*OPS, "_add", "__getattr__", "__dir__"}
    signatures = {ast.unparse(one.args) for one in functions}
    assert any(
        one.startswith("self, seed: int | Sequence[int] | Mapping[str, Any] | None=..., truncation: float | ")
        for one in signatures
    )
    assert all(one.endswith("*, id: str | None=...") for one in signatures if one.startswith("self, seed"))
    assert "self, of: Sequence[Reference], axis: Literal['x', 'y']=..., *, id: str | None=..." in signatures
    assert "self, kind: Literal['box'], box: Sequence[float], *, id: str | None=..." in signatures
    assert "noise: Noise | Mapping[str, Any] | None=..." in next(one for one in signatures if "layer:" in one)
    assert all(len(line) <= 120 for line in text.splitlines())


def test_schema_and_reader_agree_on_the_toys() -> None:
    """The schema requires the fields whose absence the reader reports."""
    for definition in SCHEMA["$defs"].values():
        op = definition.get("properties", {}).get("op", {}).get("const")
        if op in (None, "subgraph"):
            continue
        kind = definition["properties"].get("kind", {}).get("const")
        data = {"op": op, **({"kind": kind} if kind else {})}
        _, faults = read({"nodes": {"n": data}}, ops=OPS)
        missing = {fault.where.removeprefix("nodes.n.") for fault in faults if " needs " in fault.message}
        assert missing == set(definition["required"]) - data.keys()
