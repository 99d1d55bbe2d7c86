"""Quality of the codes of encoders, and after steps of an optimisation: PSNR and CPU time for each bundled model.

Writes docs/how-to/encoders.png and a part of docs/how-to/encoders.md.

    python -m bench.quality.encoders --pictures 100 --write
    python -m bench.quality.encoders --pictures 4 --models avatar    a quick trial; writes nothing
    python -m bench.quality.encoders --redraw                        only the plot, from the table of the page

With `--kept FILE`, results of each picture are kept in a file as soon as they exist, and the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from bench.harness.pages import DOCS, ROOT
from fgraph.inversion import make_settings
from fgraph.inversion.batch import invert
from fgraph.inversion.problem import make_problem
from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator
from fgraph.training.painters import load_painter

PAGE, PLOT = DOCS / "how-to" / "encoders.md", DOCS / "how-to" / "encoders.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PAINTER = ROOT / "examples" / "training" / "landscapes.py:Landscapes"
SEED, TOGETHER = 2026, 4  # trainings of encoders draw from other seeds; pictures in a batch
WAYS = ("encoder", "encoder, 50 steps", "mean, 50 steps", "mean, 400 steps")
SHORT = {"mse": 0.0, "pyramid": 0.0, "log_mse": 1.0, "learning_rate": 0.07}  # of 50 steps; 400 have the defaults
_COLOURS = {
    "encoder": "#b03a3a",
    "encoder, 50 steps": "#2a9d5c",
    "mean, 50 steps": "#cc7722",
    "mean, 400 steps": "#2a6fb0",
}


@dataclass(frozen=True)
class Line:
    """The results of one way for the pictures of one subject."""

    subject: str
    way: str
    psnr: tuple[float, ...]
    cpu: float  # seconds a picture, of all threads

    @property
    def mean(self) -> float:
        return float(np.mean(self.psnr))


def draw(generator: Generator, styles: Tensor) -> Tensor:
    with torch.no_grad():
        return generator.synthesise(styles).clamp(-1, 1)


def targets(generator: Generator, painted: bool, start: int, count: int) -> Tensor:
    """Return pictures that no training has seen: samples of a model, or paintings."""
    table = generator.table
    found = []
    for number in range(start, start + count):
        source = torch.Generator().manual_seed(SEED + number)
        if painted:
            painter = load_painter(Path(PAINTER))
            found.append(
                torch.as_tensor(painter.paint(torch.randn(1, painter.numbers, generator=source), table.size[0]))
            )
        else:
            z = torch.randn(1, table.z_dim, generator=source)
            found.append(draw(generator, generator.affine(generator.map(z))))
    return torch.cat(found).float()


def run(generator: Generator, model: str, way: str, images: Tensor) -> tuple[list[float], float]:
    """Return the PSNR of each picture, and the CPU seconds of all."""
    began = time.process_time()
    origin, _, steps = way.partition(", ")
    styles = None
    if origin == "encoder":
        encoder = load_encoder(read_encoder(model), torch.float32)
        with torch.no_grad():
            codes = encoder.encode(
                images, generator.w_mean, lambda w: generator.synthesise(generator.affine(w)), encoder.table.iterations
            )
            styles = generator.affine(codes)
    if steps:
        count = int(steps.split()[0])
        settings = make_settings(steps=count, **(SHORT if count == 50 else {}))
        found = invert(make_problem(generator, settings), images, start=styles)
        styles = torch.stack([one.code for one in found])
    seconds = time.process_time() - began
    assert styles is not None
    error = (draw(generator, styles) - images).square().mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return (10 * torch.log10(4 / error)).tolist(), seconds


def measure(subjects: list[tuple[str, bool]], pictures: int, kept: Path | None) -> list[Line]:
    """Measure all ways for some pictures at a time, so that an interrupted run has results of every subject."""
    known: dict[str, list[float]] = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    for start in range(0, pictures, TOGETHER):
        for model, painted in subjects:
            generator = load_generator(model)
            subject = f"{model}, {'paintings' if painted else 'samples'}"
            for way in WAYS:
                key = f"{subject}|{way}|{start}"
                if key in known:
                    continue
                images = targets(generator, painted, start, min(TOGETHER, pictures - start))
                psnr, seconds = run(generator, model, way, images)
                known[key] = [seconds, *psnr]
                print(f"{key:44} {np.mean(psnr):6.2f} dB  CPU {seconds / len(psnr):6.3f} s a picture", flush=True)
                if kept:
                    kept.write_text(json.dumps(known), encoding="utf-8")
    return list(collect(known))


def collect(known: dict[str, list[float]]) -> Iterator[Line]:
    """Yield a line for each subject and way."""
    groups: dict[tuple[str, str], list[list[float]]] = {}
    for key, values in known.items():
        subject, way, _ = key.split("|")
        groups.setdefault((subject, way), []).append(values)
    for (subject, way), parts in groups.items():
        psnr = tuple(value for part in parts for value in part[1:])
        yield Line(subject, way, psnr, sum(part[0] for part in parts) / len(psnr))


def to_markdown(lines: list[Line], command: str) -> str:
    count = min(len(line.psnr) for line in lines)
    rows = [
        f"| {line.subject} | {line.way} | {line.mean:.2f} | {min(line.psnr):.1f} to {max(line.psnr):.1f} "
        f"| {line.cpu:.3f} |"
        for line in lines
    ]
    return "\n".join([
        BEGIN,
        f"`{command}`: {count} pictures of each kind that no training has seen, on {torch.get_num_threads()} thread(s) "
        f"of {os.cpu_count()} cores, torch {torch.__version__.partition('+')[0]}. Samples are images of the model; "
        f"paintings are of `examples/training/landscapes.py`. Steps are those of `invert` in S, {TOGETHER} pictures at "
        f"a time; 50 steps minimise `log_mse` with a learning rate of {SHORT['learning_rate']}, 400 steps have the "
        "defaults.",
        "",
        "| pictures | codes of | mean PSNR, dB | from, to | CPU s a picture |",
        "| --- | --- | --- | --- | --- |",
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
        if len(cells) == 5 and cells[1] in WAYS:
            found.append(Line(cells[0], cells[1], (float(cells[2]),), float(cells[4])))
    return found


def plot(lines: list[Line], path: Path) -> None:
    """Plot PSNR over CPU time, with a line from an encoder, and one from the mean, for each subject."""
    picture = Image.new("RGB", (900, 520), "white")
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
    for subject in dict.fromkeys(line.subject for line in lines):
        own = {line.way: line for line in lines if line.subject == subject}
        for origin in ("encoder", "mean"):
            pen.line([at(one) for way, one in own.items() if way.startswith(origin)], fill="#c8c8c8", width=1)
        x, y = at(own[WAYS[-1]])
        pen.text((x - 9 * len(subject), y - 18), subject, "#555555", font)
    for line in lines:
        x, y = at(line)
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=_COLOURS[line.way])
    for number, way in enumerate(WAYS):
        x = left + 200 * number
        pen.ellipse((x, bottom + 42, x + 10, bottom + 52), fill=_COLOURS[way])
        pen.text((x + 16, bottom + 39), way, "black", font)
    pen.rectangle((left, top, right, bottom), outline="#888888")
    pen.text((left, 8), "mean PSNR by CPU time of one picture", "black", font)
    picture.save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100, help="of each kind")
    parser.add_argument("--models", nargs="+", default=BUNDLED, choices=BUNDLED, help="absent: all bundled ones")
    parser.add_argument("--kept", type=Path, help="a JSON file of the results so far")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--write", action="store_true", help="write the page and the plot")
    parser.add_argument("--redraw", action="store_true", help="draw the plot anew and measure nothing")
    parser.add_argument("--to", type=Path, default=PLOT.parent, help="the folder of a plot drawn anew")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    if given.redraw:
        given.to.mkdir(parents=True, exist_ok=True)
        plot(read_lines(text), given.to / PLOT.name)
        return
    torch.set_num_threads(given.threads)
    subjects = [(model, False) for model in given.models] + [("landscape", True)] * ("landscape" in given.models)
    lines = measure(subjects, given.pictures, given.kept)
    if given.write:
        plot(lines, PLOT)
        head, _, rest = text.partition(BEGIN)
        command = f"python -m bench.quality.encoders --pictures {given.pictures} --write"
        PAGE.write_text(head + to_markdown(lines, command) + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
