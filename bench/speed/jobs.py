"""Times the command of each of the seven jobs on the bundled models, as somebody types it who has just cloned this.

    python -m bench.speed.jobs             all of them, some two minutes on two cores; writes a part of
                                       docs/reference/measurements/times.md
    python -m bench.speed.jobs panorama    some of them, and nothing is written

Each command is run once, in a process and an empty directory of its own, with a cache of its own, which is empty too,
and with the threads that torch takes. Printed are the seconds of the clock and those of the CPU over all threads, which
hardly depend on what else the machine does. The exit code is 1 where a command fails, writes no picture, or takes more
CPU seconds than it may take by the clock; what takes less is done in time on an idle machine, on one core or on two.
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
    "| job | command | pictures | clock s | CPU s | may take, s | within | others, cores |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
USUAL, LONG = 30.0, 180.0  # seconds that a job may take there; inversion may take longer


@dataclass(frozen=True)
class Job:
    """What people come for, the command for it, and how long it may take."""

    name: str
    command: tuple[str, ...]
    seconds: float = USUAL


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
class Time:
    """One run: seconds of the clock, of the CPU over all threads, and the pictures it wrote."""

    clock: float
    cpu: float
    pictures: int
    code: int
    others: float = 0.0  # cores that others used meanwhile

    def within(self, seconds: float) -> bool:
        """Whether there are pictures, and one core would have made them in this time."""
        return self.code == 0 and self.pictures > 0 and self.cpu <= seconds


def measure(job: Job) -> Time:
    """Run the command of a job."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "run.py"), *job.command, f"hydra.run.dir={folder}/made"]
        environment = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"}
        load, before, start = MachineLoad(), os.times(), time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
        clock, after, others = time.perf_counter() - start, os.times(), load.others()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Time(clock, cpu, len(list(Path(folder, "made").glob("*.png"))), done.returncode, others)


def to_line(job: Job, found: Time) -> str:
    """A line of the table."""
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
    """The page with what was measured in the place of what was measured before.

    Raises:
        ValueError: it has no such place.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    facts = [f"* {fact}" for fact in state]
    return head + "\n".join([BEGIN, *facts, "", *HEAD, *lines, END]) + tail


def main() -> int:
    """Run the jobs, print the table, write it if it is whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(job.name for job in JOBS)}; absent: all")
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
