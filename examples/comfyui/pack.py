"""Graph files of fgraph as nodes of ComfyUI.

ComfyUI finds a node by `NODE_CLASS_MAPPINGS`. A node class says what it takes in `INPUT_TYPES`, what it makes in
`RETURN_TYPES`, and which of its methods runs in `FUNCTION`. Images are tensors [rows, height, width, channels] in
[0, 1], and masks [rows, height, width].
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

import fgraph
from fgraph._imaging.finding import SUFFIXES
from fgraph.digraph import wire

FOLDER = Path(__file__).parent / "graphs"
EXTRA_FOLDERS = "FGRAPH_COMFYUI_GRAPHS"  # an environment variable: more folders, separated as in PATH
_TYPES = {"Image": "IMAGE", "Mask": "MASK"}  # kind of an output -> type of ComfyUI; others are left out
_LARGEST = 2**53  # the largest integer that the browser of ComfyUI represents exactly


class GraphNode:
    """The base of the nodes: a graph file with its `params` as inputs."""

    path: ClassVar[Path]
    FUNCTION: ClassVar[str] = "run"
    CATEGORY: ClassVar[str] = "fgraph"
    RETURN_TYPES: ClassVar[tuple[str, ...]]
    RETURN_NAMES: ClassVar[tuple[str, ...]]
    DESCRIPTION: ClassVar[str]

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return the widgets and sockets of the node."""
        required: dict[str, Any] = {}
        optional: dict[str, Any] = {"device": (["auto", "cpu", "cuda"], {"default": "auto"})}
        for name, value in fgraph.load(cls.path).spec.params.items():
            if is_picture(value):
                optional[name] = ("IMAGE",)  # not connected: the file that the graph names
            else:
                required[name] = widget_of(name, value)
        return {"required": required, "optional": optional}

    @classmethod
    def IS_CHANGED(cls, **inputs: Any) -> str:
        """Return a value that differs if the file of the graph has changed since the last run."""
        return str(cls.path.stat().st_mtime_ns)

    def run(self, device: str = "auto", **inputs: Any) -> tuple[torch.Tensor, ...]:
        """Run the graph with these params; return its images and masks in the order of `RETURN_NAMES`."""
        with _as_files(inputs) as values:
            graph = fgraph.load(self.path, [f"params.{name}={_written(value)}" for name, value in values.items()])
            results = fgraph.run(graph, device=device)
        return tuple(_as_tensor(results[name]) for name in self.RETURN_NAMES)


def is_picture(value: Any) -> bool:
    """Return whether a param names a picture file, so that an image can take its place."""
    return isinstance(value, str) and value.lower().endswith(SUFFIXES)


def widget_of(name: str, value: Any) -> tuple[str, dict[str, Any]]:
    """Return the widget for a param, by the type of its value in the file.

    Raises:
        ValueError: no widget holds such a value.
    """
    if isinstance(value, bool):
        return "BOOLEAN", {"default": value}
    if isinstance(value, int):
        least = 0 if name == "seed" else -_LARGEST
        return "INT", {"default": value, "min": least, "max": _LARGEST, "control_after_generate": name == "seed"}
    if isinstance(value, float):
        return "FLOAT", {"default": value, "min": -1e6, "max": 1e6, "step": 0.01}
    if isinstance(value, str):
        return "STRING", {"default": value, "multiline": "\n" in value}
    raise ValueError(f"params.{name} is {value!r}: a widget holds a number, a text, true or false")


def node_of(path: Path) -> type[GraphNode]:
    """Return the node class of a graph file.

    Raises:
        GraphError: the graph is wrong.
        ValueError: no output is an image or a mask.
    """
    graph = fgraph.load(path)
    wiring, faults = wire(graph.spec)
    if faults:
        raise fgraph.GraphError(faults)
    kinds = {name: _TYPES.get(str(wiring.by_id[node].kind)) for name, node in wiring.outputs.items()}
    made = {name: kind for name, kind in kinds.items() if kind is not None}
    if not made:
        raise ValueError(f"{path} has no output that is an image or a mask")
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = " ".join(line.lstrip("# ") for line in lines[: next(_starts(lines))])
    fields = {
        "path": path,
        "RETURN_TYPES": tuple(made.values()),
        "RETURN_NAMES": tuple(made),
        "DESCRIPTION": comment,
    }
    return type(f"Fgraph_{path.stem}", (GraphNode,), fields)


def _starts(lines: Iterable[str]) -> Iterator[int]:
    """Yield the numbers of the lines that are not comments."""
    yield from (number for number, line in enumerate(lines) if not line.startswith("#"))
    yield 0


def folders() -> list[Path]:
    """Return the folders that hold graph files: the pack's own folder, then the user's."""
    return [FOLDER, *(Path(one) for one in os.environ.get(EXTRA_FOLDERS, "").split(os.pathsep) if one)]


def find_nodes(places: Iterable[Path]) -> dict[str, type[GraphNode]]:
    """Return a node for each graph file of some folders, by name; a file with a fault is left out with a message."""
    found: dict[str, type[GraphNode]] = {}
    for path in (path for folder in places for path in sorted(folder.glob("*.yaml"))):
        try:
            node = node_of(path)
            node.INPUT_TYPES()
            found[node.__name__] = node
        except (fgraph.FgraphError, ValueError) as error:
            print(f"[fgraph] {path} is left out: {error}")
    return found


@contextmanager
def _as_files(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Write the images among the inputs to files for the time of a run, and yield the inputs with their paths."""
    with TemporaryDirectory(prefix="fgraph-comfyui-") as folder:
        values: dict[str, Any] = {}
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor):
                paths = [Path(folder) / f"{name}_{row}.png" for row in range(len(value))]
                for path, row in zip(paths, value, strict=True):
                    levels = np.rint(row[..., :3].clamp(0, 1).cpu().numpy() * 255).astype(np.uint8)
                    Image.fromarray(levels).save(path)
                values[name] = [str(path) for path in paths]
            elif value is not None:
                values[name] = value
        yield values


def _written(value: Any) -> str:
    """Return a value in the grammar of overrides."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_tensor(result: Any) -> torch.Tensor:
    array = torch.from_numpy(np.array(result.array))  # [rows, channels, h, w]
    if isinstance(result, fgraph.MaskImage):
        return array[:, 0]
    return ((array + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).contiguous()


NODE_CLASS_MAPPINGS = find_nodes(folders())
NODE_DISPLAY_NAME_MAPPINGS = {
    name: f"fgraph: {node.path.stem.replace('_', ' ')}" for name, node in NODE_CLASS_MAPPINGS.items()
}
