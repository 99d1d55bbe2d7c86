"""Times the command of each of the seven jobs on the bundled models, as somebody types it who has just cloned this.

python bench/jobs.py [--to FILE] [JOB ...]

Each command is run once, in a process and an empty directory of its own, with the threads that torch takes. Printed are
the seconds of the clock and those of the CPU over all threads, which hardly depend on what else the machine does. The
exit code is 1 where a command fails, writes no picture, or takes more CPU seconds than it may take by the clock; what
takes less is done in time on an idle machine, on one core or on two.
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

ROOT = Path(__file__).resolve().parent.parent
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
    Job("many pictures from one", ("graph=variations",)),
    Job("inversion", ("graph=invert",), LONG),
    Job("translation", ("graph=translate",)),
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

    def within(self, seconds: float) -> bool:
        """Whether there are pictures, and one core would have made them in this time."""
        return self.code == 0 and self.pictures > 0 and self.cpu <= seconds


def measure(job: Job) -> Time:
    """Run the command of a job."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "run.py"), *job.command, f"hydra.run.dir={folder}/made"]
        before, start = os.times(), time.perf_counter()
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        clock, after = time.perf_counter() - start, os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Time(clock, cpu, len(list(Path(folder, "made").glob("*.png"))), done.returncode)


def to_line(job: Job, found: Time) -> str:
    """A line of the table."""
    verdict = "yes" if found.within(job.seconds) else "no"
    command = f"`python run.py {' '.join(job.command)}`"
    return f"| {job.name} | {command} | {found.cpu:.1f} | {found.clock:.1f} | {job.seconds:.0f} | {verdict} |"


def main() -> int:
    """Run the jobs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(job.name for job in JOBS)}; absent: all")
    parser.add_argument("--to", type=Path, help="a file for the table as well")
    given = parser.parse_args()
    chosen = [job for job in JOBS if not given.jobs or job.name in given.jobs]
    lines = ["| job | command | CPU s | clock s | may take, s | within |", "| --- | --- | --- | --- | --- | --- |"]
    good = bool(chosen)
    for job in chosen:
        found = measure(job)
        good &= found.within(job.seconds)
        lines.append(to_line(job, found))
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    if given.to:
        given.to.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
