"""The locality of transfers: the table of docs/explanation/transfer.md.

    python -m bench.quality.locality [--pairs 64] [--page docs/explanation/transfer.md]

For pairs of samples, each method brings a part of the second image into the first. Change is the mean absolute
difference from the source, for values from -1 to 1: inside where the mask is above one half, outside where it is below
1e-3. Taken is how much closer the inside came to the reference. Seam is the mean step between neighbouring pixels where
the mask falls, divided by the mean step in source and reference there: 1 means no seam.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fgraph
from bench.harness.pages import DOCS

START, END = "<!-- locality -->", "<!-- /locality -->"
Array = np.ndarray[Any, Any]
FACES = ("eyes", "mouth", "hair", "left_half")
LARGE = {"layer": "b16.conv0", "clusters": 10}  # the layer and number of clusters for Collins' parts


@dataclass(frozen=True)
class Setting:
    """A model, a part of its images as the fields of a mask, and the layer where Collins' parts are found."""

    model: str
    part: str
    mask: Mapping[str, Any]
    cluster: Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """The result of one method, averaged over pairs."""

    setting: Setting
    method: str
    inside: float
    outside: float
    seam: float
    reached: float  # the share of the difference to the reference that the inside took over


def settings() -> list[Setting]:
    """Return the measured settings."""
    faces = [
        Setting(
            "avatar",
            part,
            {"kind": "region", "region": part, "framing": "avatar"},
            LARGE,
        )
        for part in FACES
    ]
    sky = {"kind": "ramp", "axis": "y", "start": 0.35, "stop": 0.55, "invert": True, "sampling": "centre"}
    return [*faces, Setting("landscape", "sky", sky, LARGE)]


def measure(setting: Setting, pairs: int) -> list[Line]:
    """Run every method on all pairs, in one plan."""
    graph = fgraph.Graph(models=setting.model)
    source = graph.sample(seed=list(range(pairs)), truncation=0.7)
    reference = graph.sample(seed=list(range(1000, 1000 + pairs)), truncation=0.7)
    mask = graph.mask(**setting.mask)
    ways = {
        "ours, pose aligned": graph.blend(source, graph.align(reference, source, rows="0"), mask=mask),
        "ours, not aligned": graph.blend(source, reference, mask=mask),
        "ours, from b16 on": graph.blend(source, reference, mask=mask, layers="b16.."),
    }
    for epsilon in (5.0, 20.0):
        ways[f"Collins, ε = {epsilon:g}"] = graph.own(
            source, reference, mask=mask, epsilon=epsilon, rho=0.1, **setting.cluster
        )
    nodes = {"source": source, "reference": reference} | ways
    graph.outputs = {"mask": mask} | {f"image_{number}": graph.decode(one) for number, one in enumerate(nodes.values())}
    results = fgraph.run(graph)
    images = {name: results[f"image_{number}"].array.astype(np.float64) for number, name in enumerate(nodes)}
    drawn = results["mask"].array[0, 0].astype(np.float64)
    images["pixel paste"] = (1 - drawn) * images["source"] + drawn * images["reference"]
    return [judge(setting, name, images, drawn) for name in (*ways, "pixel paste")]


def judge(setting: Setting, method: str, images: Mapping[str, Array], mask: Array) -> Line:
    """Return one line of the table."""
    source, reference, made = (images[name] for name in ("source", "reference", method))
    change, wanted = np.abs(made - source).mean(axis=1), np.abs(reference - source).mean(axis=1)  # [rows, H, W]
    inside, outside = mask > 0.5, mask <= 1e-3
    left = np.abs(made - reference).mean(axis=1)
    return Line(
        setting,
        method,
        float(change[:, inside].mean()),
        float(change[:, outside].mean()),
        step_at(made, mask) / ((step_at(source, mask) + step_at(reference, mask)) / 2),
        float(1 - left[:, inside].mean() / wanted[:, inside].mean()),
    )


def step_at(images: Array, mask: Array) -> float:
    """Return the mean step between neighbours where the mask changes, weighted by its change."""
    along, down = np.abs(np.diff(images, axis=3)).mean(axis=(0, 1)), np.abs(np.diff(images, axis=2)).mean(axis=(0, 1))
    weights = np.abs(np.diff(mask, axis=1)), np.abs(np.diff(mask, axis=0))
    return float(((along * weights[0]).sum() + (down * weights[1]).sum()) / (weights[0].sum() + weights[1].sum()))


def to_markdown(lines: Sequence[Line], pairs: int) -> str:
    """Return the table and the number of pairs in Markdown."""
    rows = [
        f"`python -m bench.quality.locality --pairs {pairs}`: {pairs} pairs a part, the bundled models, ψ 0.7.\n",
        "| model, part | method | inside | outside | outside / inside | taken | seam |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for line in lines:
        name = f"{line.setting.model}, {line.setting.part.replace('_', ' ')}"
        rows.append(
            f"| {name} | {line.method} | {line.inside:.3f} | {line.outside:.3f} | {line.outside / line.inside:.2f} "
            f"| {line.reached:.0%} | {line.seam:.2f} |"
        )
    return "\n".join(rows) + "\n"


def main() -> None:
    """Measure, print, and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--page", type=Path, default=DOCS / "explanation" / "transfer.md")
    given = parser.parse_args()
    table = to_markdown([line for one in settings() for line in measure(one, given.pairs)], given.pairs)
    print(table)
    if given.page.exists():
        text = given.page.read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        _, _, after = rest.partition(END)
        given.page.write_text(f"{before}{START}\n\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
