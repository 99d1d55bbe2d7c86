"""`fgraph.drag`: steps that can be watched, changed and undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fgraph
from fgraph.dragging.live import LiveDrag
from fgraph.dragging.settings import DragError
from tests.networks import tiny
from tests.rounding import assert_promised

GENERATOR = tiny(1)


def start(every: int = 2, steps: int = 8, **more: object) -> LiveDrag:
    code = np.random.default_rng(4).standard_normal(GENERATOR.table.w_dim).astype(np.float32)
    settings = {"rows": (0, 3), "patience": 0, "learning_rate": 0.01, "steps": steps, **more}
    return fgraph.drag(GENERATOR, code, [(0.4, 0.5)], [(0.8, 0.5)], every=every, **settings)


def test_a_moment_comes_after_every_few_steps() -> None:
    moments = list(start(every=3))
    assert [one.steps for one in moments] == [3, 6, 8]
    assert [one.ending for one in moments] == [None, None, "steps"]
    assert moments[-1].code.shape == (GENERATOR.table.num_ws, GENERATOR.table.w_dim)


@pytest.mark.numeric
def test_the_image_matches_the_code(tmp_path: Path) -> None:
    moment = next(start())
    graph = fgraph.Graph(models=GENERATOR)
    codes = tmp_path / "code.npy"
    np.save(codes, moment.code[None])
    image = graph.decode(graph.latent(file=str(codes), space="w+"))
    expected = fgraph.run(graph, outputs={"image": image})["image"]
    assert_promised(moment.image, expected.array[0])


def test_steps_one_at_a_time_equal_steps_all_at_once() -> None:
    whole = list(start(every=8))[-1]
    pieces = list(start(every=1))[-1]
    np.testing.assert_array_equal(whole.code, pieces.code)


def test_the_outcome_equals_a_drag_of_as_many_steps() -> None:
    for count in (0, 3):
        drag = start(every=1)
        for _ in range(count):
            next(drag)
        found = drag.outcome()
        assert (found.steps, found.ending) == (count, "steps")
        np.testing.assert_array_equal(found.code.numpy(), drag.moment.code)
        next(drag)  # it continues
        (*_, last) = [drag.moment, *start(every=1, steps=count)]
        if count:
            np.testing.assert_array_equal(found.code.numpy(), last.code)
    ended = start(every=8)
    next(ended)
    assert ended.outcome().steps == 8


def test_changes_are_undone_one_by_one() -> None:
    drag = start()
    first = drag.moment
    next(drag)
    before = drag.moment
    drag.change(to=[(0.1, 0.2)])
    assert drag.moment.targets == [(0.1, 0.2)]
    np.testing.assert_array_equal(drag.moment.code, before.code)
    next(drag)
    assert not np.array_equal(drag.moment.code, before.code)
    np.testing.assert_array_equal(drag.undo().code, before.code)  # to where the change began
    np.testing.assert_array_equal(drag.undo().code, first.code)  # the change itself
    assert drag.moment.targets == [(0.8, 0.5)]
    np.testing.assert_array_equal(drag.undo().code, first.code)  # no further than the start


def test_points_may_be_added_while_a_drag_runs() -> None:
    drag = start()
    next(drag)
    drag.change(points=[(0.4, 0.5), (0.2, 0.2)], to=[(0.8, 0.5), (0.2, 0.4)])
    assert len(next(drag).points) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"code": np.zeros(3)}, r"code has shape \[3\], expected"),
        ({"to": []}, "1 points and 0 targets: each point needs a target"),
        ({"to": [(2, 0.5)]}, r"to\[0\] is \[2, 0.5\]: expected fractions"),
        ({"mask": np.full((16, 16), 7)}, "with values from 0 to 1"),
        ({"every": 0}, "every=0: expected a number of steps, at least 1"),
        ({"trackin": "nearest"}, "drag has no setting 'trackin': did you mean 'tracking'?"),
        ({"steps": -1}, "steps: "),
    ],
)
def test_arguments_that_do_not_fit_are_refused(wrong: dict[str, object], message: str) -> None:
    code = np.zeros(GENERATOR.table.w_dim)
    given = {"code": code, "points": [(0.5, 0.5)], "to": [(0.4, 0.5)], **wrong}
    with pytest.raises(DragError, match=message):
        fgraph.drag(GENERATOR, **given)
