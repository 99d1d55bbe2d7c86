"""A drag in the studio: the page follows it, and a run of the saved file gives the same result."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import fgraph
from fgraph.studio import drags
from tests.studio.pages import Page, client_of, make_studio, page_of

GRAPH = """\
seed: 1
nodes:
  code: {op: sample, seed: 4, truncation: 0.7}
  where: {op: mask, kind: box, box: [0, 0, 1, 0.6]}
  moved: {op: drag, of: code, points: [[0.3, 0.4]], to: [[0.3, 0.2]], learning_rate: 0.005, steps: 0}  # not yet
  image: {op: decode, of: moved}
  way: {op: arrows, of: image, drag: moved}
outputs: [image, way, moved]
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setattr(drags, "STEPS", 6)
    with client_of(make_studio(tmp_path, GRAPH)) as client, page_of(client) as page:
        page.event("done")
        yield page


def drag_of(page: Page, **fields: Any) -> dict[str, Any]:
    event = page.event("drag", **fields)
    (row,) = event["rows"]
    return {"node": event["node"], **row}


def pixels(content: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(PillowImage.open(io.BytesIO(content)))


def final(page: Page) -> np.ndarray[Any, Any]:
    return pixels(page.event("picture", revision=page.graph["revision"], stage="final")["content"])


def fields(page: Page, node: str) -> dict[str, Any]:
    return next(one["fields"] for one in page.graph["nodes"] if one["id"] == node)


def headless(page: Page, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> fgraph.Results:
    """Save the graph and run the file where no drag is cached."""
    path = Path(page.ask("save", name=name)["path"])
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        return fgraph.run(path, device="cpu")


def begin(page: Page) -> None:
    """Start a drag, and wait until it has moved."""
    assert page.ask("drag_start", node="moved")["ok"]
    while drag_of(page, running=True)["steps"] == 0:
        pass


def run(page: Page, node: str = "moved") -> dict[str, Any]:
    """Start a drag and let it run to its end; return how far it is."""
    answer = page.ask("drag_start", node=node)
    assert answer["ok"], answer
    page.event("drag", running=True)
    found = drag_of(page, running=False)
    page.event("graph")  # with the steps that were done
    return found


def test_a_drag_moves_the_picture_and_the_file_gives_the_shown_pixels(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page.ask("drag_start", node="moved")["ok"]
    first = drag_of(page, running=True)
    assert (first["steps"], first["points"], first["targets"]) == (0, [[0.3, 0.4]], [[0.3, 0.2]])
    moving = page.event("picture", stage="drag")
    reached = drag_of(page, running=False)
    assert reached["steps"] == 6
    assert len(reached["trail"]) > 1
    page.event("graph")
    shown = final(page)
    assert fields(page, "moved")["steps"] == 6
    assert not np.array_equal(shown, pixels(moving["content"]))
    results = headless(page, "dragged", tmp_path, monkeypatch)
    np.testing.assert_array_equal(results["image"].pixels(0), shown)
    report = results["moved"].drags[0]
    assert (report.steps, report.ending) == (6, "steps")


def test_a_stopped_drag_continues_where_it_was(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(page)
    page.event("done")
    assert run(page)["steps"] == 12
    assert fields(page, "moved")["steps"] == 12
    shown = final(page)
    results = headless(page, "dragged", tmp_path, monkeypatch)
    np.testing.assert_array_equal(results["image"].pixels(0), shown)


def test_stop_keeps_the_result_and_undo_removes_it(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drags, "STEPS", 100_000)
    begin(page)
    assert page.ask("drag_stop")["ok"]
    steps = fields(page, "moved")["steps"]
    assert steps == drag_of(page, running=False)["steps"]
    assert "# not yet" in page.graph["yaml"]
    final(page)
    assert page.ask("undo")["ok"]
    assert page.graph["yaml"] == GRAPH
    assert drag_of(page, revision=page.graph["revision"])["steps"] == 0


@pytest.mark.parametrize("running", [True, False])
def test_points_targets_and_mask_change_and_the_drag_continues(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    if running:
        monkeypatch.setattr(drags, "STEPS", 100_000)
        begin(page)
    else:
        run(page)
        page.event("done")
    (further,) = page.ask("drag_change", node="moved", to=[[0.5, 0.3]], mask="where")["ids"]
    assert further == "moved_2"
    new = fields(page, further)
    assert new["to"] == [[0.5, 0.3]]
    assert (new["of"], new["mask"]) == ("moved", "where")
    assert fields(page, "moved")["steps"] > 0
    assert fields(page, "image")["of"] == fields(page, "way")["drag"] == further
    if running:
        assert drag_of(page, node=further, running=True)["targets"] == [[0.5, 0.3]]
        page.event("picture", stage="drag")
        page.ask("drag_stop")
    shown = final(page)
    results = headless(page, "changed", tmp_path, monkeypatch)
    np.testing.assert_array_equal(results["image"].pixels(0), shown)


def test_points_that_have_not_moved_are_set_in_place(page: Page) -> None:
    (node,) = page.ask("drag_change", node="moved", points=[[0.3, 0.4], [0.7, 0.4]], to=[[0.3, 0.3], [0.7, 0.5]])["ids"]
    assert node == "moved"
    assert fields(page, "moved")["points"] == [[0.3, 0.4], [0.7, 0.4]]
    assert page.ask("drag_change", node="moved", mask="where")["ok"]
    assert fields(page, "moved")["mask"] == "where"
    shape = {"kind": "box", "box": [0, 0, 0.5, 0.5]}
    assert page.ask("drag_change", node="moved", shape=shape)["ok"]
    assert fields(page, "moved")["mask"] == "may_move"
    assert fields(page, "may_move")["kind"] == "box"
    assert "# not yet" in page.graph["yaml"]


def test_a_mask_that_is_painted_names_no_file(page: Page) -> None:
    assert page.ask("drag_change", node="moved", shape={"kind": "image", "path": "/etc/passwd"})["ok"]
    (node,) = [one for one in page.graph["nodes"] if one["id"] == "may_move"]
    assert "does not read '/etc/passwd' for the page" in node["faults"][0]["message"]


def test_any_other_change_ends_a_drag_first(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drags, "STEPS", 100_000)
    begin(page)
    page.set("code", "truncation", 0.6)
    assert fields(page, "moved")["steps"] > 0
    assert fields(page, "code")["truncation"] == 0.6
    final(page)
    page.ask("undo")
    assert fields(page, "code")["truncation"] == 0.7
    assert fields(page, "moved")["steps"] > 0


def test_one_row_of_several_is_dragged(page: Page) -> None:
    page.set("code", "seed", [4, 5])
    page.ask("view", output="image", row=1)
    final(page)
    assert run(page)["row"] == 1
    page.event("done")
    (further,) = page.ask("drag_change", node="moved", row=1, to=[[0.4, 0.4]])["ids"]
    points, to = fields(page, further)["points"], fields(page, further)["to"]
    assert points[0] == to[0]  # the other row stays as it is
    assert to[1] == [[0.4, 0.4]]


def test_points_that_have_arrived_do_not_start_again(page: Page) -> None:
    page.ask("drag_change", node="moved", to=[[0.3, 0.41]])
    final(page)
    page.set("moved", "steps", 5)
    assert drag_of(page, revision=page.graph["revision"])["ending"] == "arrived"
    assert "have arrived: move a target" in page.ask("drag_start", node="moved")["error"]["message"]


def test_a_stuck_drag_is_reported_with_the_remedy(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drags, "STEPS", 100)
    page.set("moved", "patience", 2)
    page.set("moved", "learning_rate", 1e-9)
    final(page)
    found = run(page)
    assert found["ending"] == "stuck"
    assert "a nearer target" in found["remedy"]
    page.event("done")
    (further,) = page.ask("drag_start", node="moved")["ids"]  # it continues as another drag
    assert further == "moved_2"
    page.event("drag", running=False, node=further)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"do": "drag_start", "node": "image"}, "there is no drag 'image'"),
        ({"do": "drag_start", "node": "nothing"}, "there is no drag 'nothing'"),
        ({"do": "drag_change", "node": "moved", "to": [[0.1, 0.1], [0.2, 0.2]]}, "1 points and 2 targets"),
        ({"do": "drag_change", "node": "moved", "to": [[0.1, 2]]}, "less than or equal to 1"),
        ({"do": "drag_change", "node": "moved", "row": 7, "to": [[0.1, 0.2]]}, "'moved' has 1 rows"),
        ({"do": "drag_change", "node": "moved", "mask": "code"}, "Mask"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(page: Page, request_: dict[str, Any], message: str) -> None:
    answer = page.ask(request_.pop("do"), **request_)
    assert not answer["ok"]
    assert message in answer["error"]["message"]
    assert page.graph["yaml"] == GRAPH
