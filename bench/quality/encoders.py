"""Quality of the codes of encoders, and after steps of an optimisation: PSNR and CPU time for each bundled model.

Writes docs/how-to/encoders.png and a part of docs/how-to/encoders.md.

    python -m bench.quality.encoders --pictures 100 --write
    python -m bench.quality.encoders --pictures 4 --subjects avatar  a quick trial; writes nothing
    python -m bench.quality.encoders --redraw                        only the plot, from the table of the page

With `--kept FILE`, the results of each batch of pictures are stored at once, and a repeated command continues after
them. Several commands with different subjects or ways can share one file.

`--sheet FILE` draws the first pictures of each subject, each above the result of every way.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from bench.harness.pages import DOCS, ROOT
from fgraph.inversion import InversionSettings, make_settings
from fgraph.inversion.batch import invert
from fgraph.inversion.priors import make_prior
from fgraph.inversion.probes import measure_probes
from fgraph.inversion.problem import make_problem
from fgraph.inversion.spaces import styles_of
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator
from fgraph.training.painters import PaintedBatches, load_painter

PAGE, PLOT = DOCS / "how-to" / "encoders.md", DOCS / "how-to" / "encoders.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PAINTED = ("landscape", "avatar", "toon")  # models that paintings are compared with
SEED, TOGETHER = 2026, 10  # a seed that no training of encoders uses; pictures in a batch
ADAM = {"mse": 0.0, "pyramid": 0.0, "log_mse": 1.0, "prior_weight": 0.1}  # the loss of refine
ADAM_RATE = 0.07  # of 50 steps
WAYS: dict[str, InversionSettings | None] = {
    "encoder": None,
    "encoder, 50 steps": make_settings("refine"),
    "encoder, 50 steps in W+": make_settings("refine", space="w+"),  # as in edit_photo
    "encoder, 50 steps of Adam": make_settings(steps=50, learning_rate=ADAM_RATE, **ADAM),
    "mean, 50 steps": make_settings("refine"),
    "mean, 400 steps of Adam": make_settings(),
    "mean, 400 steps of Adam, same loss": make_settings(**ADAM),
    "mean, 400 steps": make_settings("refine", steps=400),
}
_COLOURS = ("#b03a3a", "#2a9d5c", "#7ed957", "#86c5a4", "#cc7722", "#2a6fb0", "#7fb2dd", "#6a4c93")


@dataclass(frozen=True)
class Subject:
    """Pictures to find codes for: their model and their source."""

    model: str
    source: str  # samples, or paintings: new pictures of the painter that the model learned from

    @property
    def name(self) -> str:
        return f"{self.model}, {self.source}"


SUBJECTS = (
    *(Subject(model, "samples") for model in BUNDLED),
    *(Subject(model, "paintings") for model in PAINTED),
)


@dataclass(frozen=True)
class Line:
    """The results of one way for the pictures of one subject."""

    subject: str
    way: str
    psnr: tuple[float, ...]
    distance: float  # mean Mahalanobis distance of the styles; samples have 1
    cpu: float  # seconds a picture, of all threads

    @property
    def mean(self) -> float:
        return float(np.mean(self.psnr))


@dataclass(frozen=True)
class Found:
    """The results of one way for some pictures."""

    images: Tensor
    psnr: list[float]
    distance: list[float]
    cpu: float  # seconds of all pictures


def draw(generator: Generator, styles: Tensor) -> Tensor:
    with torch.no_grad():
        return generator.synthesise(styles).clamp(-1, 1)


def targets(generator: Generator, subject: Subject, numbers: Sequence[int]) -> Tensor:
    """Return pictures that no training has seen, [numbers, 3, height, width]."""
    table = generator.table
    if subject.source == "paintings":
        painter = load_painter(ROOT / "examples" / "training" / f"painters.py:{subject.model}")
        batches = PaintedBatches(painter, table.size[0], SEED, flip=False)
        return torch.cat([batches.take(number, 1) for number in numbers])
    draws = [torch.Generator().manual_seed(SEED + number) for number in numbers]
    z = torch.cat([torch.randn(1, table.z_dim, generator=one) for one in draws])
    return draw(generator, generator.affine(generator.map(z)))


def run(generator: Generator, model: str, way: str, images: Tensor) -> Found:
    """Return the codes that a method finds for pictures."""
    settings = WAYS[way]
    start = styles = None
    problem = None if settings is None else make_problem(generator, settings)  # its statistics are measured once
    began = time.process_time()
    if way.startswith("encoder"):
        encoder = load_encoder(read_encoder(model), torch.float32)
        with torch.no_grad():
            codes = encoder.encode(
                images, generator.w_mean, lambda w: generator.synthesise(generator.affine(w)), encoder.table.iterations
            )
            start = styles = generator.affine(codes)
        if settings and settings.space == "w+":
            start = codes
    if problem:
        code = torch.stack([one.code for one in invert(problem, images, start=start)])
        styles = styles_of(generator, problem.settings.space, code).detach()
    seconds = time.process_time() - began
    assert styles is not None
    made = draw(generator, styles)
    error = (made - images).square().mean(dim=(1, 2, 3)).clamp_min(1e-12)
    prior = make_prior("gaussian-full", generator, read_statistics(generator))
    assert prior is not None
    return Found(made, (10 * torch.log10(4 / error)).tolist(), prior.distance(styles, styles).tolist(), seconds)


def metric_seconds(model: str) -> float:
    """Return the CPU seconds to measure the metric of L-BFGS, which is done once for a model."""
    generator = load_generator(model)
    began = time.process_time()
    measure_probes(generator, "s")
    return time.process_time() - began


def read_kept(kept: Path | None) -> dict[str, dict[str, list[float]]]:
    """Return the results so far, by subject, way and first picture."""
    if kept is None or not kept.exists():
        return {}
    return {one.pop("key"): one for one in map(json.loads, kept.read_text(encoding="utf-8").splitlines())}


def measure(subjects: Sequence[Subject], ways: Sequence[str], pictures: int, kept: Path | None) -> list[Line]:
    """Measure all ways for some pictures at a time, so that an interrupted run has results of every subject."""
    known = read_kept(kept)
    for start in range(0, pictures, TOGETHER):
        numbers = range(start, min(start + TOGETHER, pictures))
        for subject in subjects:
            generator = load_generator(subject.model)
            for way in ways:
                key = f"{subject.name}|{way}|{start}"
                if key in known:
                    continue
                found = run(generator, subject.model, way, targets(generator, subject, numbers))
                known[key] = {"psnr": found.psnr, "distance": found.distance, "cpu": [found.cpu]}
                mean, seconds = np.mean(found.psnr), found.cpu / len(numbers)
                print(f"{key:60} {mean:6.2f} dB  CPU {seconds:6.3f} s a picture", flush=True)
                if kept:
                    with kept.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({"key": key, **known[key]}) + "\n")
    return list(collect(known))


def collect(known: dict[str, dict[str, list[float]]]) -> Iterator[Line]:
    """Yield a line for each subject and way, in their order."""
    groups: dict[tuple[str, str], list[dict[str, list[float]]]] = {}
    for key, values in known.items():
        subject, way, _ = key.split("|")
        groups.setdefault((subject, way), []).append(values)
    for subject in (one.name for one in SUBJECTS):
        for way in WAYS:
            if parts := groups.get((subject, way)):
                psnr = tuple(value for part in parts for value in part["psnr"])
                distance = float(np.mean([value for part in parts for value in part["distance"]]))
                yield Line(subject, way, psnr, distance, sum(part["cpu"][0] for part in parts) / len(psnr))


def to_markdown(lines: Sequence[Line], command: str) -> str:
    rows = [
        f"| {line.subject} | {line.way} | {len(line.psnr)} | {line.mean:.2f} | {min(line.psnr):.1f} to "
        f"{max(line.psnr):.1f} | {line.distance:.2f} | {line.cpu:.3f} |"
        for line in lines
    ]
    once = [f"{metric_seconds(model):.1f} ({model})" for model in BUNDLED]
    return "\n".join([
        BEGIN,
        f"`{command}`: pictures that no training has seen, on {torch.get_num_threads()} thread(s) of {os.cpu_count()} "
        f"cores, torch {torch.__version__.partition('+')[0]}, {TOGETHER} pictures at a time. Samples are images of the "
        "model, and paintings are new pictures of the painter that it learned from. Steps are those of "
        "`preset: refine` in S, or in W+; those of Adam have the defaults "
        f"(`preset: fast`), or the loss of `refine`, with a learning rate of {ADAM_RATE} for 50 steps. The distance of "
        "a code is by the whole covariance, and samples have 1. "
        f"The metric of `lbfgs` is measured once for a model, in {', '.join(once)} s of CPU time.",
        "",
        "| pictures | codes of | number | mean PSNR, dB | from, to | distance | CPU s a picture |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"![PSNR by CPU time]({PLOT.name})",
        END,
    ])  # fmt: skip


def read_lines(text: str) -> list[Line]:
    """Return the lines of the table that `to_markdown` wrote, with the mean PSNR alone."""
    found = []
    for row in text.partition(BEGIN)[2].partition(END)[0].splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 7 and cells[1] in WAYS:
            found.append(Line(cells[0], cells[1], (float(cells[3]),), float(cells[5]), float(cells[6])))
    return found


def plot(lines: list[Line], path: Path) -> None:
    """Plot PSNR over CPU time, with a line from an encoder, and one from the mean, for each subject."""
    picture = Image.new("RGB", (1040, 560), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    left, top, right, bottom = 70, 30, 870, 440
    low, high = 5 * np.floor(min(line.mean for line in lines) / 5), 5 * np.ceil(max(line.mean for line in lines) / 5)
    first, last = (np.log10(end(line.cpu for line in lines)) for end in (min, max))
    first, last = np.floor(first * 2) / 2, np.ceil(last * 2) / 2

    def at(line: Line) -> tuple[float, float]:
        across = (np.log10(line.cpu) - first) / (last - first)
        return left + (right - left) * across, bottom - (bottom - top) * (line.mean - low) / (high - low)

    for value in np.arange(low, high + 1, 5):
        y = bottom - (bottom - top) * (value - low) / (high - low)
        pen.line((left, y, right, y), fill="#e4e4e4")
        pen.text((20, y - 8), f"{value:.0f} dB", "black", font)
    for value in np.arange(first, last + 0.01, 0.5):
        x = left + (right - left) * (value - first) / (last - first)
        pen.line((x, bottom, x, bottom + 4), fill="black")
        pen.text((x - 14, bottom + 6), f"{10**value:.2g} s", "black", font)
    colours = dict(zip(WAYS, _COLOURS, strict=True))
    for subject in dict.fromkeys(line.subject for line in lines):
        of_subject = [line for line in lines if line.subject == subject]
        pen.line([at(line) for line in sorted(of_subject, key=lambda line: line.cpu)], fill="#d8d8d8", width=1)
        x, y = at(max(of_subject, key=lambda line: line.cpu))
        pen.text((x + 9, y - 8), subject, "#555555", font)
    for line in lines:
        x, y = at(line)
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colours[line.way])
    for number, (way, colour) in enumerate(colours.items()):
        x, y = left + 270 * (number % 3), bottom + 32 + 20 * (number // 3)
        pen.ellipse((x, y + 3, x + 10, y + 13), fill=colour)
        pen.text((x + 16, y), way, "black", font)
    pen.rectangle((left, top, right, bottom), outline="#888888")
    pen.text((left, 8), "mean PSNR by CPU time of one picture", "black", font)
    picture.save(path, optimize=True)


def sheet(subjects: Sequence[Subject], ways: Sequence[str], path: Path, count: int = 6) -> None:
    """Draw the first pictures of each subject: a row of pictures, then one of each way."""
    strips = []
    for subject in subjects:
        generator = load_generator(subject.model)
        images = targets(generator, subject, range(count))
        rows = [images, *(run(generator, subject.model, way, images).images for way in ways)]
        strips.append(
            F.interpolate(
                torch.cat([torch.cat(list(row), dim=2)[None] for row in rows], dim=2), (128 * len(rows), 128 * count)
            )
        )
    made = (torch.cat(strips, dim=3)[0].clamp(-1, 1) * 127.5 + 127.5).byte()
    Image.fromarray(made.permute(1, 2, 0).numpy()).save(path)


def main() -> None:
    names = [one.name for one in SUBJECTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100, help="of each kind; 0: only those in the kept file")
    parser.add_argument("--subjects", nargs="+", default=[""], help="kinds whose names begin so; absent: all")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS), help="absent: all")
    parser.add_argument("--kept", type=Path, help="a file of the results so far, JSON by line")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--sheet", type=Path, help="draw pictures here and measure nothing")
    parser.add_argument("--write", action="store_true", help="write the page and the plot")
    parser.add_argument("--redraw", action="store_true", help="redraw the plot without measuring")
    parser.add_argument("--to", type=Path, default=PLOT.parent, help="the folder of the redrawn plot")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    if given.redraw:
        given.to.mkdir(parents=True, exist_ok=True)
        plot(read_lines(text), given.to / PLOT.name)
        return
    torch.set_num_threads(given.threads)
    subjects = [one for one, name in zip(SUBJECTS, names, strict=True) if name.startswith(tuple(given.subjects))]
    if given.sheet:
        sheet(subjects, given.ways, given.sheet)
        return
    lines = measure(subjects, given.ways, given.pictures, given.kept)
    if given.write:
        plot(lines, PLOT)
        head, _, rest = text.partition(BEGIN)
        most = max(len(line.psnr) for line in lines)
        command = f"python -m bench.quality.encoders --pictures {most} --write"
        PAGE.write_text(head + to_markdown(lines, command) + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
