"""A large sweep through Ray that is killed in the middle and resumed: docs/explanation/scale.md takes its figures.

    python -m bench.speed.large_sweep [--jobs 10000] [--batch 500] [--folder FOLDER]

Each job is one image of the bundled landscape model, in a directory of its own by seed. When half of the jobs are
complete, the driver and its workers are killed. The second call gets the seeds that are missing. Every job must be
written once: jobs that were complete before the kill are not touched. The private memory of the driver is read all the
time, without the pages of Ray's object store, which all processes share. Within a batch it rises, because the driver
holds the settings and results of the batch. So growth is measured between the highest readings of batches, after the
first batch.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.harness.machine import processor, versions
from bench.harness.pages import ROOT

MANIFEST = "manifest.json"
GRAPH = """version: 1
models: {main: landscape}
nodes:
  code: {op: sample}
  image: {op: decode, of: code}
outputs: [image]
"""
_EVERY = 0.5  # seconds between two readings of memory


@dataclass
class Driver:
    """A call of the command line that is watched."""

    process: subprocess.Popen[bytes]
    folder: Path
    batch: int
    memory: list[tuple[int, int]] = field(default_factory=list)  # pairs: jobs completed by this call, KiB of the driver

    def watch(self, until: int | None) -> None:
        """Read memory until the call ends, or `until` jobs are complete; then kill it with its workers."""
        before = len(complete(self.folder))
        while self.process.poll() is None:
            done = len(complete(self.folder))
            self.memory.append((done - before, own_memory(self.process.pid)))
            if until is not None and done >= until:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                return
            time.sleep(_EVERY)

    def growth(self) -> float:
        """Return how many KiB the driver grows a job, between the second batch and the last whole one."""
        highest: dict[int, int] = {}
        for done, memory in self.memory:
            highest[done // self.batch] = max(highest.get(done // self.batch, 0), memory)
        known = [(number * self.batch, highest[number]) for number in sorted(highest)[1:-1]]
        if len(known) < 2:
            return math.nan
        slope, _ = statistics.linear_regression(*zip(*known, strict=True))
        return slope


def start(folder: Path, seeds: Sequence[int], batch: int, graph: Path) -> Driver:
    """Start the sweep of some seeds, in a process group of its own."""
    command = [
        sys.executable, str(ROOT / "run.py"), "-m", f"graph={graph}", f"seed={','.join(map(str, seeds))}",
        "hydra/launcher=ray", "hydra.launcher.cores=1", f"hydra.sweeper.max_batch_size={batch}",
        f"hydra.sweep.dir={folder}", "hydra.sweep.subdir=${seed}", "output.sheet=false",
    ]  # fmt: skip
    with (folder.parent / "driver.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    return Driver(process, folder, batch)


def complete(folder: Path) -> dict[int, float]:
    """Return the jobs that have written their manifest, which they write last, and when."""
    return {int(path.parent.name): path.stat().st_mtime for path in folder.glob(f"*/{MANIFEST}")}


def own_memory(process: int) -> int:
    """Return the KiB of memory that a process shares with no other; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def run(jobs: int, batch: int, folder: Path) -> str:
    """Run the sweep, kill it, resume it; return what happened."""
    sweep, graph = folder / "sweep", folder / "graph.yaml"
    sweep.mkdir(parents=True)
    graph.write_text(GRAPH, encoding="utf-8")
    began = time.perf_counter()
    first = start(sweep, range(jobs), batch, graph)
    first.watch(jobs // 2)
    before = complete(sweep)
    second = start(sweep, [seed for seed in range(jobs) if seed not in before], batch, graph)
    second.watch(None)
    seconds = time.perf_counter() - began
    after = complete(sweep)
    assert sorted(after) == list(range(jobs)), f"{jobs - len(after)} jobs are missing; see {folder}/driver.log"
    assert {seed: after[seed] for seed in before} == before, "a complete job was written again"
    most = max(value for _, value in first.memory + second.memory) // 1024
    return (
        f"{jobs:,} jobs in batches of {batch}, killed after {len(before):,} and resumed: each written once; "
        f"{seconds:.0f} s in all, {jobs / seconds:.1f} jobs a second; the driver held at most {most} MiB and grew by "
        f"{first.growth():.1f} and {second.growth():.1f} KiB a job. {processor()}; {versions()}"
    )


def main() -> None:
    """Run, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="for the results, which stay; default: one that is removed")
    given = parser.parse_args()
    if given.folder is not None:
        print(run(given.jobs, given.batch, given.folder.resolve()))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(run(given.jobs, given.batch, Path(folder)))


if __name__ == "__main__":
    main()
