"""Compares feature interpolation with its rivals, and writes docs/rivals.md and docs/gallery/rivals.webp.

python bench/rivals.py [--seeds 24] [--to DOCS]            needs: pip install 'fgraph-gan[bench]'

Each task has a graph that makes two unedited pictures, `a` and `b`, and ways to combine them: nodes put into that
graph, or a function on pixels. A further rival is one more `Way` in the tuple of its task.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from measures import excess, steps
from numpy.typing import NDArray
from PIL import Image as PillowImage

import fgraph
from fgraph._pictures import encode_picture, to_pillow, to_pixels
from fgraph._sheets import Cell, enlarge, lay_strip

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHOWN = (0, 3)  # seeds whose pictures are on the page
Picture = NDArray[np.float32]  # [3, h, w] in [-1, 1]
OnPixels = Callable[[Picture, Picture], Picture]

BOX = (16, 16, 48, 48)  # top, left, bottom, right: the region of the first task
FEATHER = 8  # pixels: half of what a soft way may change around the region


@dataclass(frozen=True)
class Way:
    """A way to do a task: nodes that make `image` of the codes `a` and `b`, or a function of the unedited pictures."""

    name: str
    nodes: str = ""
    on_pixels: OnPixels | None = None


@dataclass(frozen=True)
class Task:
    """What is to be done, the ways to do it, and how the result is measured."""

    name: str
    model: str
    ways: tuple[Way, ...]
    measure: Callable[[Picture, Picture, Picture], dict[str, float]]
    shows_b: bool = True


# --- on pixels ---


def weight(feather: int) -> Picture:
    """1 in the box, 0 outside, a linear fade of this many pixels on either side of the border: [h, w]."""
    place = np.arange(64, dtype=np.float32) + 0.5
    sides = []
    for low, high in ((BOX[0], BOX[2]), (BOX[1], BOX[3])):
        inside = np.minimum(place - low, high - place)  # pixels from the nearer border
        sides.append(np.clip(inside / (2 * feather) + 0.5, 0, 1) if feather else (inside > 0).astype(np.float32))
    return np.minimum(sides[0][:, None], sides[1][None])


def paste(feather: int) -> OnPixels:
    return lambda a, b: a + weight(feather) * (b - a)


def poisson(a: Picture, b: Picture) -> Picture:
    """Poisson blending (Pérez et al. 2003) by OpenCV."""
    mask = (weight(0) * 255).astype(np.uint8)
    centre = ((BOX[1] + BOX[3]) // 2, (BOX[0] + BOX[2]) // 2)
    done = cv2.seamlessClone(to_pixels(b), to_pixels(a), mask, centre, cv2.NORMAL_CLONE)
    return done.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1


def side_by_side(a: Picture, b: Picture) -> Picture:
    return np.concatenate([a, b], axis=2)


def cross_fade(a: Picture, b: Picture) -> Picture:
    """Both mirrored into each other's half, faded over the middle half, as the ramp of the graph is."""
    left, right = (np.pad(one, ((0, 0), (0, 0), ends), mode="reflect") for one, ends in ((a, (0, 64)), (b, (64, 0))))
    fade = np.clip((np.arange(left.shape[2]) + 0.5) / left.shape[2] * 2 - 0.5, 0, 1).astype(np.float32)
    return left + fade * (right - left)


def mirror(a: Picture, b: Picture) -> Picture:
    half = a.shape[2] // 2
    return np.pad(a, ((0, 0), (0, 0), (half, half)), mode="reflect")


def resize(a: Picture, b: Picture) -> Picture:
    height, width = a.shape[1:]
    wide = to_pillow(to_pixels(a)).resize((2 * width, height), PillowImage.Resampling.LANCZOS)
    return np.asarray(wide, np.float32).transpose(2, 0, 1) / 127.5 - 1


# --- in features ---

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
  start: {{op: tap, of: a, layer: b8, noise: {{mode: random}}}}
  wider: {edit}
  image: {{op: decode, of: wider}}
