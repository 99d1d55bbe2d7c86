"""The nodes `drag` and `arrows` in a graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgraph
from tests.rounding import PROMISED

GRAPH = """
nodes:
  start: {op: sample, seed: [1, 2]}
  where: {op: mask, kind: box, box: [0, 0, 1, 0.5]}
  moved: {op: drag, of: start, mask: where, steps: 4, rows: 0..2, patience: 0, learning_rate: 0.01, POINTS}
  image: {op: decode, of: moved}
  shown: {op: arrows, of: image, drag: moved, width: 0.05}
outputs: [image, moved, shown]
"""
SHARED = "points: [[0.5, 0.4]], to: [[0.8, 0.4]]"
BY_ROW = "points: [[[0.5, 0.4]], [[0.2, 0.2], [0.7, 0.3]]], to: [[[0.8, 0.4]], [[0.4, 0.2], [0.7, 0.1]]]"


def run(points: str) -> Any:
    return fgraph.run(GRAPH.replace("POINTS", points))


def test_rows_have_their_own_points() -> None:
    results = run(BY_ROW)
    first, second = results["moved"].drags
    assert [len(first.points), len(second.points)] == [1, 2]
    assert (first.ending, first.steps) == ("steps", 4)
    assert first.trail[0, 0] == pytest.approx([0.5, 0.4], abs=0.5 / 64)  # the nearest pixel
    alone = run(SHARED)["moved"]
    assert np.abs(alone.array[0] - results["moved"].array[0]).max() < PROMISED


def test_arrows_are_drawn_where_the_points_went() -> None:
    results = run(SHARED)
    apart = np.abs(results["shown"].array - results["image"].array).max(axis=1)  # [rows, h, w]
    assert float(apart[:, 40:].max()) == 0
    x, y = results["moved"].drags[0].points[0]
    at = results["shown"].array[0, :, round(y * 64 - 0.5), round(x * 64 - 0.5)]
    assert at == pytest.approx([-0.6, -0.2, 1.0], abs=1e-5)


def test_the_report_is_written_beside_the_codes(tmp_path: Path) -> None:
    from fgraph.save.writer import save_results

    results = run(SHARED)
    save_results(results, tmp_path)
    report = json.loads((tmp_path / "moved_drag.json").read_text())
    assert [one["ending"] for one in report] == ["steps", "steps"]
    assert np.array(report[0]["trail"]).shape == (128, 1, 2)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4], [0.1, 0.1]]", "1 points and 2 targets"),
        ("points: [[0.5, 4]], to: [[0.8, 0.4]]", "found 4, expected a list of 2, each a number from 0 to 1"),
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4]], layer: b9", "no convolution of this model"),
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4]], r1: 2", "found 2, expected a number above 0 and of at most 0.5"),
    ],
)
def test_faults_are_found_before_it_runs(points: str, message: str) -> None:
    faults = fgraph.check(GRAPH.replace("POINTS", points))
    assert any(message in fault.message for fault in faults), faults


def test_arrows_need_a_drag() -> None:
    (fault,) = fgraph.check(GRAPH.replace("POINTS", SHARED).replace("drag: moved", "drag: start"))
    assert "not the result of a `drag` node" in fault.message
