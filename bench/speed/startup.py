"""The time of short commands from start to end, in processes of their own, as medians.

python -m bench.speed.startup
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench.harness.pages import ROOT

COMMANDS = (("run.py", "--help"), ("run.py",), ("run.py", "graph=panorama_loop"), ("-c", "import fgraph"))
TIMES = 3


def main() -> None:
    """Print a line for each command: the median and the minimum of a few runs."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            seconds = [measure(command, folder) for _ in range(TIMES)]
            shown = " ".join(command)
            print(f"python {shown:<30} median {statistics.median(seconds):5.2f} s, least {min(seconds):5.2f} s")


def measure(command: tuple[str, ...], folder: str) -> float:
    """Return the wall-clock seconds of one process."""
    extra = (f"hydra.run.dir={folder}",) if command[0] == "run.py" and "--help" not in command else ()
    start = time.perf_counter()
    subprocess.run([sys.executable, *command, *extra], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
