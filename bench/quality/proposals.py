"""The seams of proposed patches, as first proposed and as kept: docs/reference/measurements/proposals.md.

python -m bench.quality.proposals [--pictures 32] [--variations 16] [--models landscape] [--to FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fgraph
from bench.harness.pages import MEASUREMENTS
from fgraph.runtime.kernels.proposals import Look, Rule, propose_patches
from fgraph.runtime.kernels.seams import MOST_VISIBLE, Seams, keep_seamless

PAGE = MEASUREMENTS / "proposals.md"
CELLS = (16, 16)
RULE = Rule(3, CELLS, 0.15, 0.45, "avoid")  # for one wanted patch, three are proposed
BAND = 2  # pixels on both sides of a patch's side whose steps are compared between pictures
EVEN = 0.06  # the largest RMS of the steps of single pixels, of a range from -1 to 1, on even ground
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Copy:
    """A patch in its picture: the number of the picture, the patch in cells, the picture with it."""

    picture: int
    patch: Array
    made: Array


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--variations", type=int, default=16)
    parser.add_argument("--models", nargs="+", default=["landscape"])
    parser.add_argument("--to", type=Path, default=PAGE)
    given = parser.parse_args()
    parts = [to_markdown(model, *measure(model, given.pictures, given.variations)) for model in given.models]
    given.to.write_text(HEAD.format(chance=100 / given.pictures, most=MOST_VISIBLE) + "".join(parts), "utf-8")
    sys.stdout.write(f"{given.to}\n")


def measure(model: str, pictures: int, variations: int) -> tuple[list[Array], list[Copy], list[Copy], int]:
    """Return the pictures, the patches that are proposed first, those that are kept, and the number of proposals."""
    before = [made["before"] for made in decode(model, [{}] * pictures)]
    looks = [Look(picture, CELLS) for picture in before]
    proposed = [
        {f"v{number}": propose_patches(look, RULE, seed, number) for number in range(variations)}
        for seed, look in enumerate(looks)
    ]
    tried = decode(model, proposed)
    first = [{name: patches[:1] for name, patches in one.items()} for one in proposed]
    kept = [
        {name: keep_seamless(before[n], made[name], patches, CELLS, 1) for name, patches in proposed[n].items()}
        for n, made in enumerate(tried)
    ]
    both = [_copies(chosen, decode(model, chosen)) for chosen in (first, kept)]
    return before, *both, pictures * variations  # type: ignore[return-value]


def decode(model: str, wanted: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
    """Return the images of each seed: `before`, and one with the patches of each name."""
    graphs = []
    for seed, one in enumerate(wanted):
        nodes: dict[str, Any] = {"code": {"op": "sample", "truncation": 0.7}, "before": {"op": "decode", "of": "code"}}
        for name, patches in one.items():
            boxes = [_written(patch) for patch in patches if patch[2]]
            if boxes:
                nodes[f"with_{name}"] = {"op": "patches", "of": "code", "patches": boxes}
                nodes[name] = {"op": "decode", "of": f"with_{name}"}
        outputs = [name for name, node in nodes.items() if node["op"] == "decode"]
        graphs.append(fgraph.load({"seed": seed, "models": {"main": model}, "nodes": nodes, "outputs": outputs}))
    results = fgraph.run(graphs, device="cpu", memory="1GiB")
    return [{name: value.array[0].astype(np.float64) for name, value in one.items()} for one in results]


def _written(patch: Array) -> dict[str, list[float]]:
    x, y, width, height, along, down = patch / CELLS[0]
    return {"box": [x, y, width, height], "by": [along, down]}


def _copies(chosen: Sequence[Mapping[str, Array]], made: Sequence[Mapping[str, Array]]) -> list[Copy]:
    return [
        Copy(number, patches[0], made[number][name])
        for number, one in enumerate(chosen)
        for name, patches in one.items()
        if len(patches) and patches[0, 2]
    ]


def sharper(before: Sequence[Array], copies: Sequence[Copy], *, edited: bool) -> tuple[float, int]:
    """Return the share of sides on even ground that are sharper than the same line in other pictures, and their number.

    The ground is even if the picture before has no texture there, and none at the side of the place that is copied.
    """
    steps = [_steps(picture) for picture in before]
    found = []
    for copy in copies:
        these = _steps(copy.made) if edited else steps[copy.picture]
        others = [one for number, one in enumerate(steps) if number != copy.picture]
        for there, here in _sides(copy.patch, copy.made.shape[1] // CELLS[0], copy.made.shape[1]):
            if max(_texture(steps[copy.picture], side) for side in (there, here)) <= EVEN:
                found.append(_strength(these, here) > max(_strength(other, here) for other in others))
    return float(np.mean(found)), len(found)


def _steps(picture: Array) -> Array:
    """Return the steps of single pixels across upright and level lines, [2, C, along, lines]."""
    parts = []
    for turned in (picture, picture.transpose(0, 2, 1)):
        sums = np.concatenate([np.zeros((*turned.shape[:2], 1)), turned.cumsum(axis=2)], axis=2)
        lines = np.arange(turned.shape[2] + 1).clip(BAND, turned.shape[2] - BAND)
        parts.append((sums[:, :, lines + BAND] - 2 * sums[:, :, lines] + sums[:, :, lines - BAND]) / BAND)
    return np.stack(parts)


Side = tuple[int, int, slice]  # 0 upright or 1 level, the line, the part of it


def _strength(steps: Array, side: Side) -> float:
    """Return the RMS over the channels of the mean step across a side."""
    axis, line, part = side
    return float(np.sqrt(np.square(steps[axis, :, part, line].mean(axis=1)).mean()))


def _texture(steps: Array, side: Side) -> float:
    """Return the RMS of the steps across a side and the lines around it."""
    axis, line, part = side
    return float(np.sqrt(np.square(steps[axis, :, part, max(0, line - 4) : line + 5]).mean()))


def _sides(patch: Array, scale: int, size: int) -> list[tuple[Side, Side]]:
    """Return the sides of a patch that aren't on the edge of the picture, at the source and at the target."""
    x, y, width, height, along, down = (patch * scale).astype(int).tolist()

    def of(left: int, top: int) -> list[Side]:
        rows, columns = slice(top, top + height), slice(left, left + width)
        return [(0, left, rows), (0, left + width, rows), (1, top, columns), (1, top + height, columns)]

    pairs = zip(of(x, y), of(x + along, y + down), strict=True)
    return [(there, here) for there, here in pairs if 0 < here[1] < size]


