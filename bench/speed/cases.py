"""The cases: each measures its ways in turns and returns lines of the table."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fgraph
from bench.harness.pages import ROOT
from bench.harness.subjects import CONFIG_F_256
from bench.harness.timing import MachineLoad, Runner, Times, in_turns, timed
from bench.harness.worker import Worker
from bench.speed import ways

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Line:
    """One line of the table: one way against the reference of its case."""

    case: str
    way: str
    seconds: float
    cpu_seconds: float
    ratio: float | None  # wall-clock time of the reference / of this way
    cpu_ratio: float | None
    note: str = ""


@dataclass
class Setting:
    """The setting in which the cases run."""

    threads: int
    repeats: int
    quick: bool
    reference: Path | None
    checkpoint: Path
    _workers: dict[str, Worker]

    @property
    def inversion_steps(self) -> int:
        """The number of steps of an inversion."""
        return 5 if self.quick else 20

    def worker(self, name: str) -> Worker:
        """Return the worker of this name, and start it on first use."""
        if name not in self._workers:
            make: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
                "published": (ways.published_ways, (self.reference, self.checkpoint)),
                "fgraph": (ways.fgraph_ways, (self.checkpoint,)),
                "eager": (ways.fgraph_ways, (self.checkpoint,)),  # a process of its own, since it frees memory
                "bundled": (ways.bundled_ways, (self.inversion_steps,)),
            }
            function, arguments = make[name]
            self._workers[name] = Worker(function, *arguments, threads=self.threads)
        return self._workers[name]

    def runner(self, worker: str, way: str) -> Runner:
        """Return a way of a worker as a function to time."""
        return lambda: self.worker(worker).run(way)

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.close()


def lines_of(case: str, times: dict[str, Times], notes: dict[str, str] | None = None) -> list[Line]:
    """Return a line for each way; the first way is the reference of the others."""
    first = next(iter(times.values()))
    return [
        Line(
            case,
            name,
            one.seconds,
            one.cpu_seconds,
            None if one is first else first.seconds / one.seconds,
            None if one is first else first.cpu_seconds / one.cpu_seconds,
            (notes or {}).get(name, ""),
        )
        for name, one in times.items()
    ]


def _generator_case(
    setting: Setting, label: str, way: str, *, eager: bool = True, rows: int = 0, once: bool = False
) -> list[Line]:
    runners: dict[str, Runner] = {}
    notes: dict[str, str] = {}
    published = setting.reference is not None and (rows or _has_edits(setting))
    if published:
        runners["published"] = setting.runner("published", way)
        theirs, ours = setting.worker("published").result(way), setting.worker("fgraph").result(way)
        difference = float(np.abs(theirs - ours).max())
        assert difference < TOLERANCE, f"{label}: outputs differ by {difference}"
        notes["fgraph"] = f"differs by {difference:.1e}"
    if eager and not (published and setting.quick):
        runners["fgraph, eager"] = setting.runner("eager", f"{way} eager")
    runners["fgraph"] = setting.runner("fgraph", way)
    if rows:
        runners["bare convolutions"] = setting.runner("fgraph", f"bare {rows}")
        runners["peak convolution"] = setting.runner("fgraph", "peak")
    times = in_turns(runners, 1 if once else setting.repeats, warm=not once)
    if rows:
        scale = CONFIG_F_256.forward_flops * rows / ways.PEAK_FLOPS
        roof = times.pop("peak convolution")
        times["roofline"] = Times([scale * value for value in roof.wall], [scale * value for value in roof.cpu])
        notes["roofline"] = f"{ways.PEAK_FLOPS / roof.seconds / 1e9:.0f} GFLOP/s at peak"
    return lines_of(label, times, notes)


def _has_edits(setting: Setting) -> bool:
    assert setting.reference is not None
    return "def merge_extension" in (setting.reference / "model.py").read_text()


def case_a(setting: Setting) -> list[Line]:
    """Measure plain forward passes."""
    found = []
    for rows in (1, 4) if setting.quick else (1, 4, 8):
        found += _generator_case(setting, f"(a) forward, batch {rows}", f"plain {rows}", rows=rows)
    return found


def case_b(setting: Setting) -> list[Line]:
    """Measure two latents on a canvas of two images."""
    return _generator_case(setting, "(b) merge_extension", "merge")


def case_c(setting: Setting) -> list[Line]:
    """Measure panoramas."""
    found = _generator_case(setting, "(c) panorama of 5", "panorama 5", eager=not setting.quick)
    return (
        found
        if setting.quick
        else found + _generator_case(setting, "(c) panorama of 16", "panorama 16", eager=False, once=True)
    )


def case_d(setting: Setting) -> list[Line]:
    """Measure 16 alphas of a local blend."""
    found = []
    for name, label in (("box", "(d) 16 alphas in a box"), ("canvas", "(d) 16 alphas, whole canvas")):
        worker = setting.worker("fgraph")
        together, alone = worker.result(f"{name} fused"), worker.result(f"{name} one by one")
        difference = max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True))
        assert difference < TOLERANCE, f"{label}: outputs differ by {difference}"
        runners = {
            "one by one": setting.runner("fgraph", f"{name} one by one"),
            "fused": setting.runner("fgraph", f"{name} fused"),
        }
        graphs = [ways.local_blend(str(setting.checkpoint), alpha, box=name == "box") for alpha in ways.ALPHAS]
        limit = sum(fgraph.compile(graph).cost.flops for graph in graphs) / fgraph.compile(graphs).cost.flops
        notes = {"fused": f"differs by {difference:.1e}; {limit:.2f} in FLOPs"}
        found += lines_of(label, in_turns(runners, max(1, setting.repeats // 2), warm=False), notes)
        if setting.quick:
            break
    return found


def case_e(setting: Setting) -> list[Line]:
    """Measure 64 seeds of one graph."""
    bundled = setting.worker("bundled")
    for a, b in zip(bundled.result("seeds fused"), bundled.result("seeds one by one"), strict=True):
        assert np.abs(a - b).max() < TOLERANCE
    runners = {
        "64 runs in one process": setting.runner("bundled", "seeds one by one"),
        "fused": setting.runner("bundled", "seeds fused"),
    }
    found = lines_of("(e) 64 seeds", in_turns(runners, setting.repeats))
    few = 2 if setting.quick else 4
    command = ["graph=blend_horizontal"]
    whole = {
        "64 processes": lambda: _processes(setting, [[*command, f"seed={seed}"] for seed in range(few)], 64 / few),
        "fused, whole command": lambda: _processes(setting, [["-m", *command, "seed=range(0,64)"]], 1),
    }
    notes = {"64 processes": f"from {few} of them"}
    return found + lines_of("(e) 64 seeds, commands", in_turns(whole, max(1, setting.repeats // 2), warm=False), notes)


def _processes(setting: Setting, commands: list[list[str]], scale: float) -> tuple[float, float]:
    import os

    environment = {**os.environ, "OMP_NUM_THREADS": str(setting.threads)}
    with tempfile.TemporaryDirectory() as folder:
        clock, before = time.perf_counter(), os.times()
        for command in commands:
            subprocess.run(
                [sys.executable, str(ROOT / "run.py"), *command], cwd=folder, env=environment, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return scale * (time.perf_counter() - clock), scale * cpu


def case_f(setting: Setting) -> list[Line]:
    """Measure the inversion of eight images."""
    runners = {
        "one by one": setting.runner("bundled", "inversion one by one"),
        "8 in one batch": setting.runner("bundled", "inversion of 8"),
    }
    times, steps = in_turns(runners, setting.repeats), setting.inversion_steps
    notes = {
        way: f"{steps} steps, {1000 * one.seconds / steps:.1f} ms for a step of all 8" for way, one in times.items()
    }
    return lines_of("(f) inversion of 8", times, notes)


def case_g(setting: Setting) -> list[Line]:
    """Measure compile time against the number of nodes."""
    found = []
    for copies in (100, 400) if setting.quick else (100, 400, 1000, 2000, 4000):
        load = MachineLoad()
        graphs = [fgraph.load(ways.BLEND.to_yaml(), overrides=[f"seed={seed}"]) for seed in range(copies)]
        text = one_file(copies)
        for way, call in (
            ("list of graphs", lambda graphs=graphs: fgraph.compile(graphs)),
            ("one file", lambda text=text: fgraph.compile(text)),
        ):
            wall, cpu = timed(call)
            note = f"{1e6 * cpu / (5 * copies):.0f} µs of CPU a node, others {load.others():.1f} cores"
            found.append(Line(f"(g) compile {5 * copies:,} nodes", way, wall, cpu, None, None, note))
    return found


def one_file(copies: int) -> str:
    """Return one graph of many copies of the blend graph, each with its own seeds."""
    nodes, outputs = [], []
    for copy in range(copies):
        nodes += [
            f"  left{copy}: {{op: sample, truncation: 0.7, seed: {2 * copy}}}",
            f"  right{copy}: {{op: sample, truncation: 0.7, seed: {2 * copy + 1}}}",
            f"  fade{copy}: {{op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75, sampling: ends}}",
            f"  mix{copy}: {{op: blend, a: left{copy}, b: right{copy}, mask: fade{copy}}}",
            f"  image{copy}: {{op: decode, of: mix{copy}}}",
        ]
        outputs.append(f"image{copy}")
    lines = ["version: 1", "models: {main: landscape}", "nodes:", *nodes, f"outputs: [{', '.join(outputs)}]"]
    return "\n".join(lines) + "\n"


CASES: dict[str, Callable[[Setting], list[Line]]] = {
    "a": case_a, "b": case_b, "c": case_c, "d": case_d, "e": case_e, "f": case_f, "g": case_g,
}  # fmt: skip
