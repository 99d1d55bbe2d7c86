"""Times of steps of inversions and drags, here and in published programs: docs/reference/measurements/steps.md.

    python -m bench.speed.steps [--projector DIR] [--soat DIR] [--draggan DIR] [--sizes 256,1024] [--batches 1,4]
        [--drags 1,8] [--repeats 3] [--threads 1] [--out FOLDER]

DIR are checkouts of rosinality/stylegan2-pytorch, mchong6/SOAT and XingangPan/DragGAN; the repository contains no part
of them. Without a checkout, only fgraph is measured. All programs run generators of config-f with random weights. The
loss of an inversion is the squared error at 256 pixels, with the regulariser of noise for rosinality's program, and
with the Gaussian prior for SOAT's program. All run without LPIPS. DragGAN drags one picture at a time. The page is
written after each job.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch

import fgraph
from bench.harness import machine, published_steps
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import config_f, write_checkpoint
from bench.harness.timing import MachineLoad, Times, in_turns, timed
from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import DragSearch
from fgraph.dragging.settings import make_drag_settings
from fgraph.inversion import make_settings
from fgraph.inversion.losses import WeightedLosses
from fgraph.inversion.optimise import Problem, Search
from fgraph.inversion.optimisers import Evaluation
from fgraph.inversion.problem import make_problem
from fgraph.stylegan.generators.base import Generator

PAGE = "steps.md"
_ENDLESS = 100_000  # steps, so that no row ends while it is measured
HANDLE, TARGET = (0.45, 0.5), (0.7, 0.5)
Step = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """The step of one job: CPU seconds of the published program and of fgraph, and the parts of fgraph's step."""

    job: str
    published: Times | None
    fgraph: Times
    parts: str = ""

    @property
    def ratio(self) -> float | None:
        """The CPU time of the published program, divided by fgraph's."""
        return None if self.published is None else self.published.cpu_seconds / self.fgraph.cpu_seconds


def make_inversion(generator: Generator, rows: int) -> Search:
    """Start an inversion of random pictures to W with noise, by the squared error alone."""
    settings = make_settings(space="w", prior="none", pyramid=0.0, noise=True, steps=_ENDLESS, patience=0)
    problem = Problem(generator, settings, WeightedLosses(settings), None)
    random = torch.Generator().manual_seed(0)
    targets = torch.rand(rows, generator.table.image_channels, *generator.table.size, generator=random) * 2 - 1
    return Search(problem, targets)


def make_style_inversion(generator: Generator, rows: int) -> Search:
    """Start an inversion of random pictures to S with the Gaussian prior, as the program of SOAT does it."""
    settings = make_settings("soat", lpips=0.0, steps=_ENDLESS)
    problem = make_problem(generator, settings)
    random = torch.Generator().manual_seed(0)
    targets = torch.rand(rows, generator.table.image_channels, *generator.table.size, generator=random) * 2 - 1
    return Search(problem, targets)


def inversion_parts(search: Search) -> dict[str, Step]:
    """Return the parts of a step of an inversion, each to be timed alone, in their order."""
    found: dict[str, Any] = {}

    def forward() -> None:
        found["values"] = [value.detach().requires_grad_() for value in search._values]
        code, *noises = found["values"]
        found["images"] = search._problem.generator.synthesise(search._problem.generator.affine(code), noises)

    def losses() -> None:
        parts = search._problem.losses.parts(found["images"], search._wanted)
        found["loss"] = torch.stack(list(parts.values())).sum(dim=0)  # [rows]

    def backward() -> None:
        found["gradients"] = torch.autograd.grad(found["loss"].sum(), found["values"])

    def optimiser() -> None:
        with torch.no_grad():
            plain, loss = [value.detach() for value in found["values"]], found["loss"].detach()
            seen = Evaluation(loss, found["gradients"], torch.zeros_like(loss), search.done)
            search._optimiser.step(plain, search._state, seen)

    return {"forward": forward, "losses": losses, "backward": backward, "optimiser": optimiser}


def make_drag(generator: Generator, rows: int) -> DragSearch:
    """Start a drag of one point in each row, as the published program does it, without an end."""
    settings = make_drag_settings(reading="code", steps=_ENDLESS, patience=0, arrive=1e-9, r1=3 / 512, r2=12 / 512)
    codes = generator.map(torch.randn(rows, generator.table.z_dim, generator=torch.Generator().manual_seed(0)))
    codes = codes[:, None].expand(-1, generator.table.num_ws, -1)
    return DragSearch(generator, settings, codes, [DragPoints((HANDLE,), (TARGET,))] * rows)


