"""Tracking and the motion loss, against slow references on whole maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fgraph.dragging.adaptive import make_adaptive
from fgraph.dragging.features import FeatureMaps
from fgraph.dragging.settings import DragSettings
from fgraph.dragging.tracking import NearestTracker, make_nearest
from tests.rounding import assert_rounded, assert_summed

pytestmark = pytest.mark.numeric

SIZE = 32
SETTINGS = DragSettings(r1=3 / SIZE, r2=4 / SIZE)


def random_maps(rows: int = 2, seed: int = 0) -> FeatureMaps:
    draw = torch.Generator().manual_seed(seed)
    return FeatureMaps(torch.randn(rows, 6, 16, 16, generator=draw, dtype=torch.float64), (SIZE, SIZE))


def tracker_of(maps: FeatureMaps, settings: DragSettings = SETTINGS) -> NearestTracker:
    handles = torch.tensor([[[10.0, 12.0], [20.0, 9.0]], [[15.0, 16.0], [0.0, 0.0]]], dtype=torch.float64)
    targets = torch.tensor([[[17.0, 12.5], [20.5, 9.0]], [[15.0, 3.0], [9.0, 9.0]]], dtype=torch.float64)
    valid = torch.tensor([[True, True], [True, False]])
    return make_nearest(settings, maps, handles, targets, valid)


def loss_of(maps: FeatureMaps, row: int, points: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float:
    """Return the sum over points of the mean of |F(q + u) - F(q)| over a disc, computed pixel by pixel."""
    whole = maps.resized()[row]
    total = 0.0
    for handle, target in points:
        way = target - handle
        step = way / (np.linalg.norm(way) + 1e-7)
        parts = []
        for y in range(SIZE):
            for x in range(SIZE):
                if np.hypot(x - handle[0], y - handle[1]) < 3:
                    place = torch.tensor([x + step[0], y + step[1]], dtype=torch.float64) * (2 / (SIZE - 1)) - 1
                    grid = place.view(1, 1, 1, 2)
                    found = F.grid_sample(whole[None], grid, align_corners=True, padding_mode="border").flatten()
                    parts.append(float((found - whole[:, y, x]).abs().mean()))
        total += float(np.mean(parts))
    return total


def test_the_loss_follows_the_paper() -> None:
    maps = random_maps()
    tracker = tracker_of(maps)
    first = loss_of(maps, 0, [(np.array([10.0, 12.0]), np.array([17.0, 12.5]))])  # the second point is near enough
    second = loss_of(maps, 1, [(np.array([15.0, 16.0]), np.array([15.0, 3.0]))])  # the second point is padding
    assert_summed(tracker.loss(maps), [first, second], terms=6 * 29 * 8)


def test_the_patch_is_held_constant_where_it_was() -> None:
    """Only the moved patch has a gradient: the loss pulls features forward, and never the other way."""
    maps = random_maps()
    leaf = maps.values.clone().requires_grad_()
    tracker = tracker_of(maps)
    (gradient,) = torch.autograd.grad(tracker.loss(FeatureMaps(leaf, maps.image_size)).sum(), leaf)
    place = F.interpolate(gradient.abs().sum(dim=1, keepdim=True), size=(SIZE, SIZE))[0, 0]
    assert float(place[:, :5].sum()) == 0  # behind the patch of the first point, which moves to the right
    assert float(place[:, 10:15].sum()) > 0


def test_points_are_followed_to_where_their_features_went() -> None:
    maps = random_maps()
    tracker = tracker_of(maps)
    moved = FeatureMaps(maps.values.roll((1, -1), dims=(2, 3)), maps.image_size)  # 2 pixels down, 2 to the left
    tracker.observe(moved)
    assert tracker.handles[0].tolist() == [[8.0, 14.0], [18.0, 11.0]]
    assert tracker.handles[1, 0].tolist() == [13.0, 18.0]
    assert tracker.lost.tolist() == [[0, 0], [0, 0]]


def test_a_point_at_the_border_of_its_search_counts_as_lost() -> None:
    maps = random_maps()
    tracker = tracker_of(maps)
    moved = FeatureMaps(maps.values.roll(2, dims=3), maps.image_size)  # 4 pixels: as far as the search reaches
    tracker.observe(moved)
    tracker.observe(FeatureMaps(maps.values.roll(4, dims=3), maps.image_size))
    assert tracker.lost[0].tolist() == [2, 2]
    assert tracker.lost[1, 1] == 0  # padding


def test_points_stay_in_the_picture() -> None:
    maps = random_maps(1)
    corner = torch.zeros(1, 1, 2, dtype=torch.float64)
    tracker = make_nearest(SETTINGS, maps, corner, corner + 9, torch.ones(1, 1, dtype=torch.bool))
    tracker.observe(FeatureMaps(maps.values.roll((-1, -1), dims=(2, 3)), maps.image_size))
    assert bool((tracker.handles >= 0).all())


def test_the_published_patch_is_measured_from_stretched_coordinates() -> None:
    """The program takes linspace(0, n, n) for the coordinates of n pixels, so the disc is off by up to a pixel."""
    tracker = tracker_of(random_maps(), SETTINGS.model_copy(update={"reading": "code"}))
    patch, chosen = tracker._patch()
    across = torch.linspace(0, SIZE, SIZE, dtype=torch.float64)
    y, x = torch.meshgrid(across, across, indexing="ij")
    for row, at in ((0, 0), (0, 1), (1, 0)):
        handle = tracker.handles[row, at]
        expected = torch.hypot(x - handle[0], y - handle[1]) < 3
        found = {tuple(place) for place in (handle + patch[chosen[row, at]]).long().tolist()}
        assert found == {(px, py) for py, px in expected.nonzero().tolist()}


def test_adaptive_aims_move_ahead_as_far_as_features_are_expected_to_differ() -> None:
    """On a map that rises evenly to the right, a feature differs by as much as the aim has moved."""
    ramp = torch.arange(SIZE, dtype=torch.float64).expand(1, 3, SIZE, SIZE).contiguous()
    maps = FeatureMaps(ramp, (SIZE, SIZE))
    start, target = torch.full((1, 1, 2), 8.0), torch.tensor([[[24.0, 8.0]]])
    tracker = make_adaptive(
        DragSettings(tracking="adaptive"), maps, start.double(), target.double(), torch.ones(1, 1, dtype=torch.bool)
    )
    reach = 4 / 128 * SIZE  # one pixel: features differ by 1 to either side, by 0 above and below
    assert_rounded(tracker.expected, 0.4 * reach / 2, 32 * SIZE)  # differences of interpolated features up to SIZE
    tracker.observe(maps)
    assert abs(float(tracker.handles[0, 0, 0]) - (8 + 0.2 * reach)) < 1e-7  # of the step's length, the guard against 0
    assert float(tracker.handles[0, 0, 1]) == 8


def test_an_adaptive_aim_waits_until_the_features_have_come() -> None:
    ramp = torch.arange(SIZE, dtype=torch.float64).expand(1, 3, SIZE, SIZE).contiguous()
    maps = FeatureMaps(ramp, (SIZE, SIZE))
    valid = torch.ones(1, 1, dtype=torch.bool)
    start, target = torch.full((1, 1, 2), 8.0).double(), torch.tensor([[[24.0, 8.0]]]).double()
    tracker = make_adaptive(DragSettings(tracking="adaptive"), maps, start, target, valid)
    tracker.observe(maps)
    aim = tracker.handles.clone()
    for _ in range(5):  # the features do not follow: no nearer, no worse
        tracker.observe(maps)
    assert torch.equal(tracker.handles, aim)
    followed = FeatureMaps(ramp - (aim - start)[0, 0, 0], (SIZE, SIZE))  # now they have moved by as much
    for _ in range(5):
        tracker.observe(followed)
    assert float(tracker.handles[0, 0, 0]) > float(aim[0, 0, 0])
