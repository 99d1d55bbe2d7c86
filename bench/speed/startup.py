"""The CPU time of short commands from start to end, and of `import torch`.

python -m bench.speed.startup [--times 5] [--write]

Each command runs in its own process, once to warm the caches, then as often as asked. The table has the least CPU time
of each command, which other work on the machine hardly affects, and its ratio to the CPU time of `import torch`. With
`--write`, it goes into docs/reference/measurements/startup.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness.machine import processor, versions
from bench.harness.pages import MEASUREMENTS, ROOT

TORCH = ("-c", "import torch")
COMMANDS: tuple[tuple[str, ...], ...] = (
    TORCH,
    ("-c", "import fgraph"),
    ("-m", "fgraph", "--help"),
    ("-m", "fgraph", "list"),
    ("-m", "fgraph", "check", "blend_horizontal"),
    ("-m", "fgraph", "blend_horizontal"),
    ("-m", "fgraph", "panorama"),
)
RUNS = ("blend_horizontal", "panorama")
PAGE = MEASUREMENTS / "startup.md"
HEAD = """\
# Start-up

This page lists the CPU time of whole commands, and its ratio to the CPU time of `import torch`, which is the minimum
for a run. A run of a graph with plain settings does not import Hydra; a sweep does. `python -m bench.speed.startup
--write` writes this page: {machine}.

"""


def main() -> None:
    """Print the table, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, help="how often each command runs")
    parser.add_argument("--write", action="store_true", help="write the page")
    chosen = parser.parse_args()
    table = make_table(chosen.times)
    print(table)
    if chosen.write:
        PAGE.write_text(HEAD.format(machine=f"{processor()}; {versions()}") + table + "\n", encoding="utf-8")


def make_table(times: int) -> str:
    """Return the lines of all commands, in Markdown."""
    lines = ["| command | seconds | of `import torch` |", "| --- | --- | --- |"]
    floor = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            measure(command, Path(folder))
            seconds = min(measure(command, Path(folder)) for _ in range(times))
            floor = seconds if command == TORCH else floor
            lines.append(f"| `{shown(command)}` | {seconds:.2f} | {seconds / floor:.2f} |")
    return "\n".join(lines)


def shown(command: tuple[str, ...]) -> str:
    """Return a command as a user types it."""
    return command[1] if command[0] == "-c" else " ".join(command[1:])


def measure(command: tuple[str, ...], folder: Path) -> float:
    """Return the seconds of processor time of one process."""
    extra: tuple[str, ...] = (
        (f"hydra.run.dir={folder}/run",) if set(command) & set(RUNS) and "check" not in command else ()
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command, *extra], cwd=ROOT, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
