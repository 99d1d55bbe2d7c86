"""The candidates for the last word of a command line: commands, modes, graphs, settings, nodes, fields, values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fgraph._paths import expanded
from fgraph.cli.arguments import GRAPHS, is_graph_file, unquoted
from fgraph.cli.modes import COMMANDS, MODES, POSITIONAL, STUDIO_SETTINGS

_MODELS = Path(__file__).resolve().parents[1] / "stylegan" / "bundled"
_CONFIG = GRAPHS.parent / "config.yaml"
_NODE = re.compile(r"graph\.nodes\.(?P<node>[^.=]*)(?P<dot>\.)?(?P<field>[^=]*)(?P<equals>=)?(?P<value>.*)")
_PLAIN = re.compile(r"[\w./:=,\[\]@~+-]* ?", re.ASCII)  # words that no shell expands, runs or hides
_BOOLEANS = ("true", "false")
# Settings whose comment in graphs/config.yaml lists no names.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "mode": MODES,
    "precision": ("float32", "float64", "bfloat16", "float16"),
    "device": ("auto", "cpu", "cuda", "mps"),
    "listing": ("full", "diff"),
    "output.formats": ("[png]", "[webp]", "[jpeg]", "[npy]", "[gif]", "[mp4]", "[tiff]", "[dzi]"),
    "output.strip": ("x", "y"),
    "output.grid": ("auto",),
    "inversion.preset": ("fast", "soat"),
    "inversion.space": ("w", "w+", "s"),
    "inversion.prior": ("none", "gaussian", "gaussian-full", "wulff"),
    "inversion.schedule": ("ramp", "constant"),
    "inversion.fit": ("crop", "pad", "stretch"),
    "inversion.align": ("none", "ffhq", "ffhqu", "stylegan3-editing"),
    "inversion.face": ("largest", "all"),
    "inversion.detector": ("mtcnn", "dlib68"),
    "objective.metric": ("mean", "deviation", "distance"),
    "hydra/launcher": ("fused", "basic", "ray"),
    **dict.fromkeys(("offline", "half", "torch_compile", "output.labels", "output.compare"), _BOOLEANS),
    **dict.fromkeys(("output.explain", "output.sheet", "output.loop", "output.pingpong", "inversion.noise"), _BOOLEANS),
}
_STUDIO = ("--no-open", "--remote", *(f"{name}=" for name in STUDIO_SETTINGS))


def candidates(line: str) -> list[str]:
    """Return the words that the last word of a line can become; a complete one ends in a space.

    Shells insert them as they are. A graph file may come from a stranger, so a name that a shell would run is left out.
    """
    _, *words = line.split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    word, before = (words[-1], words[:-1]) if words else ("", [])
    return sorted({one for one in _all(word, before) if one.startswith(word) and _PLAIN.fullmatch(one)})


def _all(word: str, before: Sequence[str]) -> Iterable[str]:
    """Return candidates, including some that do not start with the word."""
    if before and before[0] in COMMANDS and before[0] != "watch":
        return _of_command(before)
    if word.startswith("graph.nodes."):
        return _of_nodes(word, _graph(before))
    key, equals, _ = word.partition("=")
    if equals:
        return [f"{key}={value} " for value in _values(key)]
    if word.startswith("-"):
        return [f"{flag} " for flag in ("--help", "--version", "--multirun", "--config-dir", "--cfg", "--hydra-help")]
    settings = [f"{key}=" for key in [*_settings(), "graph", "hydra.run.dir", "hydra.sweep.dir", "hydra/launcher"]]
    if any("=" not in one and not one.startswith("-") and one not in MODES for one in before):
        return [*settings, "graph.nodes."]  # the graph is chosen
    first = [f"{name} " for name in (*COMMANDS, *MODES)] if not before else []
    return [*first, *(f"{name} " for name in _positional(before)), *settings, "graph.nodes."]


def _of_command(before: Sequence[str]) -> list[str]:
    """Return the arguments of a command."""
    if before[0] == "nodes":
        return [f"{name} " for name in (_ops() if len(before) == 1 else _kinds(before[1]))]
    if before[0] == "new" and before[-1] == "--like":
        return [f"{name} " for name in _graphs()]
    arguments = {
        "studio": (*(_graphs() if len(before) == 1 else ()), *_STUDIO),
        "list": ("graphs", "models", "directions", "edits"),
        "boundary": ("--scores", "--target", "--model", "--space", "--device"),
        "effects": ("--model", "--target", "--pixels", "--features", "--samples", "--layers", "--device"),
        "cache": ("list", "clear"),
        "completion": ("install", "bash", "zsh", "fish"),
        "new": ("--like", "--force"),
        "open": ("--print",),
    }
    return [name if name.endswith("=") else f"{name} " for name in arguments.get(before[0], ())]


def _positional(before: Sequence[str]) -> list[str]:
    """Return the names that may come first, or after a mode."""
    mode = next((one for one in before if one in MODES), "run")
    return {"graph": _graphs(), "model": _models()}.get(POSITIONAL[mode][0], [])


def _values(key: str) -> Iterable[str]:
    if key == "graph":
        return _graphs()
    return _models() if key == "model" else _VALUES.get(key, ())


def _graphs() -> list[str]:
    return [path.stem for path in GRAPHS.glob("*.yaml")]


def _models() -> list[str]:
    return [path.stem for path in _MODELS.glob("*.safetensors")]


def _settings() -> list[str]:
    """Return the settings of the configuration, with dots."""
    import yaml

    config = yaml.safe_load(_CONFIG.read_text("utf-8"))
    config["training"] = yaml.safe_load((_CONFIG.parent / "training" / "default.yaml").read_text("utf-8"))
    del config["defaults"], config["hydra"]
    return list(_dotted(config, ""))


def _dotted(config: Mapping[str, Any], prefix: str) -> Iterable[str]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _graph(before: Sequence[str]) -> Mapping[str, Any]:
    """Return the nodes of the graph that the words before choose; none if it can't be read."""
    from fgraph.declare.graph_file import parse_graph
    from fgraph.declare.text_files import UnreadableText, read_text

    chosen = [word.partition("=")[2] or word for word in before if word.startswith("graph=") or "=" not in word]
    names = [unquoted(name) for name in chosen if name not in MODES and name != "watch" and not name.startswith("-")]
    name = names[-1] if names else "panorama"
    path = expanded(name) if is_graph_file(name) else GRAPHS / f"{name}.yaml"
    try:
        data = parse_graph(read_text(path), str(path)).data
    except (FileNotFoundError, UnreadableText):
        return {}
    nodes = data.get("nodes") if isinstance(data, Mapping) else None
    return nodes if isinstance(nodes, Mapping) else {}


