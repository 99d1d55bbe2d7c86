"""Times of the commands that do the seven jobs on the bundled models, as after a fresh clone.

    python -m bench.speed.jobs             all jobs, about two minutes on two cores; writes a part of
                                           docs/reference/measurements/times.md
    python -m bench.speed.jobs panorama    some jobs; writes nothing

Each command runs once, in its own process and empty directory, with its own empty cache, and with torch's default
threads. The script prints wall-clock seconds and the CPU seconds of all threads, which hardly depend on other work. The
exit code is 1 if a command fails, writes no picture, or takes more CPU seconds than its limit. A command below the
limit finishes in time on an idle machine, with one core or two.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.harness import machine
from bench.harness.pages import MEASUREMENTS, ROOT
from bench.harness.timing import MachineLoad

PAGE = MEASUREMENTS / "times.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = (
    "| job | command | pictures | clock s | CPU s | limit, CPU s | within | load of others, cores |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
DEFAULT, LONG = 30.0, 180.0  # limits of jobs in seconds: the default, and the limit of inversions


@dataclass(frozen=True)
class Job:
    """A job, its command, and its limit in seconds."""

    name: str
    command: tuple[str, ...]
    seconds: float = DEFAULT


JOBS = (
    Job("spatial operations", ("graph=extend",)),
    Job("feature interpolation", ("graph=blend_horizontal",)),
    Job("generation from one image", ("graph=variations",)),
    Job("GAN inversion", ("graph=invert",), LONG),
    Job("image-to-image translation", ("graph=translate",)),
    Job("panorama", ("graph=panorama",)),
    Job("attribute transfer", ("graph=transfer",)),
)


@dataclass(frozen=True)
class JobRun:
    """One run: wall-clock seconds, CPU seconds of all threads, number of pictures, and exit code."""

    clock: float
    cpu: float
    pictures: int
    code: int
    others: float = 0.0  # cores that other processes used meanwhile

    def within(self, seconds: float) -> bool:
        """Return whether the command succeeded and wrote pictures, in at most this many CPU seconds."""
        return self.code == 0 and self.pictures > 0 and self.cpu <= seconds


def measure(job: Job) -> JobRun:
    """Run the command of a job."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "run.py"), *job.command, f"hydra.run.dir={folder}/made"]
        environment = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"}
        load, before, start = MachineLoad(), os.times(), time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
        clock, after, others = time.perf_counter() - start, os.times(), load.others()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return JobRun(clock, cpu, len(list(Path(folder, "made").glob("*.png"))), done.returncode, others)


def to_line(job: Job, found: JobRun) -> str:
    """Return a line of the table."""
    cells = (
        job.name,
        f"`python run.py {' '.join(job.command)}`",
        str(found.pictures),
        f"{found.clock:.1f}",
        f"{found.cpu:.1f}",
        f"{job.seconds:.0f}",
        "yes" if found.within(job.seconds) else "no",
        f"{found.others:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def to_page(page: str, lines: list[str], state: list[str]) -> str:
    """Return the page with the new measurements in place of the old ones.

    Raises:
        ValueError: the page has no place for them.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    facts = [f"* {fact}" for fact in state]
    return head + "\n".join([BEGIN, *facts, "", *HEAD, *lines, END]) + tail


def main() -> int:
    """Run the jobs, print the table, and write it if it is complete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help=f"one of {', '.join(job.name for job in JOBS)}; default: all"
    )
    parser.add_argument("--to", type=Path, default=PAGE, help="the page that the table is written into")
    given = parser.parse_args()
    if unknown := [name for name in given.jobs if name not in {job.name for job in JOBS}]:
        parser.error(f"there is no job '{unknown[0]}'; there are {', '.join(job.name for job in JOBS)}")
    lines, good, load = [], True, MachineLoad()
    sys.stdout.write("\n".join([*HEAD, ""]))
    for job in JOBS:
        if given.jobs and job.name not in given.jobs:
            continue
        found = measure(job)
        good &= found.within(job.seconds)
        lines.append(to_line(job, found))
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    if not given.jobs:
        state = [machine.processor(), machine.load(load.others()), machine.versions()]
        given.to.write_text(to_page(given.to.read_text(encoding="utf-8"), lines, state), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
