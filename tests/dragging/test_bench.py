"""The benchmark of drags: its tasks have the known targets."""

from __future__ import annotations

import torch

from bench.quality.dragging import Line, mask_around, matched_point, to_markdown
from fgraph.dragging.features import FeatureMaps
from fgraph.dragging.points import DragPoints

SIZE = 64


def test_a_point_is_matched_to_where_its_features_went() -> None:
    first = torch.randn(1, 8, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    second = first.roll((6, -10), dims=(2, 3))  # 6 pixels down, 10 to the left
    found = matched_point(FeatureMaps(torch.cat([first, second]), (SIZE, SIZE)), SIZE)
    assert found is not None
    (x, y), (to_x, to_y) = found
    assert (round((to_x - x) * SIZE), round((to_y - y) * SIZE)) == (-10, 6)


def test_features_that_stay_make_no_task() -> None:
    maps = torch.randn(1, 8, SIZE, SIZE, generator=torch.Generator().manual_seed(0)).expand(2, -1, -1, -1)
    assert matched_point(FeatureMaps(maps.contiguous(), (SIZE, SIZE)), SIZE) is None


def test_the_mask_is_a_box_around_both_places() -> None:
    mask = mask_around(DragPoints(((0.5, 0.5),), ((0.5, 0.25),)), 20)[0, 0]
    assert mask.sum(dim=1).bool().nonzero().flatten().tolist() == list(range(2, 13))  # from 0.1 to 0.65
    assert mask.sum(dim=0).bool().nonzero().flatten().tolist() == list(range(7, 13))  # from 0.35 to 0.65


def test_the_table_has_a_line_for_each_way() -> None:
    text = to_markdown([Line("landscape", "nearest", 0.25, 3.21, 40.4, 1.234, 0.0123, (0.5,))], 100, 200)
    assert "| landscape | nearest | 25% | 3.2 | 40 | 1.23 | 0.012 |" in text
    assert "100 random drags" in text
