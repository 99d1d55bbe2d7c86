"""The command as a process of its own: what it imports, and how soon it answers."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.paths import ROOT


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )


# Modules that these commands do not need; bench/speed/startup.py measures the time of the commands.
HEAVY = ("torch", "numpy", "hydra", "omegaconf", "pydantic", "yaml", "networkx", "ray", "tqdm", "safetensors")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("--help", "panorama_loop"),
        ("help", "explain   "),
        ("list", "landscape128"),
        ("--version", "fgraph "),
    ],
)
def test_a_command_that_runs_nothing_imports_nothing_heavy(command: str, expected: str) -> None:
    done = run_python("-X", "importtime", "run.py", command)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "fgraph.cli" in imported
    assert not [name for name in imported if name.partition(".")[0] in HEAVY]


@pytest.mark.parametrize(("module", "absent"), [("fgraph", ["torch", "hydra"]), ("fgraph.cli", ["torch"])])
def test_imports_stay_light(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    assert run_python("-c", code).stdout.strip() == "[]"


AT_EXIT = """
    import atexit, sys
    import fgraph_main
    fgraph_main.main = lambda: print("the end of a long output") or 3
    atexit.register(print, "cleaned")
    fgraph_main.run()
"""


def test_the_end_without_teardown_loses_nothing() -> None:
    done = run_python("-c", textwrap.dedent(AT_EXIT))
    assert (done.returncode, done.stdout) == (3, "the end of a long output\ncleaned\n")


def test_the_end_waits_for_threads_of_libraries() -> None:
    late = "    import threading, time; threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\n"
    done = run_python("-c", textwrap.dedent(AT_EXIT.replace("    fgraph_main.run()", late + "    fgraph_main.run()")))
    assert done.returncode == 3
    assert "late" in done.stdout


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="needs bash")
@pytest.mark.parametrize("command", ["--help", "--info all", "--cfg job", "list", "nodes", "check panorama"])
def test_a_closed_pipe_ends_quietly(command: str) -> None:
    """The reader ends before the command writes."""
    line = f"set -o pipefail; '{sys.executable}' run.py {command} | true"
    done = subprocess.run(["/bin/bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
