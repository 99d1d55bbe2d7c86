"""Feature interpolation and its rivals: docs/reference/measurements/rivals.md and docs/gallery/rivals.webp.

python -m bench.quality.rivals [--seeds 24] [--to DOCS] [--redraw]        needs: pip install 'fgraph-gan[bench]'

Each task has a graph that makes the unedited pictures, `a` and `b`, and ways to combine them: nodes in that graph, or a
function on pixels. To add a rival, add a `Way` to the tuple of its task in rival_tasks.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from bench.harness.pages import DOCS, MEASUREMENTS
from bench.quality.rival_measures import COLUMNS, Picture
from bench.quality.rival_tasks import FILES, TASKS, Task, run_task
from fgraph._imaging.encode import encode_picture, to_pillow, to_pixels
from fgraph._imaging.layout import LabelledPicture, enlarge, lay_strip

SHOWN = (0, 3)  # cases whose pictures are on the page
MOST = 200_000  # bytes of the picture


def main() -> None:
    """Run every way, and write the table and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--to", type=Path, default=DOCS)
    parser.add_argument("--redraw", action="store_true", help="the pictures alone; the table stays as it is")
    given = parser.parse_args()
    lines, strips = [], []
    for task in TASKS:
        cases = SHOWN if given.redraw else range(min(given.seeds, len(FILES)) if task.on_files else given.seeds)
        a, b, made = run_task(task, cases)
        if not given.redraw:
            lines += to_lines(task, a, b, made)
        strips += [
            draw(task, a[at], b[at], [one[at] for one in made]) for at, case in enumerate(cases) if case in SHOWN
        ]
    picture = given.to / "gallery" / "rivals.webp"
    picture.parent.mkdir(parents=True, exist_ok=True)
    sheet = lay_strip(strips, "y", gap=10)
    data = [encode_picture(sheet, "webp", quality=quality) for quality in (80, 70, 60, 50, 40)]
    picture.write_bytes(next((one for one in data if len(one) <= MOST), data[-1]))
    sys.stdout.write(f"{picture}\n")
    if not given.redraw:
        page = given.to / MEASUREMENTS.relative_to(DOCS) / "rivals.md"
        page.write_text(HEAD.format(seeds=given.seeds, files=len(FILES)) + "\n".join([*TABLE, *lines, ""]), "utf-8")
        sys.stdout.write(f"{page}\n")


def to_lines(task: Task, a: list[Picture], b: list[Picture], made: list[list[Picture]]) -> list[str]:
    """Return the lines of one task: means over the cases and their standard errors."""
    lines = []
    for number, (way, pictures) in enumerate(zip(task.ways, made, strict=True)):
        found = [task.measure(*trio) for trio in zip(a, b, pictures, strict=True)]
        cells = [text_of([one[name] for one in found]) if name in found[0] else "" for name in COLUMNS]
        lines.append(f"| {'' if number else f'**{task.name}**'} | {way.name} | {' | '.join(cells)} |")
    return lines


def text_of(values: list[float]) -> str:
    """Return a mean and its standard error as text."""
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.2f}"


def draw(task: Task, a: Picture, b: Picture, made: list[Picture]) -> LabelledPicture:
    """Draw one seed of a task: the unedited pictures, then the result of each way."""
    cells = [(a, "a"), *([(b, "b")] if task.shows_b else []), *zip(made, (way.name for way in task.ways), strict=True)]
    shown = [
        LabelledPicture(enlarge(to_pillow(to_pixels(picture)), 2 * max(picture.shape[1:])), name)
        for picture, name in cells
    ]
    return LabelledPicture(lay_strip(shown, "x", gap=8), task.name)


TABLE = (
    "",
    "| task | way | seam step | locality | sharpness | effect | reconstruction, dB |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)
HEAD = """# Rivals

`python -m bench.quality.rivals` writes this page: {seeds} seeds each, the bundled 64-pixel models, means and their
standard errors. The inverted pictures are the {files} of `bench/quality/data/landscapes`, which the model never saw.

![each task by each way](../../gallery/rivals.webp)

* **Seam step**: the mean step between the pixels on either side of a border that the edit made. For a region, it is
  divided by the geometric mean of the same steps in the two unedited pictures; for a join, by the steps 8 and 16
  columns away. 1 is no seam.
* **Locality**: how much the picture changed where it should not, in levels of 255: outside the region and its fade; for
  two pictures as one, in the outer half of each; for a wider picture, in its own part.
* **Sharpness**: high-frequency energy (the square of what a 1-2-1 blur removes), divided by the same in the unedited
  pictures. Below 1 is blurred; above 1 has more fine grain than the model draws. For a region, it compares the inner
  part with b there.
* **Effect**: how far the inner part of the region moved from a to b. 1 is b itself. 0 is as far from b as a is.
* **Reconstruction**: the PSNR of the image of a picture's code, by the node `invert` in 200 steps. By default, `invert`
  takes 400 steps ([figures](../../how-to/inversion.md#how-good-it-is)).

Poisson blending is Pérez et al. 2003, by OpenCV. The collages are Suzuki et al. 2018: the features of two separate
passes are cut and pasted at one layer. Collins et al. 2020 is the node `own` with ε = 20. It divides the features into
ten parts, chooses the parts inside the box, and edits the style channels that own them. Its parts are not boxes, and it
uses no mask to draw the picture. Wulff and Torralba 2020 is the prior `wulff` of `invert`. Mixing the first layers is
less local, because one of their pixels covers a large part of the picture.

SinGAN (Shaham et al. 2019) makes variations of one picture by training a generator on it alone. fgraph has the node
`patches` for that, which needs no training ([many pictures from one](../../explanation/one_image.md)). SinGAN is
neither reimplemented nor measured.

Compare the figures together. A paste is perfectly local and sharp, but has a seam. A method that changes nothing has
no seam, but no effect.

**Regions.** A paste and a hard collage show the box. Poisson blending takes the colours of a at the border, so it loses
the colours of b: nothing of the light or pink sky is left. A soft collage and feature interpolation show b as a spot
without an edge. Interpolation from b16 on changes less outside the region than interpolation at all layers. It also
takes less from b, because earlier layers decide the colours. The channels of Collins et al. change all of a landscape,
because no part of it has the shape of the box. On heads they change skin, hair and background together.

**Two pictures as one, and wider pictures.** The collage keeps a vertical edge in the sky, the cross-fade is a mirror
image around its middle, and feature interpolation has one sky that changes, with a dark spot in the land below. A
mirrored picture shows the mirror line; padded features do not. A resized picture is blurred in one direction; resized
features keep the grain of the narrow picture.

**Inversion.** Inverted pictures lack snow, trees and small peaks, which this small model cannot draw in any space. The
code in S comes closest, and a Gaussian prior of this weight costs almost no PSNR. The prior of Wulff and Torralba, at
the same weight, keeps the code closer to codes of samples. The picture is then sharper, and its PSNR is lower.
At a tenth of the weight, the result is in between. The weights of two
different priors cannot be compared, so compare the lines within a space first. The page on
[inversion](../../how-to/inversion.md#how-good-it-is) lists the distances from the samples and the PSNR together.
"""

if __name__ == "__main__":
    main()
