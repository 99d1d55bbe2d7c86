"""The figures that rivals are compared by say what they should, and every way makes a picture of the right size."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pip install 'fgraph-gan[bench]'")
sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))  # scripts, not a package
import rivals

GENERATOR = np.random.default_rng(0)


def smooth(level: float) -> rivals.Picture:
    """A faint texture about a grey level."""
    return (level + GENERATOR.uniform(-0.05, 0.05, (3, 64, 64))).astype(np.float32)


def test_a_paste_is_local_and_sharp_with_a_seam() -> None:
    a, b = smooth(-0.5), smooth(0.5)
    found = rivals.measure_region(a, b, rivals.paste(0)(a, b))
    assert found["locality"] == 0
    assert found["sharpness"] == pytest.approx(1)
    assert found["seam"] > 5
    assert found["effect"] == 1
    assert rivals.measure_region(a, b, a)["effect"] == 0
    soft = rivals.measure_region(a, b, rivals.paste(8)(a, b))
    assert soft["locality"] == 0
    assert soft["seam"] < found["seam"] / 3


def test_what_changes_elsewhere_or_blurs_is_told() -> None:
    a, b = smooth(0), smooth(0)
    assert rivals.measure_region(a, b, a + np.float32(2 / 255))["locality"] == pytest.approx(1, rel=1e-3)
    blurred = (b + np.roll(b, 1, 1) + np.roll(b, 1, 2)) / 3
    assert rivals.measure_region(a, b, blurred)["sharpness"] < 0.5
    assert rivals.measure_wider(a, b, rivals.resize(a, b))["sharpness"] < 0.7
    assert rivals.measure_join(a, b, rivals.side_by_side(a - 0.5, b + 0.5))["seam"] > 5


@pytest.mark.parametrize("task", rivals.TASKS, ids=lambda task: task.name)
def test_every_way(task: rivals.Task) -> None:
    a, b, made = rivals.run_task(task, 1)
    wide = {1: (3, 64, 128)}.get(int(task.name.startswith(("two", "twice"))), (3, 64, 64))
    for way, (picture,) in zip(task.ways, made, strict=True):
        assert picture.shape == wide, way.name
        assert np.isfinite(picture).all()
        found = task.measure(a[0], b[0], picture)
        assert set(found) <= set(rivals.COLUMNS)
        assert np.isfinite(list(found.values())).all(), way.name
    page = rivals.to_markdown(task, a * 2, b * 2, [one * 2 for one in made])
    assert page.count("\n| ") == 2 + len(task.ways)
    assert rivals.draw(task, a[0], b[0], [one[0] for one in made]).picture.width > 256
