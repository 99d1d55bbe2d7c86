"""Booleans and texts are no numbers, in any field of a node, a setting or a message of the studio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

import fgraph
from fgraph._typed_model import TypedModel
from fgraph.declare.checking import Head
from fgraph.declare.node_checking import SubgraphHead
from fgraph.dragging.settings import DragSettings
from fgraph.inversion.settings import InversionSettings, Tuning
from fgraph.node import Noise
from fgraph.registry import kinds_of, registry_with
from fgraph.studio.messages import changes, requests
from fgraph.studio.messages.base import Message
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.settings import TrainingError, TrainingSettings, read_training_settings

Schema = dict[str, Any]
WRONG = {"boolean": True, "string": "1"}  # by the type that a schema would name


@cache
def json_schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def node_classes() -> Iterator[type[BaseModel]]:
    for entry in registry_with().values():
        kinds = kinds_of(entry)
        if kinds is not None:
            yield from kinds.values()
        else:
            yield cast("type[BaseModel]", entry)


def messages() -> Iterator[type[BaseModel]]:
    for module in (changes, requests):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Message):
                yield value


SETTINGS = (Head, Noise, InversionSettings, Tuning, DragSettings, TrainingSettings, EncoderSettings)
MODELS: tuple[type[BaseModel], ...] = tuple(dict.fromkeys([*node_classes(), *messages(), *SETTINGS]))


def branches(schema: Schema, defs: Schema) -> list[Schema]:
    """Return the alternatives of a schema, each with one type."""
    if "$ref" in schema:
        return branches(defs[schema["$ref"].rpartition("/")[2]], defs)
    found = schema.get("anyOf") or schema.get("oneOf")
    if found:
        return [one for part in found for one in branches(part, defs)]
    kind = schema.get("type")
    return [schema | {"type": one} for one in kind] if isinstance(kind, list) else [schema]


def good(schema: Schema, defs: Schema) -> Any:
    """Return a value that the schema allows."""
    first = branches(schema, defs)[0]
    if "const" in first or "enum" in first:
        return first["const"] if "const" in first else first["enum"][0]
    kind = first.get("type")
    if kind in ("integer", "number"):
        return number(first)
    if kind == "array":
        return [good(one, defs) for one in items(first)]
    if kind == "object":
        return {name: good(first["properties"][name], defs) for name in first.get("required", ())}
    return {"string": "a1", "boolean": False, "null": None}.get(kind or "", "a1")


def number(schema: Schema) -> float:
    """Return a number that the schema allows."""
    if "const" in schema:
        return float(schema["const"])
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if schema["type"] == "integer":
        return int(least if least is not None else 8) + ("exclusiveMinimum" in schema)
    return (least + most) / 2 if least is not None and most is not None else (least or 0) + 0.5


def items(schema: Schema) -> list[Schema]:
    """Return the schemas of the items of a short list: two items if the schema gives no length."""
    if "prefixItems" in schema:
        return list(schema["prefixItems"])
    return [schema.get("items", {"type": "number"})] * schema.get("minItems", 2)


def swapped(schema: Schema, defs: Schema, kind: str) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of a value that the schema allows, and of the value with another kind in place of one number."""
    alternatives = branches(schema, defs)
    kinds = {one.get("type") for one in alternatives}
    numbers = [one for one in alternatives if one.get("type") in ("integer", "number")]
    if numbers and not kinds & {kind, None}:
        yield number(numbers[0]), WRONG[kind]
    for one in alternatives:
        if one.get("type") == "array":
            parts = items(one)
            values = [good(part, defs) for part in parts]
            for index, part in enumerate(parts):
                for pair in swapped(part, defs, kind):
                    yield tuple([*values[:index], value, *values[index + 1 :]] for value in pair)  # type: ignore[misc]
        if one.get("type") == "object":
            required = {name: good(one["properties"][name], defs) for name in one.get("required", ())}
            for name, part in one.get("properties", {}).items():
                yield from ((required | {name: a}, required | {name: b}) for a, b in swapped(part, defs, kind))
            if isinstance(one.get("additionalProperties"), dict):
                yield from (({"8": a}, {"8": b}) for a, b in swapped(one["additionalProperties"], defs, kind))


