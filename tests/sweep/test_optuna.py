"""The optuna sweeper over the fused launcher, in its own process, since the import of the sweeper warns."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs the extra [optuna]"),
]


def search(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "run.py"), "-m", "hydra/sweeper=optuna", "graph=blend_horizontal"]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_trials_run_in_batches(tmp_path: Path) -> None:
    done = search(
        tmp_path,
        "graph.nodes.fade.start=interval(0,0.5)",
        "hydra.sweep.dir=out",
        "hydra.sweeper.n_trials=5",
        "hydra.sweeper.n_jobs=2",
        "hydra.sweeper.sampler.seed=1",
        "objective.metric=mean",
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"Launching (\d) jobs together", done.stdout) == ["2", "2", "1"]
    assert len(list((tmp_path / "out").glob("*/manifest.json"))) == 5
    best = yaml.safe_load((tmp_path / "out" / "optimization_results.yaml").read_text())
    assert -1 < best["best_value"] < 1


def test_optuna_requires_an_objective(tmp_path: Path) -> None:
    done = search(tmp_path, "seed=range(1,3)", "hydra.sweeper.n_trials=2")
    assert done.returncode == 1
    assert "set objective.metric" in done.stderr
    assert "Traceback" not in done.stderr