def measure(job: str, ways: Mapping[str, Step], repeats: int, parts: Mapping[str, Step] | None = None) -> Line:
    """Time the step of a job in turns with the published step, if there is one; then time its parts."""
    times = in_turns({name: lambda step=step: timed(step) for name, step in ways.items()}, repeats)  # type: ignore[misc]
    part_times = in_turns({name: lambda step=step: timed(step) for name, step in (parts or {}).items()}, repeats)  # type: ignore[misc]
    shares = ", ".join(f"{name} {one.cpu_seconds:.2f}" for name, one in part_times.items())
    return Line(job, times.get("published"), times["fgraph"], shares)


def to_markdown(lines: list[Line], state: list[str]) -> str:
    """Return the page."""
    head = [
        "# Steps of inversions and drags",
        "",
        "`python -m bench.speed.steps --projector DIR --soat DIR --draggan DIR` writes this page. The table has the",
        "median CPU seconds of one step, in fgraph and in published programs, measured in one run. The generators are",
        "config-f with random weights. Inversions search W and the noise, as in the projector of",
        "rosinality/stylegan2-pytorch, or S with a Gaussian prior, as in mchong6/SOAT. They minimise the squared",
        "error; both programs run without LPIPS. DragGAN draws the whole picture in each step, and drags one picture",
        "at a time.",
        "",
        *(f"* {one}" for one in state),
        "",
        "| step | published | fgraph | ratio | parts |",
        "| --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *map(_row, lines)]) + "\n"


def _row(line: Line) -> str:
    published = "" if line.published is None else f"{line.published.cpu_seconds:.2f}"
    ratio = "" if line.ratio is None else f"{line.ratio:.2f}x"
    return f"| {line.job} | {published} | {line.fgraph.cpu_seconds:.2f} | {ratio} | {line.parts} |"


def measure_size(size: int, given: argparse.Namespace, folder: Path) -> Iterator[Line]:
    """Measure all jobs at one size."""
    checkpoint = folder / f"{size}.pt"
    write_checkpoint(checkpoint, table=config_f(size))
    generator = fgraph.load_generator(checkpoint)
    kinds: list[tuple[str, Any, Path | None, Any]] = [
        ("inversion", make_inversion, given.projector, published_steps.projector_step),
        ("inversion to S", make_style_inversion, given.soat, published_steps.soat_step),
    ]
    for rows in given.batches:
        for name, make, checkout, published in kinds:
            search = make(generator, rows)
            ways: dict[str, Step] = {"fgraph": search.step}
            if checkout:
                ways["published"] = published(checkout, checkpoint, size, rows)
            parts = inversion_parts(search) if make is make_inversion else None
            yield measure(f"{name}, {size} pixels, batch {rows}", ways, given.repeats, parts)
            del search, ways, parts  # a step of large pictures holds gigabytes
    for rows in given.drags:
        ways = {"fgraph": make_drag(generator, rows).step}
        if given.draggan:
            one = published_steps.draggan_step(given.draggan, checkpoint, size, HANDLE, TARGET)
            ways["published"] = lambda one=one, rows=rows: [one() for _ in range(rows)]  # type: ignore[misc]
        yield measure(f"drag, {size} pixels, batch {rows}", ways, given.repeats)


def numbers(text: str) -> list[int]:
    """Read numbers with commas between them."""
    return [int(one) for one in text.split(",") if one]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projector", type=Path, help="a checkout of rosinality/stylegan2-pytorch")
    parser.add_argument("--soat", type=Path, help="a checkout of mchong6/SOAT")
    parser.add_argument("--draggan", type=Path, help="a checkout of XingangPan/DragGAN")
    parser.add_argument("--sizes", type=numbers, default=[256, 1024])
    parser.add_argument("--batches", type=numbers, default=[1, 4])
    parser.add_argument("--drags", type=numbers, default=[1, 8], help="rows of a drag")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    load, lines = MachineLoad(), []
    threads = f"threads: {given.threads}; repeats after a warm-up: {given.repeats}"
    with tempfile.TemporaryDirectory() as folder:
        for size in given.sizes:
            for line in measure_size(size, given, Path(folder)):
                print(line, flush=True)
                lines.append(line)
                state = [f"{machine.processor()}; {threads}", machine.load(load.others()), machine.versions()]
                (given.out / PAGE).write_text(to_markdown(lines, state), encoding="utf-8")


if __name__ == "__main__":
    main()
