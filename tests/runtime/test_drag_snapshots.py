"""An interrupted drag resumes where it stopped, with the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import DragOutcome, DragSearch
from fgraph.dragging.settings import make_drag_settings
from fgraph.inversion import resuming
from fgraph.inversion.cache import InversionCache
from fgraph.runtime import drag_snapshots as snapshots
from tests.networks import tiny

POINTS = [DragPoints(((0.4, 0.5),), ((0.7, 0.5),)), DragPoints(((0.3, 0.3), (0.6, 0.7)), ((0.3, 0.6), (0.9, 0.7)))]
STEPS = 7


class Interrupted(Exception):
    """The process is killed."""


def make(members: list[int], masked: bool = True, **changes: Any) -> DragSearch:
    """Start the drag of some of two rows; the second one needs fewer steps than the first."""
    generator = tiny(1)
    every = changes.pop("every", 0)
    settings = make_drag_settings(**({"rows": (0, 3), "steps": STEPS, "patience": 0, "learning_rate": 0.01} | changes))
    codes = generator.map(torch.randn(2, 8, generator=torch.Generator().manual_seed(5)))
    mask = torch.zeros(2, 1, 16, 16)
    mask[:, :, :, 4:] = 1
    given = [POINTS[row] for row in members]
    whole = codes[:, None].expand(-1, generator.table.num_ws, -1).detach()
    return DragSearch(generator, settings, whole[members], given, mask[members] if masked else None, every=every)


def assert_same(found: dict[int, DragOutcome], expected: dict[int, DragOutcome]) -> None:
    assert found.keys() == expected.keys()
    for row, one in found.items():
        assert torch.equal(one.code, expected[row].code)
        assert torch.equal(one.trail, expected[row].trail)
        assert torch.equal(one.film, expected[row].film)
        assert (one.ending, one.distance) == (expected[row].ending, expected[row].distance)


def run(cache: InversionCache, stop: int | None = None, **changes: Any) -> tuple[dict[int, DragOutcome], list[int]]:
    """Drag those of both rows that are not cached; return the codes found and the steps done."""
    found: dict[int, DragOutcome] = {}
    done: list[int] = []

    def count(search: DragSearch) -> None:
        done.append(search.done)
        if search.done == stop:
            raise Interrupted

    try:
        resumable = snapshots.resumable_drag(cache, "key", lambda members: make(members, **changes))
        resuming.run_search(resumable, [0, 1], found.__setitem__, count)
    except Interrupted:
        assert stop is not None
    return found, done


@pytest.mark.parametrize(
    "changes", [{}, {"tracking": "adaptive"}, {"masked": False}, {"reading": "code", "space": "w"}, {"every": 3}]
)
def test_a_drag_continues_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    monkeypatch.setattr(resuming, "SNAPSHOT_SECONDS", 0.0)
    cache = InversionCache(tmp_path)
    expected, _ = run(InversionCache(None), **changes)
    run(cache, stop=4, **changes)
    found, done = run(cache, **changes)
    assert done[0] == 4  # the snapshot was taken before the step in which the process was killed
    assert_same(found, expected)
    assert not list(tmp_path.rglob("*.safetensors"))  # a finished drag needs no snapshot


def test_rows_that_finished_before_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "SNAPSHOT_SECONDS", 0.0)
    cache, found = InversionCache(tmp_path), dict[int, DragOutcome]()
    search = make([0, 1])
    for _ in range(3):
        search.step()
    search._select([1])
    cache.write("drag_searches", "key", search.state(), {"members": "[1]"})
    resumable = snapshots.resumable_drag(cache, "key", make)
    resuming.run_search(resumable, [1], found.__setitem__, lambda search: None)
    expected, _ = run(InversionCache(None))
    assert found.keys() == {1}
    assert found[1].ending == expected[1].ending
    assert found[1].steps == expected[1].steps


def test_a_snapshot_that_does_not_fit_is_ignored(tmp_path: Path) -> None:
    search = make([0, 1])
    for _ in range(2):
        search.step()
    whole = search.state()
    damaged: list[dict[str, Tensor]] = [
        {name: value for name, value in whole.items() if name != "change"},
        whole | {"trails": whole["trails"][:1]},
        whole | {"tracker.templates": whole["tracker.templates"][:, :1]},
        whole | {"originals": whole["originals"][..., :1]},
        whole | {"change": whole["change"] * float("nan")},
        whole | {"done": torch.tensor(STEPS)},
    ]
    assert snapshots.is_state(make([0, 1]), whole)
    for one in damaged:
        assert not snapshots.is_state(make([0, 1]), one)
    cache = InversionCache(tmp_path)
    for wrong in ({"done": torch.tensor(torch.nan)}, {"tracker.templates": torch.tensor(1.0)}):
        cache.write("drag_searches", "key", whole | wrong, {"members": "[0, 1]"})
        assert run(cache)[1][0] == 1
    for members in ("[0]", "[0, 7]", "no list", "[null, 1]"):
        cache.write("drag_searches", "key", whole, {"members": members})
        assert run(cache)[1][0] == 1
