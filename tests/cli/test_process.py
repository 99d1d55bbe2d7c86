"""The command as a process of its own: what it imports, and how soon it answers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


# What these commands have no use for; how long they take is measured in bench/speed/startup.py.
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
