"""The tasks of the comparison, the ways to do each, and their results for a number of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fgraph
from bench.quality.rival_measures import (
    BOX,
    FEATHER,
    Picture,
    measure_extended,
    measure_join,
    measure_reconstruction,
    measure_region,
    measure_wider,
)
from bench.quality.rival_pixels import OnPixels, cross_fade, mirror, paste, poisson, resize, side_by_side

FILES = sorted((Path(__file__).resolve().parent / "data" / "landscapes").glob("*.png"))


@dataclass(frozen=True)
class Way:
    """A way to do a task: nodes that make `image` from `a` and `b`, or a function of the unedited pictures."""

    name: str
    nodes: str = ""
    on_pixels: OnPixels | None = None


@dataclass(frozen=True)
class Task:
    """A task, the ways to do it, and the measure of the result."""

    name: str
    model: str
    ways: tuple[Way, ...]
    measure: Callable[[Picture, Picture, Picture], dict[str, float]]
    shows_b: bool = True  # whether a sheet shows the unedited picture of `b`
    on_files: bool = False  # `a` is a picture of bench/quality/data/landscapes, and there is no `b`


SPOT = f"spot: {{op: mask, kind: box, grid: 64, box: [{BOX[1]}, {BOX[0]}, {BOX[3] - BOX[1]}, {BOX[2] - BOX[0]}]"
SOFT = f"{SPOT}, feather: {FEATHER / 64}}}"
COLLAGE = """
  one: {{op: tap, of: a, layer: {layer}}}
  two: {{op: tap, of: b, layer: {layer}}}
  mix: {{op: blend, a: one, b: two, mask: spot, layers: here}}
  image: {{op: decode, of: mix}}
"""
INTERPOLATE = """
  mix: {{op: blend, a: a, b: b, mask: spot, layers: {layers}}}
  image: {{op: decode, of: mix}}
"""
JOINED = """
  left: {{op: tap, of: a, layer: {layer}}}
  right: {{op: tap, of: b, layer: {layer}}}
  wide: {{op: concat, of: [left, right], axis: x}}
"""
MERGED = """
  as_a: {op: restyle, of: wide, latent: a}
  as_b: {op: restyle, of: wide, latent: b}
  fade: {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75, sampling: ends}
  mix: {op: blend, a: as_a, b: as_b, mask: fade}
  image: {op: decode, of: mix}
"""
WIDER = """
  start: {{op: tap, of: a, layer: b8, noise: {noise}}}
  wider: {edit}
  image: {{op: decode, of: wider}}
"""
OWNED = """
  taken: {op: own, of: a, reference: b, mask: spot, layer: b16.conv0, clusters: 10, epsilon: 20}
  image: {op: decode, of: taken}
"""
INVERTED = """
  code: {{op: invert, of: a, space: {space}, prior: {prior}, prior_weight: {weight}, steps: 200}}
  image: {{op: decode, of: code}}
