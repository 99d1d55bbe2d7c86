"""The rule that proposes patches: its scores, and the patches that it excludes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fgraph.runtime.kernels.proposals import (
    HIDING,
    LEAST_CHANGE,
    MOST_MISMATCH,
    PRICE,
    Look,
    Rule,
    draw_candidates,
    find_horizon,
    propose_patches,
)

pytestmark = pytest.mark.numeric

CELLS = (16, 16)


def scene(seed: int = 0) -> Any:
    """Return a light sky with a sun over dark ground with bushes, [3, 64, 64] in [-1, 1]."""
    picture = np.empty((3, 64, 64))
    picture[:, :32], picture[:, 32:] = 0.6, -0.6
    picture += np.random.RandomState(seed).uniform(-0.02, 0.02, picture.shape)
    picture[:, 8:16, 16:26] = 0.95
    for left in (8, 30, 50):
        picture[:, 44:52, left : left + 6] = -0.1
    return picture


def rule(horizon: str = "avoid", count: int = 3) -> Rule:
    return Rule(count, CELLS, 0.15, 0.45, horizon)


def brute_score(look: Any, candidate: Any) -> float:
    """Compute the score of one candidate cell by cell."""
    left, top, width, height, dx, dy = candidate
    rows, columns = look.shape[:2]

    def on(y: int, x: int) -> bool:
        return 0 <= y < rows and 0 <= x < columns and 0 <= y + dy < rows and 0 <= x + dx < columns

    def error(cells: Any) -> float:
        return float(np.sqrt(np.mean([np.mean((look[y, x] - look[y + dy, x + dx]) ** 2) for y, x in cells])))

    inner = [(y, x) for y in range(top, top + height) for x in range(left, left + width)]
    across, down = range(left - 1, left + width + 1), range(top - 1, top + height + 1)
    sides = [[(y, x) for x in across] for y in (top - 1, top + height)]
    sides += [[(y, x) for y in down] for x in (left - 1, left + width)]
    seen = [[cell for cell in side if on(*cell)] for side in sides]
    seams = [
        error(side) * HIDING / (HIDING + np.mean([look[cell][3:].mean() for cell in side])) for side in seen if side
    ]
    change, worst = error(inner), max(seams, default=0.0)
    return change - PRICE * worst if change >= LEAST_CHANGE and worst <= MOST_MISMATCH else -np.inf


def test_scores_are_the_change_inside_less_the_worst_seam() -> None:
    look, draw = Look(scene(), CELLS), np.random.default_rng(0)
    drawn = np.concatenate([draw_candidates(draw, rule(), level=level)[:300] for level in (False, True)])
    expected = np.array([brute_score(look.cells, one) for one in drawn.tolist()])
    found = look.judge(drawn)
    assert np.isfinite(expected).sum() > 5
    assert (np.isfinite(found) == np.isfinite(expected)).all()
    assert np.allclose(found[np.isfinite(found)], expected[np.isfinite(expected)])


def test_the_horizon_is_where_rows_change_right_across() -> None:
    assert find_horizon((scene() + 1) / 2) == 0.5
    assert find_horizon((scene().transpose(0, 2, 1) + 1) / 2) is None  # an edge from top to bottom is no horizon
    assert find_horizon(np.full((3, 64, 64), 0.3)) is None


@pytest.mark.parametrize("seed", range(6))
def test_no_patch_crosses_the_horizon_or_changes_its_height(seed: int) -> None:
    found = propose_patches(Look(scene(), CELLS), rule(), seed, 0)
    assert found[0, 2] > 0
    for _, top, width, height, _, down in found[found[:, 2] > 0]:
        assert down == 0
        assert top + height <= 8.5 or top >= 7.5
        assert width > 0


def test_level_patches_may_cross_the_horizon_and_the_rest_may_go_anywhere() -> None:
    look = Look(scene(), CELLS)
    level = np.concatenate([propose_patches(look, rule("level"), seed, 0) for seed in range(12)])
    assert (level[:, 5] == 0).all()
    assert ((level[:, 1] < 7) & (level[:, 1] + level[:, 3] > 9)).any()
    anywhere = np.concatenate([propose_patches(look, rule("ignore"), seed, 0) for seed in range(12)])
    assert (anywhere[:, 5] != 0).any()


def test_patches_stay_clear_of_edges_and_of_each_other() -> None:
    for seed in range(8):
        found = propose_patches(Look(scene(), CELLS), rule(count=4), seed, 1).astype(int)
        covered = np.zeros(CELLS, int)
        for left, top, width, height, along, _ in found[found[:, 2] > 0].tolist():
            target = left + along
            assert min(left, target) > 0
            assert max(left, target) + width < 16
            assert abs(along) >= width
            covered[top : top + height, target : target + width] += 1
            assert not covered[top : top + height, left : left + width].any()
        assert covered.max() <= 1


def test_a_flat_picture_has_nothing_to_copy() -> None:
    assert not propose_patches(Look(np.full((3, 64, 64), 0.2), CELLS), rule(), 0, 0).any()


def test_the_same_seed_and_number_propose_the_same() -> None:
    look = Look(scene(), CELLS)
    first = propose_patches(look, rule(), 7, 2)
    assert (propose_patches(Look(scene(), CELLS), rule(), 7, 2) == first).all()
    assert any((propose_patches(look, rule(), 7, number) != first).any() for number in range(2))