"""


# --- measures ---


def measure_region(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """The step across the border of the box, what changed outside of it, the detail and what shows of b inside."""
    usual = np.sqrt(border_step(a) * border_step(b))
    inside, outside = weight(FEATHER) == 1, weight(FEATHER) == 0  # of the soft mask
    return {
        "seam": border_step(made) / usual,
        "locality": float(np.abs(made - a)[:, outside].mean() * 127.5),
        "sharpness": detail(made)[inside].mean() / detail(b)[inside].mean(),
        "effect": float(1 - np.abs(made - b)[:, inside].mean() / np.abs(a - b)[:, inside].mean()),
    }


def measure_join(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """The step across the middle column beside those 8 and 16 columns away, and the detail of all."""
    width = a.shape[2]
    whole = np.concatenate([detail(a), detail(b)], axis=1)
    far = np.r_[0 : width // 2, made.shape[2] - width // 2 : made.shape[2]]  # where one code rules alone
    kept = np.concatenate([a, b], axis=2)
    return {
        "seam": float(np.exp(excess(steps(made), [width])[0])),
        "locality": float(np.abs(made - kept)[:, :, far].mean() * 127.5),
        "sharpness": detail(made).mean() / whole.mean(),
    }


def measure_wider(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """The detail of the wide picture against that of the narrow one."""
    return {"sharpness": detail(made).mean() / detail(a).mean()}


def measure_extended(a: Picture, b: Picture, made: Picture) -> dict[str, float]:
    """The steps at the two borders of the picture that was there, the rest as it was, and the detail."""
    half, width = a.shape[2] // 2, a.shape[2]
    middle = made[:, :, half + FEATHER : half + width - FEATHER]
    return {
        "seam": float(np.exp(excess(steps(made), [half, half + width]).mean())),
        "locality": float(np.abs(middle - a[:, :, FEATHER : width - FEATHER]).mean() * 127.5),
        **measure_wider(a, b, made),
    }


def border_step(picture: Picture) -> float:
    """The mean step between the two pixels on either side of the box's border."""
    top, left, bottom, right = BOX
    across = [np.abs(picture[:, top:bottom, place] - picture[:, top:bottom, place - 1]) for place in (left, right)]
    down = [np.abs(picture[:, place, left:right] - picture[:, place - 1, left:right]) for place in (top, bottom)]
    return float(np.mean(across + down))


def detail(picture: Picture) -> NDArray[np.float64]:
    """High-frequency energy: the square of what a 1-2-1 blur takes away, over the channels; [h, w]."""
    blurred = picture.astype(np.float64)
    for axis in (1, 2):
        ends = [(0, 0), (0, 0), (0, 0)]
        ends[axis] = (1, 1)
        wide = np.pad(blurred, ends, mode="edge")
        low, middle, high = (np.take(wide, range(s, s + picture.shape[axis]), axis) for s in range(3))
        blurred = (low + 2 * middle + high) / 4
    found: NDArray[np.float64] = ((picture - blurred) ** 2).mean(axis=0)
    return found


# --- tasks ---

REGION_WAYS = (
    Way("pixels: paste", on_pixels=paste(0)),
    Way("pixels: soft paste", on_pixels=paste(FEATHER)),
    Way("pixels: Poisson blending", on_pixels=poisson),
    Way("Suzuki et al. 2018, hard collage at b16", f"  {SPOT}}}" + COLLAGE.format(layer="b16")),
    Way("Suzuki et al. 2018, soft collage at b16", f"  {SOFT}" + COLLAGE.format(layer="b16")),
    Way("feature interpolation (ours)", f"  {SOFT}" + INTERPOLATE.format(layers="all")),
    Way("the same from b16 on (ours)", f"  {SOFT}" + INTERPOLATE.format(layers="b16..")),
    # Collins et al. 2020 (channels of a part) and Wulff & Torralba 2020 (codes from inversion) go here, a Way each.
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
            Way("features padded after b8 (ours)", WIDER.format(edit="{op: pad, of: start, left: 0.5, right: 0.5}")),
        ),
        measure_extended, shows_b=False,
    ),
    Task(
        "twice as wide: stretched", "landscape",
        (
            Way("pixels: resized (Lanczos)", on_pixels=resize),
            Way("features resized after b8 (ours)", WIDER.format(edit="{op: resize, of: start, width: 2}")),
        ),
        measure_wider, shows_b=False,
    ),
)  # fmt: skip
COLUMNS = ("seam", "locality", "sharpness", "effect")


