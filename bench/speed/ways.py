"""The functions that workers time, by name: each makes the same pictures in one of several ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

import fgraph
from bench.harness import subjects
from bench.harness.pages import ROOT
from fgraph.runtime.kernels.seeds import codes_of_seeds

Way = Callable[[], Any]
BLEND = fgraph.load(ROOT / "graphs" / "graph" / "blend_horizontal.yaml")
ALPHAS = [0.05 + 0.95 * step / 15 for step in range(16)]


def published_ways(folder: Path, checkpoint: Path) -> dict[str, Way]:
    """Return the ways of the published code."""
    network = subjects.load_published(folder, checkpoint)
    z = codes_of_seeds(range(16), 512)
    ways: dict[str, Way] = {}
    for rows in (1, 4, 8):
        ways[f"plain {rows}"] = lambda rows=rows: network.forward(z[:rows]).numpy()  # type: ignore[misc]
    if network.edits:
        ways["merge"] = lambda: network.merge(z[:1], z[1:2]).numpy()
        ways |= {f"panorama {n}": (lambda n=n: network.panorama(z[:n]).numpy()) for n in (5, 16)}  # type: ignore[misc]
    return ways


def fgraph_ways(checkpoint: Path) -> dict[str, Way]:
    """Return the ways of both engines of fgraph, of bare convolutions, and of one convolution at peak speed."""
    model = fgraph.load_generator(checkpoint)
    ways: dict[str, Way] = {"peak": _peak()}
    for rows in (1, 4, 8):
        ways |= _engines(f"plain {rows}", subjects.plain_graph(model, rows))
        ways[f"bare {rows}"] = _bare_convolutions(rows)
    ways |= _engines("merge", subjects.merge_graph(model))
    for count in (5, 16):
        ways |= _engines(f"panorama {count}", subjects.merge_graph(model, count))
    for name, box in (("box", True), ("canvas", False)):
        graphs = [local_blend(model, alpha, box=box) for alpha in ALPHAS]
        ways[f"{name} fused"] = lambda graphs=graphs: _images(fgraph.run(graphs))  # type: ignore[misc]
        ways[f"{name} one by one"] = lambda graphs=graphs: _images([fgraph.run(graph) for graph in graphs])  # type: ignore[misc]
    return ways


def bundled_ways(steps: int) -> dict[str, Way]:
    """Return the ways of fgraph on the bundled model: 64 seeds of a blend, and inversion."""
    graphs = [fgraph.load(BLEND.to_yaml(), overrides=[f"seed={seed}"]) for seed in range(64)]
    return {
        "seeds fused": lambda: _images(fgraph.run(graphs)),
        "seeds one by one": lambda: _images([fgraph.run(graph) for graph in graphs]),
        "inversion of 8": lambda: _invert(steps, 8),
        "inversion one by one": lambda: _invert(steps, 1),
    }


def _engines(name: str, graph: fgraph.Graph) -> dict[str, Way]:
    plan = fgraph.compile(graph)
    return {
        name: lambda: fgraph.run(plan)["image"].array,
        f"{name} eager": lambda: fgraph.run(plan, engine="eager")["image"].array,
    }


def local_blend(model: Any, alpha: float, *, box: bool) -> fgraph.Graph:
    """Return the graph of a blend from b32 on, in a box of a quarter by a quarter of the canvas or everywhere."""
    graph = fgraph.Graph(models={"main": model})
    quarter = (0.375, 0.375, 0.25, 0.25)
    mask = graph.mask("box", box=quarter, alpha=alpha) if box else graph.mask("constant", alpha=alpha)
    mixed = graph.blend(graph.sample(seed=1), graph.sample(seed=2), mask=mask, layers="b32..")
    graph.outputs = {"image": graph.decode(mixed)}
    return graph


def _images(results: Any) -> Any:
    return [one["image"].array for one in results]


def _invert(steps: int, rows: int) -> None:
    from fgraph.inversion import make_settings
    from fgraph.inversion.batch import invert
    from fgraph.inversion.problem import make_problem

    model = fgraph.load_generator("landscape")
    problem = make_problem(model, make_settings(steps=steps, patience=0))
    random = torch.Generator().manual_seed(0)
    with torch.inference_mode(False):
        pictures = torch.rand([8, 3, *model.table.size], generator=random) * 2 - 1
        for start in range(0, 8, rows):
            invert(problem, pictures[start : start + rows])


def _peak() -> Way:
    x = torch.randn(1, 512, 64, 64).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(512, 512, 3, 3).contiguous(memory_format=torch.channels_last)
    return lambda: tuple(F.conv2d(x, weight, padding=1).shape)


PEAK_FLOPS = 2 * 9 * 512 * 512 * 64 * 64


def _bare_convolutions(rows: int) -> Way:
    """Return a way that runs only the convolutions of a forward pass, on random maps."""
    calls = []
    for layer in subjects.CONFIG_F_256.layers[1:]:
        if layer.kind == "conv":
            side = layer.resolution // layer.up
            x = torch.randn(rows, layer.in_channels, side, side).contiguous(memory_format=torch.channels_last)
            shape = (
                (layer.in_channels, layer.out_channels) if layer.up == 2 else (layer.out_channels, layer.in_channels)
            )
            weight = torch.randn(*shape, 3, 3).contiguous(memory_format=torch.channels_last)
            calls.append((layer.up, x, weight))

    def run() -> None:
        for up, x, weight in calls:
            F.conv_transpose2d(x, weight, stride=2) if up == 2 else F.conv2d(x, weight, padding=1)

    return run