def _of_nodes(word: str, nodes: Mapping[str, Any]) -> list[str]:
    """Return the candidates for `graph.nodes.NODE.FIELD=VALUE`."""
    found = _NODE.fullmatch(word)
    if found is None:
        return []
    name, field = found["node"], found["field"]
    if not found["dot"]:
        return [f"graph.nodes.{one}." for one in nodes]
    models = _classes(nodes.get(name) or {})
    head = f"graph.nodes.{name}."
    if not found["equals"]:
        return [f"{head}{one}=" for model in models for one in model.model_fields]
    values: list[str] = _ops() if field == "op" else []
    for model in models:
        values += _choices(model, field, [one for one in nodes if one != name])
    return [f"{head}{field}={value} " for value in values]


def _classes(node: Any) -> list[Any]:
    """Return the classes that a node may have: all kinds if its kind is unknown."""
    from fgraph.api.bundled import bundled_classes

    if not isinstance(node, Mapping) or node.get("op") not in _ops():
        return []
    classes = list(bundled_classes(node["op"]))
    kind = node.get("kind")
    return [one for one in classes if kind in _literals(one, "kind")] or classes


def _choices(model: Any, field: str, nodes: Sequence[str]) -> list[str]:
    """Return the values of a field: choices, true and false, or the nodes that a port can read."""
    from fgraph.declare.annotations import choices_of
    from fgraph.node import field_roles

    if field == "kind":
        return _kinds(model.model_fields["op"].default)
    if field in field_roles(model).ports:
        return list(nodes)
    return choices_of(model.model_fields[field].annotation) if field in model.model_fields else []


def _literals(model: Any, field: str) -> tuple[str, ...]:
    from fgraph.registry import literals

    return literals(model, field)


def _ops() -> list[str]:
    from fgraph.api.bundled import bundled_ops

    return list(bundled_ops())


def _kinds(op: str) -> list[str]:
    from fgraph.api.bundled import bundled_classes

    return [kind for one in bundled_classes(op) for kind in _literals(one, "kind")]
