"""The quality of inversion: PSNR by space and prior, and the cost of the prior.

Writes docs/how-to/inversion.png and a part of docs/how-to/inversion.md.

    python -m bench.quality.inversion            everything, a few minutes on two cores
    python -m bench.quality.inversion --steps 40 a quick trial; writes nothing
    python -m bench.quality.inversion --redraw   only the plot, from the tables of the page
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

import fgraph
from bench.harness.pages import DOCS, ROOT
from fgraph._imaging.read import load_picture
from fgraph.inversion import make_settings
from fgraph.inversion.batch import invert
from fgraph.inversion.priors import make_prior
from fgraph.inversion.problem import make_problem
from fgraph.inversion.settings import Tuning
from fgraph.inversion.spaces import styles_of
from fgraph.inversion.statistics import read_statistics
from fgraph.inversion.tuning import tune

PICTURES = sorted((ROOT / "bench" / "quality" / "data" / "landscapes").glob("*.png"))
PAGE, PLOT = DOCS / "how-to" / "inversion.md", DOCS / "how-to" / "inversion.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GRID = [
    ("w", "none"), ("w", "wulff"), ("w+", "none"), ("w+", "wulff"), ("w+", "gaussian"), ("w+", "gaussian-full"),
    ("s", "none"), ("s", "gaussian"), ("s", "gaussian-full"),
]  # fmt: skip
WEIGHTS = (1e-4, 1e-2, 1e-1)  # in addition to the default 1e-3
MODEL, SEED = "landscape", 5


@dataclass(frozen=True)
class Line:
    """The inversion of eight pictures with one setting."""

    name: str
    psnr: tuple[float, ...]
    diagonal: float  # distance of the styles from the mean; samples have 1
    full: float  # the same, by the whole covariance
    seconds: float  # wall-clock seconds
    cpu: float  # CPU seconds of all threads
    steps: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.psnr))


class Bench:
    def __init__(self, steps: int | None) -> None:
        self.generator = fgraph.load_generator(MODEL)
        statistics = read_statistics(self.generator)
        self.priors = [make_prior(kind, self.generator, statistics) for kind in ("gaussian", "gaussian-full")]
        self.steps = steps

    def run(self, name: str, targets: torch.Tensor, tuning: Tuning | None = None, **settings: object) -> Line:
        problem_settings = make_settings(**({"steps": self.steps} | settings))
        problem = make_problem(self.generator, problem_settings)
        start, began = time.perf_counter(), time.process_time()
        found = invert(problem, targets)
        with torch.no_grad():
            code = torch.stack([one.code for one in found])
            styles = styles_of(self.generator, problem_settings.space, code)
            noise = [torch.stack(maps) for maps in zip(*(one.noises for one in found), strict=True)]
            images = self.generator.synthesise(styles, noise or "const").clamp(-1, 1)
            psnr = (10 * torch.log10(4 / (images - targets).square().mean(dim=(1, 2, 3)))).tolist()
        if tuning is not None:
            pairs = zip(code.split(1), targets.split(1), strict=True)
            psnr = [tune(problem, one, target, tuning).psnr[0] for one, target in pairs]
        diagonal, full = (float(prior.distance(code, styles).mean()) for prior in self.priors if prior)
        steps = float(np.mean([len(one.curve) for one in found]))
        seconds, cpu = time.perf_counter() - start, time.process_time() - began
        line = Line(name, tuple(psnr), diagonal, full, seconds, cpu, steps)
        print(
            f"{name:32} {line.mean:6.2f} dB  {diagonal:5.2f} {full:6.2f}  {line.seconds:6.1f} s, CPU {line.cpu:.1f}",
            flush=True,
        )
        return line

    def drawn(self) -> torch.Tensor:
        """Return eight images of the model."""
        with torch.no_grad():
            z = torch.randn(8, self.generator.table.z_dim, generator=torch.Generator().manual_seed(SEED))
            return self.generator.synthesise(self.generator.affine(self.generator.map(z))).clamp(-1, 1)

    def unseen(self) -> torch.Tensor:
        size = self.generator.table.size
        return torch.stack([torch.from_numpy(load_picture(str(path), size)) for path in PICTURES])


def measure(bench: Bench) -> tuple[Line, list[Line], list[Line], list[Line]]:
    """Measure images of the model; then, for unseen pictures, the grid, the weights of the prior, and other options."""
    drawn = bench.run("drawn by the model: s, gaussian", bench.drawn())
    unseen = bench.unseen()
    grid = [bench.run(f"{space}, {prior}", unseen, space=space, prior=prior) for space, prior in GRID]
    weights = [bench.run(f"s, gaussian, {weight:g}", unseen, prior_weight=weight) for weight in WEIGHTS]
    others = [
        bench.run("mse alone", unseen, pyramid=0.0),
        bench.run("best of 4 starts", unseen, starts=4),
        bench.run("noise as well", unseen, noise=True),
        bench.run("w+, tuned", unseen, Tuning(steps=bench.steps or 300), space="w+"),
    ]
    return drawn, grid, weights, others


def to_markdown(drawn: Line, grid: list[Line], weights: list[Line], others: list[Line]) -> str:
    default = next(line for line in grid if line.name == "s, gaussian")
    values = ", ".join(f"{value:.1f}" for value in drawn.psnr)
    return "\n".join([
        BEGIN,
        f"Measured by `python -m bench.quality.inversion` on {torch.get_num_threads()} thread(s) of {os.cpu_count()} "
        f"cores, torch {torch.__version__.partition('+')[0]}, with the bundled model `{MODEL}` and the preset `fast`.",
        "",
        f"**Images that the model drew** (8 seeded samples), in S with the Gaussian prior: mean PSNR "
        f"**{drawn.mean:.1f} dB** ({values}) in {drawn.seconds:.0f} s, of which {drawn.cpu:.0f} s of CPU time.",
        "",
        "**Pictures that it never saw** (8 of `bench/quality/data/landscapes`). Distances are those of the raw styles "
        "from the mean of samples, by the diagonal and by the whole covariance; samples have 1.",
        "",
        *_table(grid, "space, prior"),
        "",
        "The weight of the prior, in S:",
        "",
        *_table([weights[0], default, *weights[1:]], "space, prior, weight"),
        "",
        "Other options, in S with the Gaussian prior unless the line says otherwise:",
        "",
        *_table(others, "option"),
        "",
        f"![PSNR by distance]({PLOT.name})",
        END,
    ])  # fmt: skip


def _table(lines: list[Line], head: str) -> list[str]:
    rows = [
        f"| {line.name} | {line.mean:.2f} | {min(line.psnr):.1f} to {max(line.psnr):.1f} | {line.diagonal:.2f} "
        f"| {line.full:.2f} | {line.steps:.0f} | {line.cpu:.0f} |"
        for line in lines
    ]
    columns = f"| {head} | mean PSNR, dB | from, to | distance, diagonal | distance, whole | steps | CPU s |"
    return [columns, "| --- | --- | --- | --- | --- | --- | --- |", *rows]


def draw(grid: list[Line], weights: list[Line], path: Path) -> None:
    """Plot PSNR over distance: a point for each space and prior, and a line through the weights of the prior in S."""
    picture = Image.new("RGB", (900, 520), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    left, top, right, bottom = 70, 30, 760, 460
    every = [*grid, *weights]
    low, high = np.floor(min(line.mean for line in every)), np.ceil(max(line.mean for line in every))
    x_max = np.ceil(max(line.diagonal for line in every) * 5) / 5

    def at(line: Line) -> tuple[float, float]:
        return left + (right - left) * line.diagonal / x_max, bottom - (bottom - top) * (line.mean - low) / (high - low)

    for value in np.arange(low, high + 1):
        y = bottom - (bottom - top) * (value - low) / (high - low)
        pen.line((left, y, right, y), fill="#e4e4e4")
        pen.text((20, y - 8), f"{value:.0f} dB", "black", font)
    for value in np.arange(0, x_max + 0.01, 0.2):
        x = left + (right - left) * value / x_max
        pen.line((x, bottom, x, bottom + 4), fill="black")
        pen.text((x - 10, bottom + 8), f"{value:.1f}", "black", font)
    swept = sorted([*weights, *(one for one in grid if one.name == "s, gaussian")], key=lambda line: line.diagonal)
    pen.line([at(line) for line in swept], fill="#9bbce0", width=2)
    colours = {"w": "#b03a3a", "w+": "#2a9d5c", "s": "#2a6fb0"}
    taken: list[tuple[float, float]] = []
    for line in every:
        x, y = at(line)
        colour = colours[line.name.split(",")[0]]
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour)
        while any(abs(x - other) < 120 and abs(y - above) < 16 for other, above in taken):
            y -= 17  # so that names do not overlap
        pen.text((x + 9, y - 8), line.name, colour, font)
        taken.append((x, y))
    pen.rectangle((left, top, right, bottom), outline="#888888")
    pen.text(
        (left, bottom + 32), "distance of the styles from the mean of samples (diagonal; samples have 1)", "black", font
    )
    pen.text((left, 8), "mean PSNR of 8 pictures that the model never saw", "black", font)
    picture.save(path, optimize=True)


def read_lines(text: str) -> list[Line]:
    """Return the lines of the tables that `to_markdown` wrote, without the PSNR of each picture."""
    found = []
    for row in text.partition(BEGIN)[2].partition(END)[0].splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 7 and cells[1].replace(".", "").isdigit():
            mean, diagonal, full, steps, cpu = (float(cells[at]) for at in (1, 3, 4, 5, 6))
            found.append(Line(cells[0], (mean,), diagonal, full, 0.0, cpu, steps))
    return found


def redraw(path: Path) -> None:
    """Draw the plot from the tables of the page."""
    lines = {line.name: line for line in read_lines(PAGE.read_text(encoding="utf-8"))}
    draw(
        [lines[f"{space}, {prior}"] for space, prior in GRID],
        [lines[f"s, gaussian, {weight:g}"] for weight in WEIGHTS],
        path,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="of every search; nothing is written then")
    parser.add_argument("--threads", type=int, help="threads of torch; default: its default")
    parser.add_argument("--redraw", action="store_true", help="redraw the plot without measuring")
    parser.add_argument("--to", type=Path, default=PLOT.parent, help="the folder of the redrawn plot")
    options = parser.parse_args()
    if options.redraw:
        options.to.mkdir(parents=True, exist_ok=True)
        redraw(options.to / PLOT.name)
        return
    if options.threads:
        torch.set_num_threads(options.threads)
    drawn, grid, weights, others = measure(Bench(options.steps))
    if options.steps is None:
        draw(grid, weights, PLOT)
        text = PAGE.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        PAGE.write_text(head + to_markdown(drawn, grid, weights, others) + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