"""

REGION_WAYS = (
    Way("pixels: paste", on_pixels=paste(0)),
    Way("pixels: soft paste", on_pixels=paste(FEATHER)),
    Way("pixels: Poisson blending", on_pixels=poisson),
    Way("Suzuki et al. 2018, hard collage at b16", f"  {SPOT}}}" + COLLAGE.format(layer="b16")),
    Way("Suzuki et al. 2018, soft collage at b16", f"  {SOFT}" + COLLAGE.format(layer="b16")),
    Way("Collins et al. 2020, the channels that own the part", f"  {SPOT}}}" + OWNED),
    Way("feature interpolation (ours)", f"  {SOFT}" + INTERPOLATE.format(layers="all")),
    Way("the same from b16 on (ours)", f"  {SOFT}" + INTERPOLATE.format(layers="b16..")),
)
TASKS = (
    Task("a region of b in a: landscapes", "landscape", REGION_WAYS, measure_region),
    Task("a region of b in a: heads", "avatar", REGION_WAYS, measure_region),
    Task(
        "two pictures as one", "landscape",
        (
            Way("pixels: side by side", on_pixels=side_by_side),
            Way("pixels: cross-fade of mirrored halves", on_pixels=cross_fade),
            Way("Suzuki et al. 2018, collage at b16", JOINED.format(layer="b16") + "  image: {op: decode, of: wide}"),
            Way("feature interpolation (ours)", JOINED.format(layer="b4.conv1") + MERGED),
        ),
        measure_join,
    ),
    Task(
        "twice as wide: more at either side", "landscape",
        (
            Way("pixels: mirrored", on_pixels=mirror),
            Way(
                "features padded after b8 (ours)",
                WIDER.format(noise="{fit: follow}", edit="{op: pad, of: start, left: 0.5, right: 0.5}"),
            ),
        ),
        measure_extended, shows_b=False,
    ),
    Task(
        "twice as wide: stretched", "landscape",
        (
            Way("pixels: resized (Lanczos)", on_pixels=resize),
            Way(
                "features resized after b8 (ours)",
                WIDER.format(noise="{mode: random}", edit="{op: resize, of: start, width: 2}"),
            ),
        ),
        measure_wider, shows_b=False,
    ),
    Task(
        "a picture inverted", "landscape",
        (
            Way("W+, no prior", INVERTED.format(space="w+", prior="none", weight=0)),
            Way("Wulff & Torralba 2020, W+ with their prior", INVERTED.format(space="w+", prior="wulff", weight=0.001)),
            Way("the same, a tenth of the weight", INVERTED.format(space="w+", prior="wulff", weight=0.0001)),
            Way("S, no prior", INVERTED.format(space="s", prior="none", weight=0)),
            Way("S with a Gaussian prior (ours)", INVERTED.format(space="s", prior="gaussian", weight=0.001)),
        ),
        measure_reconstruction, shows_b=False, on_files=True,
    ),
)  # fmt: skip


def run_task(task: Task, cases: Sequence[int]) -> tuple[list[Picture], list[Picture], list[list[Picture]]]:
    """Return the unedited pictures of each case (a seed or the number of a file), and the result of each way."""
    head, shown, changes = graph_start(task, cases)
    plain = run(head, shown, changes)
    a, b = [one["a"] for one in plain], [one["b"] for one in plain]
    made = []
    for way in task.ways:
        if way.on_pixels is not None:
            made.append([way.on_pixels(*pair) for pair in zip(a, b, strict=True)])
        else:
            made.append([one["image"] for one in run(f"{head}{way.nodes}", {"image": "image"}, changes)])
    return a, b, made


def graph_start(task: Task, cases: Sequence[int]) -> tuple[str, dict[str, str], list[str]]:
    """Return the start of the graphs of a task, the nodes of its unedited pictures, and the changes of each case."""
    head = f"models: {{main: {task.model}}}\nnodes:\n"
    if task.on_files:
        return (
            f"{head}  a: {{op: image, path: none}}\n",
            {"a": "a", "b": "a"},
            [f"nodes.a.path={FILES[n]}" for n in cases],
        )
    for name in "ab":
        head += f"  {name}: {{op: sample, truncation: 0.7}}\n  image_{name}: {{op: decode, of: {name}}}\n"
    return head, {"a": "image_a", "b": "image_b"}, [f"seed={seed}" for seed in cases]


def run(graph: str, outputs: dict[str, str], changes: Sequence[str]) -> list[dict[str, Picture]]:
    """Return the outputs for each change, all computed as one plan."""
    listed = ", ".join(f"{name}: {node}" for name, node in outputs.items())
    graphs = [fgraph.load(f"{graph}\noutputs: {{{listed}}}\n", [change]) for change in changes]
    return [{name: value.array[0] for name, value in one.items()} for one in fgraph.run(graphs, device="cpu")]
