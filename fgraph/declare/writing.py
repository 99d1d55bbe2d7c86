"""GraphSpec -> readable YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import yaml
from pydantic import BaseModel

from fgraph._arrays import Array
from fgraph._errors import Fault, GraphError
from fgraph._paths import as_text
from fgraph._ports import LayerSet
from fgraph.declare.document import read_scalars_as_hydra
from fgraph.declare.interpolation import escaped
from fgraph.declare.spec import GraphSpec, Subgraph
from fgraph.node import Node, Noise
from fgraph.registry import field_order

_WIDTH = 120  # most characters of a line
_ALIGNED = 12  # ids up to this length are aligned
_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]
    """A safe dumper that quotes text that looks like a number, and writes a value on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, value: str) -> Any:
    style = None if value.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", as_text(value), style=style)


read_scalars_as_hydra(_Dumper)
_Dumper.add_representer(str, _represent_text)


def to_yaml(spec: GraphSpec) -> str:
    """Write a graph as YAML that reads back equal, without fields at their default, and with arrays as nested lists.

    Raises:
        GraphError: a value has no text form, such as a loaded generator.
    """
    lines = [f"version: {spec.version}", f"seed: {spec.seed}"]
    if spec.params:
        lines += _entry("params", _plain(spec.params, "params"))
    if spec.models:
        models = {name: _model_text(name, model) for name, model in spec.models.items()}
        lines += _entry("models", _plain(models, "models"))
    if spec.noise != Noise():
        lines += _entry("noise", fields_as_written(spec.noise, "noise"))
    lines += _nodes(spec.nodes, "nodes", "")
    if spec.outputs:
        plain = all(name == node_id for name, node_id in spec.outputs.items())
        lines += _entry("outputs", list(spec.outputs) if plain else dict(spec.outputs))
    return "\n".join(lines) + "\n"


def _nodes(nodes: Mapping[str, Node], where: str, outer: str) -> list[str]:
    if not nodes:
        return [f"{outer}nodes: {{}}"]
    indent = f"{outer}  "
    column = max((len(name) for name in nodes if len(name) <= _ALIGNED), default=0)
    lines = [f"{outer}nodes:"]
    for name, node in nodes.items():
        if isinstance(node, Subgraph):
            lines += [f"{indent}{name}:", *_subgraph(node, f"{where}.{name}", f"{indent}  ")]
        else:
            lines += _entry(name, fields_as_written(node, f"{where}.{name}"), indent, column)
    return lines


def _subgraph(node: Subgraph, where: str, indent: str) -> list[str]:
    lines = [f"{indent}op: {node.op}"]
    if node.inputs:
        lines += _entry("inputs", dict(node.inputs), indent)
    lines += _nodes(node.nodes, f"{where}.nodes", indent)
    return [*lines, f"{indent}output: {node.output}"]


def _entry(key: str, value: Any, indent: str = "", column: int = 0) -> list[str]:
    """Return a key with its value on one line or, if that is too long, a line per field or item."""
    head = f"{indent}{flow_text(key)}:"
    line = f"{head}{' ' * max(1, column - len(key) + 1)}{flow_text(value)}"
    if len(line) <= _WIDTH or not value or not isinstance(value, dict | list):
        return [line]
    if isinstance(value, list):
        return [head, *(f"{indent}  - {flow_text(item)}" for item in value)]
    return [head, *(f"{indent}  {flow_text(name)}: {flow_text(item)}" for name, item in value.items())]


def flow_text(value: Any) -> str:
    """Return a plain value as YAML on one line, which `fgraph.declare.document.parse` reads back equal."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=2**31 - 1, sort_keys=False, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def fields_as_written(model: BaseModel, where: str = "") -> dict[str, Any]:
    """Return the fields of a node that differ from their default: `op` and `kind`, required fields, then others."""
    known = type(model).model_fields
    fields: dict[str, Any] = {}
    if isinstance(model, Node):
        fields = {name: getattr(model, name) for name in ("op", "kind") if name in known}
    names = field_order(type(model)) if isinstance(model, Node) else known
    for name in sorted(names, key=lambda one: not known[one].is_required()):
        field, value = known[name], getattr(model, name)
        if field.is_required() or value != field.get_default(call_default_factory=True):
            fields[name] = value
    return {name: _plain(value, f"{where}.{name}") for name, value in fields.items()}


def _plain(value: Any, where: str) -> Any:
    """Convert a value to types of YAML."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, BaseModel):
        return fields_as_written(value, where)
    if isinstance(value, Array):
        return value.to_lists()
    if isinstance(value, PurePath | LayerSet):
        value = str(getattr(value, "text", value))
    if value is None or isinstance(value, str | bool | int | float):
        return escaped(value)
    raise GraphError([Fault(f"{type(value).__name__} has no form in YAML", where)])


def _model_text(name: str, model: Any) -> Any:
    if isinstance(model, str | PurePath):
        return model
    hint = "give its name or path instead, or write the graph with other models"
    raise GraphError([Fault(f"a loaded {type(model).__name__} has no form in YAML", f"models.{name}", hint=hint)])
