"""The time of the host for a step of a plan, on torch's device `meta`, which computes nothing.

    python -m bench.speed.host [--graphs panorama,extend] [--repeats 15]

`all` is the CPU time of a step, with the shapes that torch works out for `meta` in Python: most of it, and no part
of a run on a real device. `own` is what is left without the calls of torch: the time that fgraph itself takes. The
cost of clocking each call is measured first and taken off.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

import fgraph
from bench.harness.machine import processor, versions
from bench.harness.pages import ROOT
from fgraph.runtime import leaving

GRAPHS = ROOT / "graphs" / "graph"
_CALLS = 2000  # of the calibration


class CallClock(TorchFunctionMode):
    """A mode that adds up the seconds of the calls of torch, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds, self.calls = 0.0, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        start = time.thread_time()
        made = func(*args, **(kwargs or {}))
        self.seconds += time.thread_time() - start
        self.calls += 1
        return made


@dataclass(frozen=True)
class StepTime:
    """Microseconds of a step, and calls of torch."""

    own: float
    all: float
    calls: float


def clock(run: Callable[[], object]) -> tuple[float, float, int]:
    """Return the seconds of a call, of which those of torch, and the number of its calls of torch."""
    with CallClock() as watch:
        start = time.thread_time()
        run()
        seconds = time.thread_time() - start
    return seconds, watch.seconds, watch.calls


def cost_of_clock(repeats: int) -> float:
    """Return the seconds that clocking one call takes."""
    x = torch.empty(2, 3, 4, 4)

    def slices() -> None:
        for _ in range(_CALLS):
            x[0:1, :, 1:3, 0:2]

    return min((seconds - inside) / calls for seconds, inside, calls in (clock(slices) for _ in range(repeats)))


def measure(plan: fgraph.Plan, repeats: int, each: float) -> StepTime:
    """Return the least time of a step over some runs, after a first one."""
    fgraph.run(plan)
    gc.disable()
    runs = [clock(lambda: fgraph.run(plan)) for _ in range(repeats)]
    gc.enable()
    steps = len(plan.steps)
    seconds, inside, calls = min(runs, key=lambda one: one[0] - one[1])
    scale = 1e6 / steps
    return StepTime((seconds - inside - calls * each) * scale, seconds * scale, calls / steps)


def main() -> None:
    """Measure, and print a line for each graph."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", default="extend,panorama,blend_horizontal,translate")
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    leaving.to_array = lambda tensor: np.zeros(tuple(tensor.shape), np.float32)  # `meta` has no data
    each = cost_of_clock(given.repeats)
    print(f"{processor()}; {versions()}\n\n| graph | steps | own, µs a step | all | calls of torch a step |")
    print("| --- | --- | --- | --- | --- |")
    for name in given.graphs.split(","):
        plan = fgraph.compile(fgraph.load(GRAPHS / f"{name}.yaml"), device="meta")
        found = measure(plan, given.repeats, each)
        print(f"| {name} | {len(plan.steps)} | {found.own:.0f} | {found.all:.0f} | {found.calls:.1f} |", flush=True)


if __name__ == "__main__":
    main()
