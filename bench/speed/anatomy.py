"""The time of a panorama by its operations, by torch.profiler: docs/reference/measurements/anatomy.md.

    python -m bench.speed.anatomy [--images 8] [--repeats 3] [--threads 1] [--out FOLDER]

The published panorama of some codes, by config-f at 256 pixels with random weights. A first run warms up. Then the
steps of a run are timed by operation. Another run goes through torch.profiler, and the times of torch's operations are
grouped by their kind. Seconds are CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from torch.profiler import ProfilerActivity, profile

import fgraph
from bench.harness import machine
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import merge_graph, write_checkpoint
from bench.harness.timing import MachineLoad
from fgraph.plan import Plan, Step
from fgraph.runtime import run_plan

PAGE = "anatomy.md"
RESULTS = "results: copies to the host, and the time between steps"
PYTHON = "Python: the host's part"
KINDS: Mapping[str, tuple[str, ...]] = {  # kind of torch's operations -> the starts of their names
    "convolutions": (
        "aten::mkldnn_convolution", "aten::_convolution", "aten::thnn_conv", "aten::slow_conv", "aten::_slow_conv",
    ),
    "matrix products": ("aten::bmm", "aten::addmm", "aten::mm", "aten::baddbmm", "aten::matmul", "aten::linear"),
    "arithmetic of pixels": (
        "aten::mul", "aten::add", "aten::sub", "aten::leaky_relu", "aten::clamp", "aten::rsqrt", "aten::pow",
        "aten::sum", "aten::div", "aten::mean", "aten::square", "aten::lerp", "aten::neg", "aten::where",
    ),
    "filters": ("aten::upsample", "aten::_upsample"),
    "copies": (
        "aten::copy_", "aten::cat", "aten::index", "aten::clone", "aten::fill_", "aten::zero_", "aten::constant_pad",
        "aten::pad", "aten::contiguous", "aten::gather",
    ),
}  # fmt: skip
REST = "other operations of torch: views, allocation"


@dataclass(frozen=True)
class Anatomy:
    """The parts of a run, in CPU seconds, and the speed of its layers."""

    steps: Mapping[str, float]  # by operation; layers that double the size have a separate line
    calls: Mapping[str, int]
    flops: Mapping[str, int]
    kinds: Mapping[str, float]
    top: list[tuple[str, float, int]]  # of torch's operations: name, seconds, calls


def name_of(step: Step) -> str:
    """Return the name of the line of a step."""
    layer = getattr(step.op, "layer", None)
    if layer is not None and step.op.name == "conv":
        return "conv, doubling" if layer.up == 2 else "conv"
    return step.op.name


def clock_steps(plan: Plan) -> dict[str, float]:
    """Return the seconds of the steps of a run, by operation."""
    spent: Counter[str] = Counter()
    begun, last = time.process_time(), [time.process_time()]

    def note(step: Step) -> None:
        now = time.process_time()
        spent[name_of(step)] += now - last[0]  # type: ignore[assignment]
        last[0] = now

    run_plan(plan, on_step=note)
    spent[RESULTS] = time.process_time() - begun - sum(spent.values())  # type: ignore[assignment]
    return dict(spent)


def kind_of(name: str) -> str:
    """Return the kind of an operation of torch."""
    return next((kind for kind, starts in KINDS.items() if name.startswith(starts)), REST)


def profile_run(plan: Plan) -> tuple[dict[str, float], list[tuple[str, float, int]]]:
    """Return the seconds of a run by kind of torch's operations, and the operations that took longest."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        start = time.perf_counter()  # the profiler measures clock time only
        run_plan(plan)
        seconds = time.perf_counter() - start
    events = [(one.key, one.self_cpu_time_total / 1e6, one.count) for one in profiler.key_averages()]
    kinds = dict.fromkeys([*KINDS, REST], 0.0)
    for name, spent, _ in events:
        kinds[kind_of(name)] += spent
    kinds[PYTHON] = max(0.0, seconds - sum(kinds.values()))
    return kinds, sorted(events, key=lambda one: -one[1])[:12]


def examine(plan: Plan, repeats: int) -> Anatomy:
    """Run a plan several times, and return where its time goes; the median of the timed runs for each line."""
    run_plan(plan)
    bounded = plan.bounded
    runs = [clock_steps(plan) for _ in range(repeats)]
    calls: Counter[str] = Counter(name_of(step) for step in bounded.steps)
    flops: Counter[str] = Counter()
    for step in bounded.steps:
        flops[name_of(step)] += step.flops
    steps = {name: statistics.median(one.get(name, 0.0) for one in runs) for name in runs[0]}
    kinds, top = profile_run(plan)
    return Anatomy(steps, calls, flops, kinds, top)


def to_markdown(found: Anatomy, title: str, state: list[str]) -> str:
    """Return the page."""
    whole, profiled = sum(found.steps.values()), sum(found.kinds.values())
    lines = [
        "# Where the time of a panorama goes",
        "",
        f"`python -m bench.speed.anatomy` writes this page: {title}, on a CPU.",
        "The first table times the steps of runs, the second groups the operations of torch in a run under",
        "`torch.profiler`, and the third lists the longest of these. Seconds are CPU seconds. The profiler measures",
        "clock time and adds its own overhead, so the tables give only shares. The share of an operation excludes the",
        "operations that it calls.",
        "",
        *(f"* {one}" for one in state),
        "",
        "| step | calls | s | share | GFLOP/s |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, seconds in sorted(found.steps.items(), key=lambda one: -one[1]):
        speed = f"{found.flops[name] / seconds / 1e9:.0f}" if name.startswith(("conv", "torgb")) and seconds else ""
        lines.append(f"| {name} | {found.calls.get(name, '')} | {seconds:.3f} | {seconds / whole:.1%} | {speed} |")
    lines += ["", "| what torch does | share |", "| --- | --- |"]
    for name, seconds in sorted(found.kinds.items(), key=lambda one: -one[1]):
        lines.append(f"| {name} | {seconds / profiled:.1%} |")
    lines += ["", "| operation | calls | share |", "| --- | --- | --- |"]
    lines += [f"| {name} | {count} | {seconds / profiled:.1%} |" for name, seconds, count in found.top]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    load = MachineLoad()
    with tempfile.TemporaryDirectory() as name:
        checkpoint = Path(name) / "configf.pt"
        write_checkpoint(checkpoint)
        plan = fgraph.compile(merge_graph(fgraph.load_generator(checkpoint), given.images))
    found = examine(plan, given.repeats)
    threads = f"threads: {given.threads}; timed runs after a warm-up: {given.repeats}"
    state = [f"{machine.processor()}; {threads}", machine.load(load.others()), machine.versions()]
    given.out.mkdir(parents=True, exist_ok=True)
    title = f"a panorama of {given.images} images by config-f at 256 pixels with random weights"
    (given.out / PAGE).write_text(to_markdown(found, title, state), encoding="utf-8")


if __name__ == "__main__":
    main()
