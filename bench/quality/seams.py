"""Seams of panoramas by the published method and by those of fgraph: docs/reference/measurements/seams.md.

python -m bench.quality.seams [--seeds 60] [--models landscape avatar] [--to FILE]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import fgraph
from bench.harness.pages import MEASUREMENTS
from bench.quality.measures import excess, interval, rank_test, sign_test, steps

PAGE = MEASUREMENTS / "seams.md"
CELLS = 8  # latents of a panorama
Array = NDArray[np.float32]

CODES = "z: {op: sample, count: 8, smooth: 0.7, truncation: 0.7}"
PUBLISHED = f"""
noise: {{fit: ends}}
nodes:
  {CODES}
  first: {{op: rows, of: z, take: ":-1"}}
  second: {{op: rows, of: z, take: "1:"}}
  left: {{op: tap, of: first, layer: b4.conv1}}
  right: {{op: tap, of: second, layer: b4.conv1}}
  wide: {{op: concat, of: [left, right], axis: x}}
  as_first: {{op: restyle, of: wide, latent: first}}
  as_second: {{op: restyle, of: wide, latent: second}}
  fade: {{op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75, sampling: ends}}
  blended: {{op: blend, a: as_first, b: as_second, mask: fade}}
  spans: {{op: decode, of: blended}}
  panorama: {{op: knit, of: spans, start: 0.25, stop: 0.75}}
outputs: [panorama, spans]
"""
WINDOWS = f"""
nodes:
  {CODES}
  windows: {{op: rows, of: z, take: "0:4,1:5,2:6,3:7,4:8"}}
  canvas: {{op: mosaic, of: windows, grid: [1, 4]}}
  spans: {{op: decode, of: canvas}}
  panorama: {{op: knit, of: spans, start: 0.375, stop: 0.625}}
outputs: [panorama, spans]
"""
MOSAIC = f"""
nodes:
  {CODES}
  canvas: {{op: mosaic, of: z, grid: [1, 8]}}
  panorama: {{op: decode, of: canvas}}
outputs: [panorama]
"""
SIDE_BY_SIDE = f"""
nodes:
  {CODES}
  spans: {{op: decode, of: z}}
  panorama: {{op: knit, of: spans, start: 0, stop: 1}}
outputs: [panorama]
"""
RING = MOSAIC.replace("grid: [1, 8]}", "grid: [1, 8], wrap: x}")


@dataclass(frozen=True)
class Way:
    """A way to make a panorama, and the positions of its joins, which are one image apart."""

    name: str
    graph: str
    first: float  # images before the first join
    joins: int  # number of joins
    overlap: tuple[float, float] | None = None  # the cut in a span and in the next one, as shares of their width


WAYS = (
    Way("published: spans of two, cut where one code shows", PUBLISHED, 1.5, 6, (0.75, 0.25)),
    Way("`panorama_windows`: spans of four, cut at the centre", WINDOWS, 2.5, 4, (0.625, 0.375)),
    Way("mosaic: one canvas, no cut (the same columns)", MOSAIC, 1.5, 6),
    Way("images side by side (to compare)", SIDE_BY_SIDE, 1.0, 7),
)


@dataclass(frozen=True)
class Line:
    """The measurements of a way."""

    name: str
    excess: float  # mean log of the ratio of the step to the steps beside it
    low: float
    high: float
    above: float | None  # p-value of a step above the mosaic's at the same columns; None for the mosaic
    disagreement: float | None  # difference between the two spans at a cut, in levels of 255; None without overlap


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--models", nargs="+", default=["landscape", "avatar"])
    parser.add_argument("--to", type=Path, default=PAGE)
    given = parser.parse_args()
    parts = [to_markdown(model, *measure(model, given.seeds)) for model in given.models]
    given.to.write_text(HEAD.format(seeds=given.seeds, cells=CELLS, chance=1 / CELLS) + "\n".join(parts), "utf-8")
    sys.stdout.write(f"{given.to}\n")


def measure(model: str, seeds: int) -> tuple[list[Line], list[str]]:
    """Return the lines of the open panoramas and of the ring."""
    return [measure_way(way, model, seeds) for way in WAYS], measure_rings(model, seeds)


def measure_way(way: Way, model: str, seeds: int) -> Line:
    """Measure the joins of one way over all seeds, against the same columns of a mosaic of the same codes."""
    made = run(way.graph, model, seeds)
    mosaics = run(MOSAIC, model, seeds)
    size = mosaics[0]["panorama"].shape[1]
    columns = [round((way.first + join) * size) for join in range(way.joins)]
    excesses = np.array([excess(steps(one["panorama"]), columns).mean() for one in made])
    plain = np.array([excess(steps(one["panorama"]), columns).mean() for one in mosaics])
    above = None if way.graph == MOSAIC else sign_test(excesses - plain)
    apart = None
    if way.overlap is not None:
        apart = float(np.mean([disagreement(one["spans"], *way.overlap) for one in made]))
    return Line(way.name, float(excesses.mean()), *interval(excesses), above, apart)


def disagreement(spans: Array, stop: float, start: float) -> float:
    """Return how far two spans differ in the pixels on either side of their cut, in levels of 255."""
    width = spans.shape[3]
    here, there = round(stop * width), round(start * width)
    left = np.abs(spans[:-1, :, :, here - 1] - spans[1:, :, :, there - 1])
    right = np.abs(spans[:-1, :, :, here] - spans[1:, :, :, there])
    return float((left.mean() + right.mean()) / 2 * 127.5)


def measure_rings(model: str, seeds: int) -> list[str]:
    """Compare the join of a closed loop with the columns that would be the join if the loop began elsewhere."""
    rows = []
    for name, graph in (("closed loop", RING), ("open mosaic, its ends put together (to compare)", MOSAIC)):
        seam, others = ring_steps(run(graph, model, seeds))
        ratio = float(np.exp(np.log(seam) - np.log(others).mean(axis=1)).mean())
        rows.append(
            f"| {name} | {ratio:.3f} | {(seam > others.max(axis=1)).mean():.3f} | {p_text(rank_test(seam, others))} |"
        )
    return rows


def ring_steps(made: list[dict[str, Array]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the step at column 0 of each panorama [n], and the steps at its other cell borders [n, cells - 1]."""
    size = made[0]["panorama"].shape[1]
    borders = np.array([steps(one["panorama"])[::size] for one in made])
    return borders[:, 0], borders[:, 1:]


