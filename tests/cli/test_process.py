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


HEAVY = ("torch", "networkx", "ray", "tqdm", "safetensors", "fgraph.runtime")  # what --help has no use for


def test_help_lists_the_graphs_and_imports_nothing_heavy() -> None:
    done = run_python("-X", "importtime", "run.py", "--help")  # how long it takes is measured in bench/speed/startup.py
    assert done.returncode == 0, done.stderr
    assert "panorama_loop" in done.stdout
    assert "mode=explain" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "fgraph.cli" in imported
    assert not [name for name in imported if name.startswith(HEAVY)]


@pytest.mark.parametrize(("module", "absent"), [("fgraph", ["torch", "hydra"]), ("fgraph.cli", ["torch"])])
def test_imports_stay_light(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    assert run_python("-c", code).stdout.strip() == "[]"
