"""The memory of runs against the predictions of their plans: docs/reference/measurements/memory.md.

    python -m bench.memory.peaks [--quick] [--out FOLDER]

Each case runs in its own process, on a config-f generator of 256 pixels with seeded random weights, under
`memory=1GiB`. `measured` is the rise of the resident memory over its level after a first image, without the finished
image. It is the high-water mark of the kernel, reset before the run, and needs Linux. `compiled` is the processor time
of making the plan. bench/memory/chunks.py shows what chunks retain and repeat.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import fgraph
from bench.harness.pages import MEASUREMENTS, ROOT
from bench.harness.subjects import merge_graph, plain_graph, write_checkpoint

_MIB = 1 << 20
_BUDGET = "1GiB"
HEAD = [
    "# Memory",
    "",
    "`python -m bench.memory.peaks` writes this page: a config-f generator of 256 pixels with random weights,",
    f'in fp32, on a CPU, under `memory={_BUDGET}`. "Measured" is the rise of the resident memory over its level after',
    'a first image, without the finished image. "Compiled" is the CPU time of making the plan.',
    "",
    "| images | kind | output, MiB | chunks | predicted, MiB | measured, MiB | measured / predicted | compiled, s "
    "| run, s |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]


def mosaic_graph(model: object, count: int) -> fgraph.Graph:
    """Return a graph of `count` codes side by side, each blending into its neighbours."""
    graph = fgraph.Graph(models={"main": model})
    laid = graph.mosaic(graph.sample(seed=list(range(count))), grid=[1, count])
    graph.outputs = {"image": graph.decode(laid)}
    return graph


KINDS = {"spans": merge_graph, "mosaic": mosaic_graph}


def main() -> None:
    options = _options()
    if options.case:
        _measure(*options.case)
        return
    lines = list(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "configf.pt"
        write_checkpoint(checkpoint)
        for kind in KINDS:
            for count in (4, 8) if options.quick else (4, 20, 200):
                command = [sys.executable, "-m", "bench.memory.peaks", "--case", kind, str(count), str(checkpoint)]
                output = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
                found = json.loads(output.stdout.splitlines()[-1])
                lines.append(_line(kind, count, found))
                print(lines[-1], flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "memory.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(kind: str, count: int, found: dict[str, float]) -> str:
    measured = found["measured"] - found["output"]
    return (
        f"| {count} | {kind} | {found['output']:.0f} | {found['chunks']:.0f} | {found['predicted']:.0f} "
        f"| {measured:.0f} | {measured / found['predicted']:.2f} | {found['compiled']:.1f} | {found['seconds']:.0f} |"
    )


def _measure(kind: str, count: str, checkpoint: str) -> None:
    import ctypes

    model = fgraph.load_generator(checkpoint)
    fgraph.run(plain_graph(model, 1))  # makes everything that a generator and its libraries keep
    ctypes.CDLL(None).malloc_trim(0)  # and returns the memory that this run has freed
    graph = KINDS[kind](model, int(count))
    started = time.process_time()
    plan = fgraph.compile(graph, memory=_BUDGET)
    compiled = time.process_time() - started
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the high-water mark
    started = time.perf_counter()
    image = fgraph.run(plan)["image"].array
    seconds = time.perf_counter() - started
    peak = _resident("VmHWM")
    assert np.isfinite(image).all()
    found = {
        "measured": peak - before,
        "output": image.nbytes / _MIB,
        "predicted": plan.cost.peak_bytes / _MIB,
        "chunks": plan.chunks,
        "compiled": compiled,
        "seconds": seconds,
    }
    print(json.dumps(found))


def _resident(name: str) -> float:
    """Return the value of a line of /proc/self/status, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) / 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short panoramas only")
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
