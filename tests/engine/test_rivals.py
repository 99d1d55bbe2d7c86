"""The measures that compare rivals are meaningful, and every way makes a picture of the right size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pip install 'fgraph-gan[bench]'")
from bench.quality import rival_measures, rival_pixels, rival_tasks, rivals
from tests.rounding import decibels, worst

pytestmark = pytest.mark.numeric


def smooth(level: float, seed: int = 0) -> rival_measures.Picture:
    """Return a faint texture about a grey level."""
    return (level + np.random.default_rng(seed).uniform(-0.05, 0.05, (3, 64, 64))).astype(np.float32)


def texture(picture: rival_measures.Picture) -> float:
    """Return the root mean square of the detail: if pixels err by e, it errs by 2 e, its square by 4 e / texture."""
    return float(np.sqrt(rival_measures.detail(picture).mean()))


def quick(task: rival_tasks.Task) -> rival_tasks.Task:
    """Return the same graph with inversions of a few steps."""
    ways = tuple(replace(way, nodes=way.nodes.replace("steps: 200", "steps: 3")) for way in task.ways)
    return replace(task, ways=ways)


def test_a_paste_is_local_and_sharp_with_a_seam() -> None:
    a, b = smooth(-0.5, 1), smooth(0.5, 2)
    found = rival_measures.measure_region(a, b, rival_pixels.paste(0)(a, b))
    assert found["locality"] == 0
    assert found["sharpness"] == pytest.approx(1, rel=4 * worst(3, 0.55) / texture(b))
    assert found["seam"] > 5
    assert found["effect"] == 1
    assert rival_measures.measure_region(a, b, a)["effect"] == 0
    soft = rival_measures.measure_region(a, b, rival_pixels.paste(8)(a, b))
    assert soft["locality"] == 0
    assert soft["seam"] < found["seam"] / 3


def test_changes_elsewhere_and_blur_are_measured() -> None:
    a, b = smooth(0, 1), smooth(0, 2)
    locality = rival_measures.measure_region(a, b, a + np.float32(2 / 255))["locality"]
    assert locality == pytest.approx(1, abs=127.5 * worst(32, 2 / 255))  # numpy adds in blocks: 32 roundings suffice
    blurred = (b + np.roll(b, 1, 1) + np.roll(b, 1, 2)) / 3
    assert rival_measures.measure_region(a, b, blurred)["sharpness"] < 0.5
    assert rival_measures.measure_wider(a, b, rival_pixels.resize(a, b))["sharpness"] < 0.7
    assert rival_measures.measure_join(a, b, rival_pixels.side_by_side(a - 0.5, b + 0.5))["seam"] > 5


def test_reconstruction_is_psnr() -> None:
    a = smooth(0)
    found = rival_measures.measure_reconstruction(a, a, a + np.float32(0.02))
    rounding = worst(3, 0.07)  # of a sum and a difference of such pixels, and of 0.02
    assert found["reconstruction"] == pytest.approx(40, abs=decibels(rounding, 40))  # 20 log10(2 / 0.02)
    assert found["sharpness"] == pytest.approx(1, rel=4 * rounding / texture(a))


@pytest.mark.parametrize("task", rival_tasks.TASKS, ids=lambda task: task.name)
def test_every_way(task: rival_tasks.Task) -> None:
    a, b, made = rival_tasks.run_task(quick(task), [0])
    shape = {1: (3, 64, 128)}.get(int(task.name.startswith(("two", "twice"))), (3, 64, 64))
    for way, (picture,) in zip(task.ways, made, strict=True):
        assert picture.shape == shape, way.name
        assert np.isfinite(picture).all()
        found = task.measure(a[0], b[0], picture)
        assert set(found) <= set(rival_measures.COLUMNS)
        assert np.isfinite(list(found.values())).all(), way.name
    lines = rivals.to_lines(task, a * 2, b * 2, [one * 2 for one in made])
    assert len(lines) == len(task.ways)
    assert {line.count("|") for line in (*lines, rivals.TABLE[1])} == {len(rival_measures.COLUMNS) + 3}
    assert rivals.draw(task, a[0], b[0], [one[0] for one in made]).picture.width > 256