def main() -> None:
    """Run every way, write the table and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--to", type=Path, default=DOCS)
    given = parser.parse_args()
    parts, strips = [], []
    for task in TASKS:
        a, b, made = run_task(task, given.seeds)
        parts.append(to_markdown(task, a, b, made))
        strips += [draw(task, a[seed], b[seed], [one[seed] for one in made]) for seed in SHOWN if seed < given.seeds]
    (given.to / "gallery").mkdir(parents=True, exist_ok=True)
    sheet = lay_strip(strips, "y", gap=10)
    (given.to / "gallery" / "rivals.webp").write_bytes(encode_picture(sheet, "webp", quality=88))
    (given.to / "rivals.md").write_text(HEAD.format(seeds=given.seeds) + "\n".join(parts), "utf-8")
    sys.stdout.write(f"{given.to / 'rivals.md'}\n")


def run_task(task: Task, seeds: int) -> tuple[list[Picture], list[Picture], list[list[Picture]]]:
    """The unedited pictures of each seed, and for each way what it makes of them."""
    codes = "\n".join(f"  {name}: {{op: sample, truncation: 0.7}}" for name in "ab")
    shown = "\n".join(f"  image_{name}: {{op: decode, of: {name}}}" for name in "ab")
    head = f"models: {{main: {task.model}}}\nnodes:\n{codes}\n{shown}\n"
    plain = run(head, {"a": "image_a", "b": "image_b"}, seeds)
    a, b = [one["a"] for one in plain], [one["b"] for one in plain]
    made = []
    for way in task.ways:
        if way.on_pixels is not None:
            made.append([way.on_pixels(*pair) for pair in zip(a, b, strict=True)])
        else:
            made.append([one["image"] for one in run(f"{head}{way.nodes}", {"image": "image"}, seeds)])
    return a, b, made


def run(graph: str, outputs: dict[str, str], seeds: int) -> list[dict[str, Picture]]:
    """The outputs for each seed, all as one plan."""
    listed = ", ".join(f"{name}: {node}" for name, node in outputs.items())
    graphs = [fgraph.load(f"{graph}\noutputs: {{{listed}}}\n", [f"seed={seed}"]) for seed in range(seeds)]
    return [{name: value.array[0] for name, value in one.items()} for one in fgraph.run(graphs, device="cpu")]


def to_markdown(task: Task, a: list[Picture], b: list[Picture], made: list[list[Picture]]) -> str:
    """The table of one task: means over the seeds, and their standard errors."""
    lines = []
    for way, pictures in zip(task.ways, made, strict=True):
        found = [task.measure(*trio) for trio in zip(a, b, pictures, strict=True)]
        cells = [text_of([one[name] for one in found]) if name in found[0] else "" for name in COLUMNS]
        lines.append(f"| {way.name} | {' | '.join(cells)} |")
    return "\n".join([
        "", f"## {task.name[0].upper()}{task.name[1:]}", "",
        "| way | seam step | locality | sharpness | effect |", "| --- | --- | --- | --- | --- |", *lines, "",
    ])  # fmt: skip


def text_of(values: list[float]) -> str:
    """A mean and its standard error."""
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.2f}"


def draw(task: Task, a: Picture, b: Picture, made: list[Picture]) -> Cell:
    """One seed of a task: the unedited pictures, then what each way makes."""
    cells = [(a, "a"), *([(b, "b")] if task.shows_b else []), *zip(made, (way.name for way in task.ways), strict=True)]
    shown = [Cell(enlarge(to_pillow(to_pixels(picture)), 2 * max(picture.shape[1:])), name) for picture, name in cells]
    return Cell(lay_strip(shown, "x", gap=8), task.name)


HEAD = """# Rivals

Written by `python bench/rivals.py`: {seeds} seeds each, the bundled 64-pixel models; means and their standard errors.

![each task by each way](gallery/rivals.webp)

* **Seam step**: the mean step between the pixels on either side of a border that the edit made. Of a region, over the
  geometric mean of the same in the two unedited pictures; of a join, over the steps 8 and 16 columns away. 1 is no
  seam.
* **Locality**: how much the picture changed where it should not, in levels of 255: outside the region and its fade; of
  two pictures as one, in the outer half of each; of a picture made wider, in its own part.
* **Sharpness**: high-frequency energy (the square of what a 1-2-1 blur takes away) over that of the unedited pictures:
  below 1 is blurred, above 1 has more fine grain than the model draws. Of a region, in its inner part, against b there.
* **Effect**: how far the inner part of the region went from a to b: 1 is b itself, 0 is a as it was, or as far from b.

Poisson blending is Pérez et al. 2003, by OpenCV; the collages are Suzuki et al. 2018, two trunks whose features are cut
and pasted at one layer. The first layers of a network see most of a picture, so what mixes them is less local: 4 pixels
of the first layer are all of it.

No figure is best alone: a paste is perfectly local and sharp, and has a seam; what leaves a as it was has none.

What one sees: a paste and a hard collage show the box. Poisson blending meets a at the border, and so gives up the
colours of b: of the night scene nothing is left. A soft collage and feature interpolation let b show as a spot without
an edge, and draw grass across it. Mixing from b16 on keeps to the region best, and brings least of b, as its colours
were drawn before. Of two pictures made one, the collage keeps a vertical edge in the sky, the cross-fade shows the moon
twice, and feature interpolation has one sky that changes. A mirrored picture shows where it was mirrored; padded
features do not. A resized picture is blurred in one direction; resized features have the grain of the narrow picture.
"""

if __name__ == "__main__":
    main()
