"""Published configurations of network bending (Broad et al.) -> graphs.

The published program (terrybroad/network-bending) reads a list of transforms. Each names a convolution by number: 0 is
`b4.conv1`, 1 `b8.conv0`, 2 `b8.conv1`, and so on. Each transform becomes a `bend` node that reads the previous one. A
configuration of a sample strip has one transform without a layer. It becomes a `bend` node and an image per layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgraph._errors import FgraphError, GraphError, nearest, show
from fgraph._paths import expanded
from fgraph.declare.document import parse
from fgraph.declare.text_files import UnreadableText, read_text

_PIVOT = {"about": "published"}  # the published programs turn about pixel n/2, half a pixel off the middle

Fields = dict[str, Any]
_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[..., Fields]]] = {
    "translate": (("x", "y"), lambda x, y: {"kind": "translate", "dx": x, "dy": y}),
    "scale": (("factor",), lambda factor: {"kind": "scale", "factor": factor, **_PIVOT}),
    "rotate": (("degrees",), lambda degrees: {"kind": "rotate", "degrees": degrees, **_PIVOT}),
    "erode": (("radius",), lambda radius: {"kind": "erode", "radius": int(radius)}),
    "dilate": (("radius",), lambda radius: {"kind": "dilate", "radius": int(radius)}),
    "scalar-multiply": (("factor",), lambda factor: {"kind": "multiply", "factor": factor}),
    "binary-thresh": (("value",), lambda value: {"kind": "threshold", "value": value}),
    "flip-h": ((), lambda: {"kind": "flip", "axis": "x"}),
    "flip-v": ((), lambda: {"kind": "flip", "axis": "y"}),
    "invert": ((), lambda: {"kind": "invert"}),
    "ablate": ((), lambda: {"kind": "ablate"}),
}
_SPELLINGS = {"binary-tresh": "binary-thresh"}  # the spelling in the manual -> in the program
_CHOICES = ("all", "random", "cluster")


@dataclass(frozen=True)
class ConvertedGraph:
    """A graph, as `fgraph.load` reads it, and notes for the user."""

    document: dict[str, Any]
    notes: tuple[str, ...]


def convert_bending(
    source: str | Path | Mapping[str, Any],
    clusters: str | Path | Mapping[int, Any] | None = None,
    *,
    model: str | None = None,
    strip_layers: int = 8,
) -> ConvertedGraph:
    """Convert a published configuration to a graph.

    Codes are drawn with ψ 0.5, and noise is random: the defaults of the published `generate.py`.

    Args:
        source: the configuration: a YAML file, or its content.
        clusters: the dictionary of the clusters that it names: a YAML file, or its content.
        model: the generator of the graph; None: the default.
        strip_layers: the number of layers of a sample strip: all convolutions of the generator but the first.

    Raises:
        FgraphError: a file cannot be read or converted; the message names the transform.

    >>> example = {"layer": 4, "transform": "translate", "params": [0.25, 0.0], "features": "all"}
    >>> convert_bending({"transforms": [example]}).document["nodes"]["bend_1"]["layers"]
    'b16.conv1'
    """
    where, content = open_bending(source)
    groups = open_bending(clusters)[1] if clusters is not None else None
    if is_strip(content):
        nodes, notes = _strip(where, content, groups, strip_layers)
    else:
        nodes, notes = _chain(where, content, groups)
    outputs = [name for name, node in nodes.items() if node["op"] == "decode"]
    nodes = {"code": {"op": "sample", "truncation": 0.5}, **nodes}
    graph = {"version": 1, "seed": 0, "noise": {"mode": "random"}, "nodes": nodes, "outputs": outputs}
    return ConvertedGraph({**graph, **({"models": {"main": model}} if model else {})}, tuple(notes))


def is_strip(content: Any) -> bool:
    """Return whether a configuration is a sample strip: one transform, not a list."""
    return isinstance(content, Mapping) and "transform" in content and "transforms" not in content


def _chain(where: str, content: Any, groups: Any) -> tuple[dict[str, Fields], list[str]]:
    """Return `bend` nodes that each read the previous one with the image of the last, and the notes."""
    transforms = content.get("transforms") if isinstance(content, Mapping) else None
    if not isinstance(transforms, list):
        raise FgraphError(f"{where}: expected a list called `transforms`, of mappings with layer, transform, ...")
    nodes: dict[str, Fields] = {}
    notes: list[str] = []
    last = "code"
    for number, entry in enumerate(transforms, 1):
        fields = _Entry(f"{where}: transforms[{number - 1}]", entry, groups).fields()
        if fields is None:
            notes.append(f"transform {number} is left out: the published program applies nothing at layer 0")
            continue
        nodes[f"bend_{number}"] = {"op": "bend", "kind": fields.pop("kind"), "of": last, **fields}
        last = f"bend_{number}"
    return {**nodes, "image": {"op": "decode", "of": last}}, notes


def _strip(where: str, content: Mapping[str, Any], groups: Any, count: int) -> tuple[dict[str, Fields], list[str]]:
    """Return nodes for the original image and for an image per layer, bent at that layer only, and the notes."""
    nodes: dict[str, Fields] = {"layer_0": {"op": "decode", "of": "code"}}
    for layer in range(1, count + 1):
        fields = _Entry(where, {**content, "layer": layer}, groups).fields()
        assert fields is not None
        nodes[f"bend_{layer}"] = {"op": "bend", "kind": fields.pop("kind"), "of": "code", **fields}
        nodes[f"layer_{layer}"] = {"op": "decode", "of": f"bend_{layer}"}
    return nodes, [
        f"a sample strip: its transform at each of layers 1 to {count} alone; layer_0 is the untouched image"
    ]


def layer_name(number: int) -> str:
    """Return the name of a convolution from its number in the published program.

    >>> [layer_name(number) for number in (0, 1, 2, 16)]
    ['b4.conv1', 'b8.conv0', 'b8.conv1', 'b1024.conv1']
    """
    return f"b{4 << (number + 1) // 2}.conv{1 if number % 2 == 0 else 0}"


@dataclass(frozen=True)
class _Entry:
    """One transform of a configuration."""

    where: str
    content: Any
    groups: Any

    def fields(self) -> Fields | None:
        """Return the fields of a bend node; None if the transform changes nothing."""
        if not isinstance(self.content, Mapping):
            raise self._wrong("expected a mapping with layer, transform, params, features")
        layer = self.content.get("layer")
        if isinstance(layer, bool) or not isinstance(layer, int) or not 0 <= layer <= 16:
            raise self._wrong(f"layer is {show(repr(layer))}; expected 1 to 16")
        made = {**self._transform(), "layers": layer_name(layer), **self._channels(layer)}
        return made if layer else None

    def _transform(self) -> Fields:
        name = str(self.content.get("transform"))
        name = _SPELLINGS.get(name, name)
        if name not in _KINDS:
            hint = nearest(name, _KINDS)
            raise self._wrong(
                f"unknown transform '{show(name)}': expected {', '.join(_KINDS)}" + (f"; {hint}" if hint else "")
            )
        wanted, make = _KINDS[name]
        params = self.content.get("params") or []
        if not isinstance(params, list) or len(params) != len(wanted) or not all(map(_is_number, params)):
            names = f"[{', '.join(wanted)}]"
            raise self._wrong(f"params of {name} are {show(params)}; expected the numbers {names}")
        return make(*params)

    def _channels(self, layer: int) -> Fields:
        choice, param = self.content.get("features"), self.content.get("feature-param")
        if choice not in _CHOICES:
            raise self._wrong(f"features is {show(repr(choice))}; expected {', '.join(_CHOICES)}")
        if choice == "all":
            return {}
        if not _is_number(param):
            raise self._wrong(f"feature-param is {show(repr(param))}; features: {choice} needs a number")
        if choice == "random":
            return {"fraction": param}
        return {"channels": in_ranges(self._group(layer, int(param)))}

    def _group(self, layer: int, group: int) -> list[int]:
        if self.groups is None:
            raise self._wrong("features: cluster needs the dictionary of clusters that it was written for")
        groups = self.groups if isinstance(self.groups, Mapping) else {}
        entries = groups.get(layer, groups.get(str(layer)))  # the keys of a file are text
        if not isinstance(entries, list):
            raise self._wrong(f"the dictionary of clusters has no layer {layer}")
        try:
            found = [int(one["feature_index"]) for one in entries if int(one["cluster_index"]) == group]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._wrong(
                f"the clusters of layer {layer} are not a list of cluster_index, feature_index"
            ) from error
        if not found:
            raise self._wrong(f"the dictionary of clusters has no channel in cluster {group} of layer {layer}")
        return found

    def _wrong(self, message: str) -> FgraphError:
        return FgraphError(f"{self.where}: {message}")


def in_ranges(numbers: Sequence[int]) -> str:
    """Format numbers as the value of a `channels` field.

    >>> in_ranges([4, 0, 5, 6, 9])
    '0,4..6,9'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}..{last}" for first, last in runs)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def open_bending(source: str | Path | Mapping[Any, Any]) -> tuple[str, Any]:
    """Return the name of a configuration for errors, and its content.

    Raises:
        FgraphError: the file cannot be read.
        GraphError: the file is not YAML, or is beyond the bounds of a graph file.
    """
    if isinstance(source, Mapping):
        return "the configuration", source
    path = expanded(source)
    try:
        document = parse(read_text(path), str(path))
    except UnreadableText as error:
        raise FgraphError(f"{path}: {error}") from error
    except OSError as error:
        raise FgraphError(f"cannot read {path}: {error.strerror}") from error
    if document.faults:
        raise GraphError(document.faults)
    return str(path), document.data
