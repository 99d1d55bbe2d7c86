"""The effect of `torch_compile` and `capture` on a run, as ratios within one process.

    python -m bench.speed.accelerated [--device cuda] [--repeats N]

Each case runs with another seed each time, and all ways take turns. `first` is the first run of a way, with compiling
and capturing. The other figures are medians. On a CPU nothing is captured, and CPU time is the reliable figure.
Compiling takes minutes.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

import fgraph
from bench.harness.subjects import merge_graph, plain_graph, write_checkpoint
from bench.harness.timing import Runner, in_turns, timed

Make = Callable[[int], fgraph.Graph]
Run = Callable[[fgraph.Graph], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    print(f"torch {torch.__version__}, device {options.device}, {torch.get_num_threads()} threads\n")
    print("| case | way | first, s | s | CPU s | times faster | by CPU |\n| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "configf.pt"
        write_checkpoint(checkpoint)
        for name, model in (("landscape, 64 pixels", "landscape"), ("config-f, 256 pixels", str(checkpoint))):
            report(f"{name}: 4 images", partial(plain_graph, model, 4), options)
            report(f"{name}: panorama of 5", partial(merge_graph, model, 5), options)


def report(case: str, make: Make, options: argparse.Namespace) -> None:
    """Print a line for each way."""
    ways: dict[str, Runner] = {}
    firsts: dict[str, float] = {}
    for name, begin in ways_of(make, options.device).items():
        start = time.perf_counter()
        run = begin()
        run(make(0))
        firsts[name] = time.perf_counter() - start
        ways[name] = stream(run, make)
    times = in_turns(ways, options.repeats)
    plain = times["plain"]
    for name, one in times.items():
        ratios = f"{plain.seconds / one.seconds:.2f} | {plain.cpu_seconds / one.cpu_seconds:.2f}"
        print(
            f"| {case} | {name} | {firsts[name]:.1f} | {one.seconds:.4f} | {one.cpu_seconds:.4f} | {ratios} |",
            flush=True,
        )


def ways_of(make: Make, device: str) -> dict[str, Callable[[], Run]]:
    """Return functions that prepare each way to run."""
    how: dict[str, Any] = {"device": device}
    ways: dict[str, Callable[[], Run]] = {
        "plain": lambda: partial(fgraph.run, **how),
        "torch_compile": lambda: partial(fgraph.run, torch_compile=True, **how),
    }
    if torch.cuda.is_available() and device != "cpu":
        ways["captured"] = lambda: fgraph.capture(make(0), **how)
        ways["torch_compile, captured"] = lambda: fgraph.capture(make(0), torch_compile=True, **how)
    return ways


def stream(run: Run, make: Make) -> Runner:
    """Return a runner that uses other seeds each time."""
    seeds = itertools.count(1, 16)
    return lambda: timed(lambda: run(make(next(seeds))))


if __name__ == "__main__":
    main()