HEAD = """# Proposed patches

`python -m bench.quality.proposals` writes this page. Each proposal is one variation with one patch, on the bundled
models.

**First proposed** is the patch whose surroundings fit best at source and target, before anything is decoded. **Kept**
is the first of three patches without a visible seam in the decoded picture ([how](../../explanation/one_image.md)).

**Visibility** is the measure of that rule, for the picture with this patch alone. The rule judges all three patches in
one picture, and keeps those up to {most}.

**Sharper** is a measure that the rule does not use. It considers the sides of patches on even ground, where neither
place has texture, and compares the step across each side with the step across the same line in all other pictures,
which have no patch there. Sharper is the share of sides with a larger step than in all of these pictures. By chance,
it is {chance:.1f} %.
"""


def to_markdown(model: str, before: list[Array], first: list[Copy], kept: list[Copy], count: int) -> str:
    """Return the table of one model."""
    rows = []
    for name, copies in (("first proposed", first), ("kept", kept)):
        seen = np.array([_visibility(before, copy) for copy in copies])
        middle, high, top = np.quantile(seen, (0.5, 0.9, 0.99))
        (after, sides), (now, _) = (sharper(before, copies, edited=edited) for edited in (True, False))
        rows.append(
            f"| {name} | {len(copies)} | {middle:.2f} | {high:.2f} | {top:.2f} | {(seen > MOST_VISIBLE).mean():.1%} | "
            f"{(seen > 1).mean():.1%} | {sides} | {after:.1%} | {now:.1%} | {100 * after * sides / len(copies):.1f} |"
        )
    return "\n".join([
        "", f"## {model}", "", f"{count} proposals in {len(before)} pictures.", "",
        f"| patches | number | visibility, median | 90 % | 99 % | above {MOST_VISIBLE} | above 1 | "
        "sides on even ground | sharper | sharper before the edit | sharper sides per 100 patches |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", *rows, "",
    ])  # fmt: skip


def _visibility(before: Sequence[Array], copy: Copy) -> float:
    scale = copy.made.shape[1] // CELLS[0]
    return Seams(before[copy.picture], copy.made).visibility(copy.patch * scale)


if __name__ == "__main__":
    main()
