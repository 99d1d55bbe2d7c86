"""Jobs that run as one plan: some fail, overflow or are hostile; the others give the same results as alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fgraph._errors import FgraphError
from fgraph.api.graph_jobs import Engine, GraphJob, SharedOptions
from fgraph.api.together import run_together
from fgraph.stylegan.checkpoints.header import read_header
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close

SOUND = (0, 2, 4, 6)  # the jobs without a fault


def mixed_jobs(folder: Path) -> list[GraphJob]:
    """Return jobs; those with odd indices have no finite picture, a mistake, or hostile parts."""
    os.mkfifo(folder / "fifo.npy")
    width = read_header("landscape").table.w_dim
    return [
        _job({"op": "sample"}, seed=1),
        _job({"op": "latent", "space": "w", "value": [[3e38] * width]}),
        _job({"op": "sample"}, seed=2),
        _job({"op": "latent", "file": str(folder / "fifo.npy")}),
        _job({"op": "sample"}, seed=3),
        _job({"op": "sample", "_target_": "os.system", "count": 10**18}),
        _job({"op": "sample"}, seed=4),
        _job({"op": "sampel"}),
    ]


def _job(code: dict[str, Any], seed: int = 0) -> GraphJob:
    return GraphJob(
        {"seed": seed, "nodes": {"code": code, "image": {"op": "decode", "of": "code"}}, "outputs": ["image"]}
    )


def assert_equal_to_jobs_alone(works: Sequence[GraphJob], engine: Engine) -> None:
    """Run the jobs together, and each sound job alone."""
    outcomes = engine(works, SharedOptions())
    for number in SOUND:
        alone = run_together([works[number]], SharedOptions())[0]["image"].array
        assert np.isfinite(alone).all()
        assert_close(outcomes[number]["image"].array, alone, f"job {number}", LANDSCAPE_TERMS)
    assert not np.isfinite(outcomes[1]["image"].array).all()
    for number in (3, 5, 7):
        assert isinstance(outcomes[number], FgraphError), number
