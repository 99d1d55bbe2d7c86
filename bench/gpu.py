"""A campaign on one device, in one command: correctness, speed, memory and roofline; writes a page.

    python bench/gpu.py [--device cuda] [--quick] [--reference DIR] [--nvlabs DIR] [--out FOLDER]

The bundled graphs and the golden images run on the device and on the CPU, and the results are compared. Then a config-f
generator of 256 pixels with random weights is timed, with other seeds in each run: forward passes, a panorama, sweeps,
and the steps of inversions and drags at 256 and 1024 pixels. DIR is a checkout of mchong6/SOAT, and of
NVlabs/stylegan3, whose networks run without their CUDA operations. `--device cpu --quick` tries every part with a small
model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run by its path

import numpy as np
import torch

import fgraph
from bench.harness import machine, published_steps
from bench.harness.accelerator import Accelerator
from bench.harness.pages import MEASUREMENTS, ROOT
from bench.harness.subjects import config_f, load_published, merge_graph, plain_graph, write_checkpoint
from bench.speed.steps import make_drag, make_inversion
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.generators.base import Generator

PAGE = "gpu.md"
GRAPHS = ROOT / "graphs" / "graph"
WAYS = ("eager", "captured", "torch.compile")
PRECISIONS = ("float32", "tf32", "float16", "bfloat16")
Graphs = fgraph.Graph | list[fgraph.Graph]


@dataclass(frozen=True)
class Scale:
    """The amounts of a campaign."""

    size: int
    batches: tuple[int, ...]
    sweeps: tuple[int, ...]
    step_sizes: tuple[int, ...]
    step_batches: tuple[int, ...]
    repeats: int
    ways: tuple[str, ...]
    precisions: tuple[str, ...]
    widest: int  # channels of the model
    graphs: int | None  # number of bundled graphs, and of goldens, to compare; None: all


FULL = Scale(256, (1, 4, 16, 64), (64, 1000), (256, 1024), (1, 4, 16), 9, WAYS, PRECISIONS, 512, None)
QUICK = Scale(16, (2,), (2,), (16,), (1,), 1, WAYS[:2], PRECISIONS[::3], 8, 1)


def compare(device: Accelerator, scale: Scale) -> list[str]:
    """Return a line for each bundled graph and golden: its largest difference from the CPU."""
    lines = ["| graph | largest difference to the CPU |", "| --- | --- |"]
    for name, graph in [*_bundled(scale.graphs), *_goldens(scale.graphs)]:
        try:
            found, expected = (fgraph.run(graph, device=place, precision="fp32") for place in (device.name, "cpu"))
        except fgraph.FgraphError as error:
            lines.append(f"| {name} | failed: {str(error).splitlines()[0]} |")
            continue
        differences = [
            np.abs(found[one].array - expected[one].array).max() for one in expected if hasattr(expected[one], "array")
        ]
        lines.append(f"| {name} | {max(map(float, differences), default=0.0):.1e} |")
    return lines


def _bundled(most: int | None) -> Iterable[tuple[str, fgraph.Graph]]:
    for path in sorted(GRAPHS.glob("*.yaml"))[:most]:
        yield path.stem, fgraph.load(path)


def _goldens(most: int | None) -> Iterable[tuple[str, Any]]:
    from tests.engine.test_goldens import CASES

    for case in CASES[:most]:
        yield f"golden {case.name}", fgraph.load(case.graph())


def speeds(device: Accelerator, scale: Scale, checkpoint: Path) -> list[str]:
    """Return a line for each case, precision and way of running."""
    lines = [
        "| case | precision | way | ms | images a second | memory predicted, MiB | measured, MiB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for case, (images, make) in _cases(str(checkpoint), scale).items():
        for precision in scale.precisions:
            for way in scale.ways:
                seconds, memory = _speed(device, make, precision, way, scale.repeats)
                rate = f"{seconds * 1e3:.2f} | {images / seconds:.1f}"
                lines.append(f"| {case} | {precision} | {way} | {rate} | {memory} |")
    return lines


def _cases(model: str, scale: Scale) -> dict[str, tuple[int, Callable[[int], Graphs]]]:
    """Return the number of images of each case, and a function from a seed to its graphs."""

    def sweep(count: int, seed: int) -> Graphs:
        return [plain_graph(model, 1, seed + one) for one in range(count)]

    cases: dict[str, tuple[int, Callable[[int], Graphs]]] = {
        f"forward, batch {rows}": (rows, partial(plain_graph, model, rows)) for rows in scale.batches
    }
    cases["panorama of 5"] = (5, partial(merge_graph, model, 5))
    return cases | {f"sweep of {count}": (count, partial(sweep, count)) for count in scale.sweeps}


def _speed(
    device: Accelerator, make: Callable[[int], Graphs], precision: str, way: str, repeats: int
) -> tuple[float, str]:
    """Return the median seconds of a run, and the predicted and the measured memory."""
    options: dict[str, Any] = {"device": device.name, "precision": "float32" if precision == "tf32" else precision}
    with device.tf32(precision == "tf32"):
        if way == "torch.compile":
            options["torch_compile"] = device.compiler
        plan = fgraph.compile(make(0), **options)
        run: Callable[[Graphs], Any] = partial(fgraph.run, **options)
        run = fgraph.capture(plan) if way == "captured" else run
        seeds = iter(range(1000, 10**9, 1000))
        seconds, used = device.measure(lambda: run(make(next(seeds))), repeats)
    return seconds, f"{plan.cost.peak_bytes / 2**20:.0f} | {used}"


def published(device: Accelerator, scale: Scale, checkpoint: Path, soat: Path | None, nvlabs: Path | None) -> list[str]:
    """Return a line for each forward pass and for the panorama of the published programs."""
    lines = ["| program | case | ms |", "| --- | --- | --- |"]
    z = codes_of_seeds(range(max(*scale.batches, 5)), 512).to(device.device)
    runs: dict[tuple[str, str], Callable[[], object]] = {}
    if soat:
        one = load_published(soat, checkpoint, scale.size)
        one.network.to(device.device)
        for rows in scale.batches:
            runs["SOAT", f"forward, batch {rows}"] = lambda rows=rows: one.forward(z[:rows])  # type: ignore[misc]
        runs["SOAT", "panorama of 5"] = lambda: one.panorama(z[:5])
    if nvlabs:
        network = published_steps.load_nvlabs(nvlabs, scale.size).to(device.device)
        for rows in scale.batches:
            runs["NVlabs", f"forward, batch {rows}"] = (
                lambda rows=rows: network(  # type: ignore[misc]
                    z[:rows], None, noise_mode="const", force_fp32=True
                )
            )
    with torch.inference_mode():
        for (program, case), run in runs.items():
            lines.append(f"| {program} | {case} | {device.measure(run, scale.repeats)[0] * 1e3:.2f} |")
    return lines if runs else ["No checkout of a published program was given."]


def steps(device: Accelerator, scale: Scale, folder: Path) -> list[str]:
    """Return a line for each step of an inversion and of a drag."""
    lines = ["| step | ms |", "| --- | --- |"]
    for size in scale.step_sizes:
        checkpoint = folder / f"{size}.pt"
        write_checkpoint(checkpoint, table=config_f(size, scale.widest))
        generator: Generator = fgraph.load_generator(checkpoint).to(device.device)
        for rows in scale.step_batches:
            for name, make in (("inversion", make_inversion), ("drag", make_drag)):
                seconds, _ = device.measure(make(generator, rows).step, scale.repeats)
                lines.append(f"| {name}, {size} pixels, batch {rows} | {seconds * 1e3:.2f} |")
    return lines


def roofline(device: Accelerator, scale: Scale) -> list[str]:
    """Return the TFLOP/s of a large product, and of a convolution in both layouts, in each precision."""
    side = 4096 if scale.graphs is None else 64
    lines = [
        "| precision | matrix product | convolution, channels last | convolution, channels first |",
        "| --- | --- | --- | --- |",
    ]
    for precision in scale.precisions:
        dtype = torch.float32 if precision == "tf32" else getattr(torch, precision)
        with device.tf32(precision == "tf32"), torch.inference_mode():
            a = torch.randn(side, side, device=device.device).to(dtype)
            cells = [2 * side**3 / device.measure(lambda a=a: a @ a, scale.repeats)[0]]  # type: ignore[misc]
            for layout in (torch.channels_last, torch.contiguous_format):
                x, weight = (
                    torch.randn(*shape, device=device.device).to(dtype).contiguous(memory_format=layout)
                    for shape in ((8, side // 8, 64, 64), (side // 8, side // 8, 3, 3))
                )
                call = lambda x=x, weight=weight: torch.nn.functional.conv2d(x, weight, padding=1)  # noqa: E731
                cells.append(2 * 9 * 8 * 64**2 * (side // 8) ** 2 / device.measure(call, scale.repeats)[0])
        lines.append(f"| {precision} | " + " | ".join(f"{one / 1e12:.2f}" for one in cells) + " |")
    return lines


def main() -> None:
    """Run the campaign, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="every part with a small model, once")
    parser.add_argument("--reference", type=Path, help="a checkout of mchong6/SOAT")
    parser.add_argument("--nvlabs", type=Path, help="a checkout of NVlabs/stylegan3")
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    device, scale = Accelerator(given.device), QUICK if given.quick else FULL
    parts = ["# One device", "", f"`python bench/gpu.py` writes this page. {device.words}; {machine.versions()}.", ""]
    with tempfile.TemporaryDirectory() as name:
        checkpoint = Path(name) / "configf.pt"
        write_checkpoint(checkpoint, table=config_f(scale.size, scale.widest))
        for title, measure in (
            ("Roofline, TFLOP/s", lambda: roofline(device, scale)),
            ("Against the CPU", lambda: compare(device, scale)),
            ("Speed and memory", lambda: speeds(device, scale, checkpoint)),
            ("Published programs", lambda: published(device, scale, checkpoint, given.reference, given.nvlabs)),
            ("Steps", lambda: steps(device, scale, Path(name))),
        ):
            print(title, flush=True)
            parts += [f"## {title}", "", *measure(), ""]
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / PAGE).write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
