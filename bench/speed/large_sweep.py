"""A large sweep through Ray that is killed in the middle and resumed: docs/explanation/scale.md takes its figures.

    python -m bench.speed.large_sweep [--jobs 10000] [--batch 500] [--folder FOLDER]

Each job is one image of the bundled landscape model, in a directory of its own by seed. When half of the jobs are
complete, the driver and its workers are killed. The second call gets the seeds that are missing. Every job must be
written once: what was complete before the kill is not touched. The memory of the driver is read all along.
"""

from __future__ import annotations

import argparse
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
    memory: list[tuple[int, int]] = field(default_factory=list)  # jobs that are complete, MiB of the driver

    def watch(self, until: int | None) -> None:
        """Read memory until the call ends, or `until` jobs are complete; then kill it with its workers."""
        while self.process.poll() is None:
            done = len(complete(self.folder))
            self.memory.append((done, resident(self.process.pid)))
            if until is not None and done >= until:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                return
            time.sleep(_EVERY)

    def growth(self) -> float:
        """Return how many KiB the driver grows a job, from the first complete job on."""
        known = [one for one in self.memory if one[0] and one[1]]
        if len(known) < 2 or known[-1][0] == known[0][0]:
            return 0.0
        slope, _ = statistics.linear_regression(*zip(*known, strict=True))
        return slope * 1024


def start(folder: Path, seeds: Sequence[int], batch: int, graph: Path) -> Driver:
    """Start the sweep of some seeds, in a process group of its own."""
    command = [
        sys.executable, str(ROOT / "run.py"), "-m", f"graph={graph}", f"seed={','.join(map(str, seeds))}",
        "hydra/launcher=ray", "hydra.launcher.cores=1", f"hydra.sweeper.max_batch_size={batch}",
        f"hydra.sweep.dir={folder}", "hydra.sweep.subdir=${seed}", "output.sheet=false",
    ]  # fmt: skip
    with (folder.parent / "driver.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    return Driver(process, folder)


def complete(folder: Path) -> dict[int, float]:
    """Return the jobs that have written their manifest, which they write last, and when."""
    return {int(path.parent.name): path.stat().st_mtime for path in folder.glob(f"*/{MANIFEST}")}


def resident(process: int) -> int:
    """Return the MiB that a process has in memory; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


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
    most = max(value for _, value in first.memory + second.memory)
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
