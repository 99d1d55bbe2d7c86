"""The time of the host for a step of a plan, on torch's device `meta`, which computes nothing.

    python -m bench.speed.host [--graphs panorama,extend] [--repeats 25]

`overhead` is the time of fgraph itself: the plan runs while a torch function mode answers each call of torch with the
result of the same call in an earlier run, so that torch does nothing. The time of the mode for a call is measured and
subtracted. `torch` is the time of these calls alone, one after the other. On `meta`, torch computes many shapes in
Python, which does not happen on a real device. So `torch` is an upper bound of the time of its dispatch there.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

import fgraph
from bench.harness.machine import processor, versions
from bench.harness.pages import ROOT
from fgraph.runtime import host_copies

GRAPHS = ROOT / "graphs" / "graph"
_CALLS = 2000  # of the calibration


@dataclass
class Recorder(TorchFunctionMode):
    """A mode that records the calls of torch and their results."""

    calls: list[tuple[Any, Any, Any]] = field(default_factory=list)
    returned: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}))
        self.returned.append(made)
        return made


class Player(TorchFunctionMode):
    """A mode that returns recorded results of calls, in their order."""

    def __init__(self, returned: list[Any]) -> None:
        super().__init__()
        self._next = iter(returned).__next__

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self._next()


@dataclass(frozen=True)
class StepTime:
    """Means over the steps of a plan: microseconds of fgraph and of torch, and calls of torch."""

    overhead: float
    torch: float
    calls: float


def record(run: Callable[[], object]) -> Recorder:
    """Run once, and return the calls of torch."""
    with Recorder() as recorder:
        run()
    return recorder


def least(run: Callable[[], object], repeats: int, returned: list[Any] | None = None) -> float:
    """Return the least seconds of some runs; with `returned`, calls of torch return these results."""
    gc.disable()
    times = []
    for _ in range(repeats):
        with Player(returned) if returned is not None else torch.no_grad():
            start = time.thread_time()
            run()
            times.append(time.thread_time() - start)
    gc.enable()
    return min(times)


def seconds_of_answer(repeats: int) -> float:
    """Return the seconds that `Player` takes to answer a call."""
    x = torch.empty(2, 3, 4, 4, device="meta")
    index = slice(0, 1), slice(None), slice(1, 3), slice(0, 2)

    def slices() -> None:
        for _ in range(_CALLS):
            x[index]

    return least(slices, repeats, record(slices).returned) / _CALLS


def measure(plan: fgraph.Plan, repeats: int, answer_seconds: float) -> StepTime:
    """Return the mean times of a step in the fastest of some runs, after a run to warm up."""
    fgraph.run(plan)
    recorder = record(lambda: fgraph.run(plan))

    def again() -> None:
        for func, args, kwargs in recorder.calls:
            func(*args, **kwargs)

    calls, scale = len(recorder.calls), 1e6 / len(plan.steps)
    overhead = least(lambda: fgraph.run(plan), repeats, recorder.returned) - calls * answer_seconds
    with torch.inference_mode():
        bare = least(again, max(3, repeats // 5))
    return StepTime(overhead * scale, bare * scale, calls / len(plan.steps))


def main() -> None:
    """Measure, and print a line for each graph."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", default="extend,panorama,blend_horizontal,translate")
    parser.add_argument("--repeats", type=int, default=25)
    given = parser.parse_args()
    host_copies.to_array = lambda tensor: np.zeros(tuple(tensor.shape), np.float32)  # `meta` has no data
    answer_seconds = seconds_of_answer(given.repeats)
    print(f"{processor()}; {versions()}\n\n| graph | steps | overhead, µs a step | torch on meta | calls a step |")
    print("| --- | --- | --- | --- | --- |")
    for name in given.graphs.split(","):
        plan = fgraph.compile(fgraph.load(GRAPHS / f"{name}.yaml"), device="meta")
        found = measure(plan, given.repeats, answer_seconds)
        print(
            f"| {name} | {len(plan.steps)} | {found.overhead:.0f} | {found.torch:.0f} | {found.calls:.1f} |", flush=True
        )


if __name__ == "__main__":
    main()