def faults(model: type[BaseModel], field: str, value: Any) -> set[tuple[Any, ...]]:
    """Return places and kinds of the errors of a field given alone; `latent` moves numbers from `file` to `value`."""
    try:
        model.model_validate({field: value})
    except ValidationError as error:
        return {(one["loc"], one["type"]) for one in error.errors() if one["loc"] and one["loc"][0] in (field, "value")}
    return set()


CASES = [(model, field) for model in MODELS for field in model.model_fields if field not in ("op", "kind", "do")]


def test_every_model_is_typed() -> None:
    assert all(issubclass(model, TypedModel) for model in MODELS)
    assert not issubclass(SubgraphHead, TypedModel)
    assert "integer" not in str(SubgraphHead.model_json_schema())  # so it need not be one


@pytest.mark.parametrize("kind", list(WRONG))
def test_no_field_takes_a_boolean_or_a_text_for_a_number(kind: str) -> None:
    taken: list[Any] = []
    tried: set[Any] = set()
    for model, field in CASES:
        schema = json_schema(model)
        for right, wrong in swapped(schema["properties"][field], schema.get("$defs", {}), kind):
            tried.add((model, field))
            if not faults(model, field, wrong) - faults(model, field, right):
                taken.append((model.__name__, field, wrong))
    assert taken == []
    assert {model for model, _ in tried} >= {*SETTINGS}


@pytest.mark.parametrize(
    ("node", "where", "message"),
    [
        ("op: sample, count: true", "a.count", "found true, expected a whole number from 1 to 100000"),
        ("op: sample, seed: '3'", "a.seed", "found '3', expected a whole number from 0 to 4294967295, or a list of"),
        ("op: sample, seed: [1, '3']", "a.seed[1]", "found '3', expected a whole number from 0 to 4294967295"),
        ("op: sample, truncation: {from: '0', to: '1', count: 2}", "a.truncation", "found {.*, expected a number, or"),
        ("op: mask, kind: box, box: [0, 0, true, 1]", "a.box[2]", "found true, expected a number"),
        (
            "op: tap, of: b, at: b8, noise: {mode: random, seed: true}",
            "a.noise.seed",
            "found true, expected a whole number",
        ),
        ("op: latent, value: [0.5, true]", "a.value", "an array is nested lists of numbers"),
        ("op: decode, of: b, clamp: 1", "a.clamp", "found 1, expected true or false"),
    ],
)
def test_the_error_names_the_field(node: str, where: str, message: str) -> None:
    text = f"nodes:\n  a: {{{node}}}\noutputs: [a]\n"
    found = {fault.where: fault.message for fault in fgraph.check(text) if fault.line == 2}
    assert re.search(message, found[f"nodes.{where}"]), found


def test_numbers_of_numpy_and_whole_floats_are_numbers() -> None:
    made = fgraph.Graph().sample(seed=[np.int64(4), 5.0], truncation=np.float32(0.5), count=1e3)  # type: ignore[list-item]
    node = made.graph.spec.nodes[made.node_id].model_dump()
    assert (node["seed"], node["truncation"], node["count"]) == ((4, 5), 0.5, 1000)


@pytest.mark.parametrize("override", ["training.images=true", "training.batch='4'", "training.truncation=false"])
def test_settings_of_a_training_are_typed(override: str) -> None:
    name, _, value = override.removeprefix("training.").partition("=")
    given = {"true": True, "false": False}.get(value, value.strip("'"))
    with pytest.raises(TrainingError, match=f"training.{name}: input should be a number"):
        read_training_settings({"mode": "train", "data": "d", "target": "t", "size": 16, name: given})
