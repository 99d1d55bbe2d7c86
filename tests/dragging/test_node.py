"""The nodes `drag` and `arrows` in a graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgraph
from tests.rounding import assert_promised, worst

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


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Compute in each test: a drag that is read from the cache equals the one that wrote it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(points: str, **options: Any) -> Any:
    return fgraph.run(GRAPH.replace("POINTS", points), **options)


@pytest.mark.numeric
def test_rows_have_their_own_points(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In float64: Adam divides by gradients, which enlarges the rounding errors of those near 0."""
    results = run(BY_ROW, precision="float64")
    first, second = results["moved"].drags
    assert [len(first.points), len(second.points)] == [1, 2]
    assert (first.ending, first.steps) == ("steps", 4)
    assert first.trail[0, 0] == pytest.approx([0.5, 0.4], abs=0.5 / 64)  # the nearest pixel
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))  # where this row is not known yet
    alone = run(SHARED, precision="float64")["moved"]
    assert_promised(alone.array[0], results["moved"].array[0])


@pytest.mark.numeric
def test_arrows_are_drawn_where_the_points_went() -> None:
    results = run(SHARED)
    apart = np.abs(results["shown"].array - results["image"].array).max(axis=1)  # [rows, h, w]
    assert float(apart[:, 40:].max()) == 0
    x, y = results["moved"].drags[0].points[0]
    at = results["shown"].array[0, :, round(y * 64 - 0.5), round(x * 64 - 0.5)]
    assert at == pytest.approx([-0.6, -0.2, 1.0], abs=worst(8))  # a mix of the picture and the colour, with weight 1


@pytest.mark.numeric
def test_a_frame_of_a_film_is_a_drag_of_so_many_steps() -> None:
    film = run(f"every: 3, {BY_ROW}")
    assert film["image"].rows == 2 * 3  # at the beginning, after three steps, at the end
    for frame, steps in enumerate((0, 3, 4)):
        text = GRAPH.replace("POINTS", BY_ROW).replace("steps: 4", f"steps: {steps}")
        alone = fgraph.run(text.replace("outputs: [image, moved, shown]", "outputs: [moved, shown]"))
        for row in range(2):
            at = 3 * row + frame
            np.testing.assert_array_equal(film["moved"].array[at], alone["moved"].array[row])
            np.testing.assert_array_equal(film["moved"].drags[at].trail, alone["moved"].drags[row].trail)
            distance = pytest.approx(alone["moved"].drags[row].distance, rel=worst(8))  # a mean of two lengths, rounded
            assert film["moved"].drags[at].distance == distance
            assert_promised(film["shown"].array[at], alone["shown"].array[row])


def test_points_may_be_pixels() -> None:
    found = run("unit: pixel, points: [[31.5, 25.1]], to: [[50.7, 25.1]]")["moved"].array
    np.testing.assert_array_equal(found, run("points: [[0.5, 0.4]], to: [[0.8, 0.4]]")["moved"].array)


def test_a_search_can_be_cancelled_at_any_iteration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished iterations are kept; the next run continues from them and gives the same bits."""
    from fgraph.inversion import resuming
    from fgraph.runtime import run_plan

    monkeypatch.setattr(resuming, "WORTH_SECONDS", 0.0)
    text = GRAPH.replace("POINTS", "points: [[0.6, 0.3]], to: [[0.7, 0.2]]").replace("[image, moved, shown]", "[moved]")
    plan = fgraph.compile(text, device="cpu")
    seen: list[Any] = []

    def note(step: Any, last: int | None) -> None:
        seen.append((step.search, step.done, step.total, step.rows))
        if step.done == last:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, on_search=lambda step: note(step, 2))
    assert seen == [("drag", 1, 4, 2), ("drag", 2, 4, 2)]
    seen.clear()
    found = run_plan(plan, on_search=lambda step: note(step, None))[0]["moved"]
    assert [done for _, done, _, _ in seen] == [3, 4, 4]  # the last iteration reads the features, and takes no step
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))  # a run that was not cancelled
    np.testing.assert_array_equal(found.array, run_plan(plan)[0]["moved"].array)  # type: ignore[union-attr]


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
        ("points: [[0.5, 4]], to: [[0.8, 0.4]]", "points[0] is [0.5, 4]: expected fractions of"),
        ("points: [[0.5, -1]], to: [[0.8, 0.4]]", "found -1, expected a list of 2 numbers from 0 to 8192"),
        (
            "unit: pixel, points: [[5, 4]], to: [[64, 4]]",
            "to[0] is [64, 4]: the images of this model have 64 x 64 pixels",
        ),
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4]], every: 1, steps: 1000", "make more than 1000 pictures"),
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4]], layer: b9", "not a convolution of this model"),
        ("points: [[0.5, 0.4]], to: [[0.8, 0.4]], r1: 2", "found 2, expected a number above 0 and of at most 0.5"),
    ],
)
def test_faults_are_found_before_a_drag_runs(points: str, message: str) -> None:
    text = GRAPH.replace("POINTS", points)
    faults = fgraph.check(text.replace("steps: 4, ", "") if "steps" in points else text)
    assert any(message in fault.message for fault in faults), faults


def test_arrows_need_a_drag() -> None:
    (fault,) = fgraph.check(GRAPH.replace("POINTS", SHARED).replace("drag: moved", "drag: start"))
    assert "not the result of a `drag` node" in fault.message