def run(graph: str, model: str, seeds: int) -> list[dict[str, Array]]:
    """Return the outputs for each seed, computed as one plan: panorama [3, h, w], spans [rows, 3, h, w]."""
    graphs = [fgraph.load(graph, [f"seed={seed}", f"models.main={model}"]) for seed in range(seeds)]
    results = fgraph.run(graphs, device="cpu", memory="1GiB")
    return [{name: one.array[0] if name == "panorama" else one.array for name, one in made.items()} for made in results]


HEAD = """# Seams

`python -m bench.quality.seams` writes this page: {seeds} seeds and panoramas of {cells} codes for each model.

**Step.** The step across a column is the mean of |x[c] - x[c - 1]| over its pixels. At a join it is divided by the
geometric mean of the steps 8 and 16 columns away on either side. 1 means that the join looks like any other column.
Up-sampling makes columns differ by their position modulo 2, 4 and 8; the compared columns have the same position.

**p above the mosaic.** A column where one code shows alone may differ from a column where two are mixed, even without a
cut. So each method is also compared with a mosaic of the same codes at the same columns. p is the one-sided probability
of a mean this large if the sign of each seed's difference is random. A small p means that the method has seams.

**Apart.** The difference between two neighbouring spans at the two pixels of their cut, in levels of 255. Both spans
show the same pixels, so an edge in the picture does not count as a seam.

**Closed loop.** A loop has no cut, but its right edge meets its left edge at one border between two cells. Without a
seam, this border is like the other borders of the loop. A permutation test on ranks compares its step with theirs. p is
the share of random choices of a border whose ranks are at least this high. The third column is how often the join has
the largest step of the {cells} borders; by chance that is 1/{cells} = {chance:.3f}. A test in
`tests/engine/test_seams.py` shows more: if the codes rotate by one cell, the picture rotates by exactly one cell, so no
border of the loop differs from another.
"""


def to_markdown(model: str, lines: list[Line], rings: list[str]) -> str:
    """Return the tables of one model."""
    rows = [
        f"| {line.name} | {np.exp(line.excess):.3f} | {np.exp(line.low):.3f} to {np.exp(line.high):.3f} | "
        f"{'' if line.above is None else p_text(line.above)} | "
        f"{'' if line.disagreement is None else f'{line.disagreement:.3f}'} |"
        for line in lines
    ]
    return "\n".join([
        "", f"## {model}", "",
        "| open panorama | step at the join / beside it | 95 % | p above the mosaic | apart |",
        "| --- | --- | --- | --- | --- |", *rows, "",
        "| loop | step at the join / at other borders | how often the largest | p of a seam |",
        "| --- | --- | --- | --- |", *rings, "",
    ])  # fmt: skip


def p_text(p: float) -> str:
    """Return a p-value as text, with the precision that the number of random draws allows."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


if __name__ == "__main__":
    main()
