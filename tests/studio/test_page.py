"""A page and the studio: requests, answers and pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from starlette.testclient import TestClient

import fgraph
from fgraph.studio.studio import Studio
from tests.studio.pages import GRAPH, Page, client_of, make_studio, page_of


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return make_studio(tmp_path)


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with client_of(studio) as client:
        yield client


@pytest.fixture
def page(client: TestClient) -> Iterator[Page]:
    with page_of(client) as page:
        yield page


def pixels(content: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(PillowImage.open(io.BytesIO(content)))


def test_an_edit_changes_the_text_and_the_picture(page: Page) -> None:
    first = page.event("picture", stage="final")
    assert (first["width"], first["height"], first["mime"]) == (64, 64, "image/png")
    page.event("done")
    assert page.set("fade", "start", 0.5)["ok"]
    assert page.graph["yaml"] == GRAPH.replace("start: 0.25", "start: 0.5")
    second = page.event("picture", stage="final")
    assert second["revision"] == page.graph["revision"]
    assert not np.array_equal(pixels(second["content"]), pixels(first["content"]))
    assert page.ask("undo")["ok"]
    assert page.graph["yaml"] == GRAPH
    third = page.event("picture", stage="final")
    assert np.array_equal(pixels(third["content"]), pixels(first["content"]))
    assert page.ask("redo")["ok"]
    assert "start: 0.5" in page.graph["yaml"]


def test_a_saved_graph_runs_to_the_same_pixels_and_the_export_opens_again(page: Page, client: TestClient) -> None:
    page.set("fade", "start", 0.5)
    shown = pixels(page.event("picture", revision=page.graph["revision"], stage="final")["content"])
    saved = Path(page.ask("save", name="mine")["path"])
    assert page.graph["is_saved"]
    headless = fgraph.run(saved, device="cpu")["image"].pixels(0)
    assert np.array_equal(headless, shown)
    file = page.ask("export", format="png")["file"]
    page.event("file", file=file)
    exported = client.get(f"/api/files/{file}")
    assert "attachment" in exported.headers["content-disposition"]
    assert np.array_equal(pixels(exported.content), headless)
    dropped = client.post("/api/uploads", content=exported.content, headers={"origin": "http://testserver"}).json()
    assert dropped["kind"] == "graph"
    headers = {"origin": "http://testserver"}
    assert client.post("/api/uploads?as=image", content=exported.content, headers=headers).json()["kind"] == "image"
    page.set("left", "seed", 99)
    assert page.ask("open", what={"upload": dropped["id"]})["ok"]
    again = page.event("picture", revision=page.graph["revision"], stage="final")
    assert np.array_equal(pixels(again["content"]), headless)


def test_faults_are_at_their_fields_in_the_words_of_check(page: Page) -> None:
    page.set("fade", "kind", "ramp")
    page.set("left", "truncation", "much")
    (fault,) = [one for node in page.graph["nodes"] if node["id"] == "left" for one in node["faults"]]
    (known,) = fgraph.check(page.graph["yaml"])
    assert (fault["field"], fault["message"]) == ("truncation", known.message)
    failed = page.event("failed")
    assert failed["revision"] == page.graph["revision"]


def test_a_text_with_mistakes_is_kept_and_shown_with_them(page: Page) -> None:
    assert page.ask("set_yaml", text="nodes: [")["ok"]
    assert page.graph["nodes"] == []
    assert any("not YAML" in fault for fault in page.graph["faults"])
    assert "correct them" in page.set("left", "seed", 1)["error"]["message"]
    assert page.ask("set_yaml", text=GRAPH)["ok"]
    page.event("picture", revision=page.graph["revision"], stage="final")


def test_a_wrong_link_is_refused_with_its_reason(page: Page) -> None:
    before = page.graph["yaml"]
    answer = page.ask("edit", changes=[{"connect": {"source": "fade", "target": "mix", "input": "a"}}])
    assert not answer["ok"]
    assert "it takes Features" in answer["error"]["message"]
    assert (answer["error"]["node"], answer["error"]["field"]) == ("mix", "a")
    assert page.graph["yaml"] == before
    answer = page.ask("edit", changes=[{"connect": {"source": "image", "target": "mix", "input": "a"}}])
    assert "cycle" in answer["error"]["message"]


def test_a_gesture_is_one_step_of_undo(page: Page) -> None:
    for number in range(10):
        page.set("fade", "start", number / 20, gesture="slider 1")
    page.set("fade", "start", 0.7, gesture="slider 2")
    page.ask("undo")
    assert "start: 0.45" in page.graph["yaml"]
    page.ask("undo")
    assert page.graph["yaml"] == GRAPH
    assert not page.graph["can_undo"]
    assert not page.ask("undo")["ok"]


def test_seeds_sweeps_and_ablations_are_thumbnails(page: Page) -> None:
    page.event("done")
    assert page.ask("seeds", node="left", start=5, count=2)["ok"]
    assert [page.event("thumbnail", sheet="seeds")["values"] for _ in range(2)] == [[5], [6]]
    axes = {"x": {"node": "fade", "field": "start", "values": [0, 0.1]}}
    assert page.ask("sweep", **axes, y={"node": "left", "field": "truncation", "values": [0.5]})["ok"]
    cells = [page.event("thumbnail", sheet="sweep") for _ in range(2)]
    assert [(one["key"], one["values"]) for one in cells] == [("0,0", [0, 0.5]), ("1,0", [0.1, 0.5])]
    assert page.ask("ablate", node="mix")["ok"]
    both = [page.event("thumbnail", sheet="ablate") for _ in range(2)]
    assert [one["key"] for one in both] == ["with", "without"]
    assert not np.array_equal(pixels(both[0]["content"]), pixels(both[1]["content"]))
    assert not page.ask("ablate", node="fade")["ok"]
    assert "seed" in page.ask("seeds", node="fade", start=5, count=2)["error"]["message"]


def test_every_output_is_drawn_without_each_node(page: Page) -> None:
    page.event("done")
    page.ask("edit", changes=[
        {"add": {"op": "truncate", "id": "calm", "fields": {"truncation": 0.5}}},
        {"add": {"op": "shift", "id": "idle", "fields": {"dx": 0.5}}},
        {"connect": {"source": "left", "target": "calm", "input": "of"}},
        {"connect": {"source": "mix", "target": "idle", "input": "of"}},
        {"connect": {"source": "calm", "target": "mix", "input": "a"}},
        {"outputs": [{"name": "image", "node": "image"}, {"name": "blended", "node": "mix"}]},
    ])  # fmt: skip
    page.event("done")
    assert page.ask("explain")["ok"]
    cells = [page.event("thumbnail", sheet="explain") for _ in range(8)]
    found = {one["key"]: one["values"][0] for one in cells}
    nodes = ("", "mix", "calm", "idle")
    assert list(found) == [f"{node}/{output}" for node in nodes for output in ("image", "blended")]
    assert found["/image"] == found["idle/image"] == 0  # no output reads it
    assert found["calm/image"] > 0.001
    without = page.ask("edit", changes=[{"bypass": {"node": "mix", "on": True}}])
    assert without["ok"]
    whole = pixels(page.event("picture", revision=page.graph["revision"], stage="final")["content"])
    (shown,) = [one["content"] for one in cells if one["key"] == "mix/image"]
    assert np.abs(pixels(shown).astype(int) - whole).mean() < 8  # a thumbnail is compressed
    page.ask("edit", changes=[{"set": {"node": "fade", "field": "start", "value": "wrong"}}])
    assert "has faults" in page.ask("explain")["error"]["message"]


def test_the_plan_has_the_layers_and_their_times(page: Page) -> None:
    page.event("done")
    page.ask("plan")
    plan = page.event("plan")
    known = fgraph.compile(GRAPH, device="cpu").cost
    assert plan["savings"]["calls"] == known.layer_calls
    assert plan["savings"]["shared_gflop"] == known.shared_flops / 1e9
    assert sum(one["calls"] for one in plan["layers"] if one["resolution"]) == known.layer_calls
    assert {one["name"] for one in plan["timings"]} >= {"b64.conv1"}


@pytest.mark.parametrize("kind", ["gif", "play"])
def test_a_film_moves_fields_and_walks_between_seeds(page: Page, client: TestClient, kind: str) -> None:
    keys = [
        {"time": time, "values": [
            {"node": "left", "field": "seed", "value": seed}, {"node": "fade", "field": "start", "value": start}]}
        for time, seed, start in ((0, 1, 0), (1, 2, 0.5))
    ]  # fmt: skip
    answer = page.ask("film", keys=keys, seconds=1, fps=3, format=kind)
    assert answer["ok"], answer
    if kind == "play":
        frames = [page.event("thumbnail", sheet="film") for _ in range(3)]
        assert len({one["content"] for one in frames}) == 3
        return
    page.event("file", file=answer["file"])
    with PillowImage.open(io.BytesIO(client.get(f"/api/files/{answer['file']}").content)) as film:
        assert (getattr(film, "n_frames"), film.size) == (3, (64, 64))  # noqa: B009  the stub has no such field


def test_two_pages_see_the_same(page: Page, client: TestClient) -> None:
    page.event("done")
    with page_of(client) as other:
        assert other.graph["yaml"] == GRAPH
        assert other.event("picture")["stage"] == "final"
        other.set("fade", "start", 0.5)
        assert "start: 0.5" in page.event("graph")["yaml"]


def test_a_new_launch_continues_with_the_history(tmp_path: Path) -> None:
    with client_of(make_studio(tmp_path)) as client, page_of(client) as page:
        page.set("fade", "start", 0.5)
        page.ask("edit", changes=[{"place": {"positions": {"left": [1, 2]}}}])
        page.event("thumbnail", sheet="history", key=page.graph["state"])
        page.ask("favourite", state=page.graph["state"], on=True)
        for seed, on in ((3, True), (5, True), (3, False), (7, True)):
            page.ask("favourite_seed", model="landscape", seed=seed, on=on)
    with client_of(make_studio(tmp_path, None)) as client, page_of(client) as page:
        assert "start: 0.5" in page.graph["yaml"]
        (left,) = [one for one in page.graph["nodes"] if one["id"] == "left"]
        assert left["position"] == [1, 2]
        history = next(one for one in page.seen if one.get("event") == "history")
        assert [one["favourite"] for one in history["states"]] == [False, False, True]
        assert history["seeds"] == {"landscape": [5, 7]}
        page.event("thumbnail", sheet="history")
        page.ask("undo")
        page.ask("undo")
        assert page.graph["yaml"] == GRAPH
        page.ask("goto", state=history["current"])
        assert "start: 0.5" in page.graph["yaml"]


def test_a_change_on_disk_is_noticed_and_not_overwritten(studio: Studio, page: Page) -> None:
    path = Path(page.ask("save", name="mine")["path"])
    path.write_text(GRAPH.replace("seed: 4", "seed: 40"))
    assert page.event("graph", changed_on_disk=True)["saved_as"] == str(path)
    answer = page.ask("save", name="mine")
    assert "has changed on disk" in answer["error"]["message"]
    assert page.ask("reload")["ok"]
    assert "seed: 40" in page.graph["yaml"]
    assert not page.graph["changed_on_disk"]
    path.write_text(GRAPH)
    assert page.ask("save", name="mine", replace=True)["ok"]
    assert "seed: 40" in path.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "not JSON"),
        ("[1]", "not understood"),
        ('{"id": 3, "do": "eval"}', "not understood"),
        ('{"id": 3, "do": "open", "what": {"path": "/etc/passwd"}}', "not understood"),
        ("[" * 100_000, "not JSON"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON"),
        (json.dumps({"id": 3, "do": "open", "what": {"graph": "nowhere"}}), "no bundled graph"),
        (json.dumps({"id": 3, "do": "goto", "state": "00"}), "no such state"),
        (json.dumps({"id": 3, "do": "view", "output": "none"}), "no output"),
    ],
    ids=["text", "list", "unknown", "path", "deep", "number", "graph", "state", "output"],
)
def test_invalid_requests_are_refused_and_the_socket_stays_open(page: Page, text: str, message: str) -> None:
    page.send(text)
    answer = page.answer(3 if '"id": 3' in text else -1)
    assert not answer["ok"]
    assert message in answer["error"]["message"]
    assert page.ask("history")["ok"]


def test_previews_come_first_where_a_run_is_slow(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.event("done")
    monkeypatch.setattr("fgraph.studio.engine.Engine.forecast", lambda engine, plan: 1.0)
    monkeypatch.setattr("fgraph.studio.live._SHARES", (1.0,))  # the bundled models are small
    page.set("left", "seed", 7)
    stages = [page.event("picture") for _ in range(2)]
    assert [(one["stage"], one["width"]) for one in stages] == [("b32", 32), ("final", 64)]


def test_the_catalogue_describes_every_node(client: TestClient) -> None:
    from fgraph.api.bundled import bundled_nodes
    from fgraph.array_files.named_edits import published_edits
    from fgraph.registry import op_of

    found = client.get("/api/catalogue").json()
    assert {one["op"] for one in found["nodes"]} == {op_of(one) for one in bundled_nodes()}
    (blend,) = [one for one in found["nodes"] if one["op"] == "blend"]
    assert {one["name"] for one in blend["inputs"]} == {"a", "b", "mask"}
    assert all(schema.get("description") for schema in blend["fields"].values())
    assert {"panorama", "transfer"} <= {one["name"] for one in found["graphs"]}
    assert all(one["summary"] for one in found["graphs"])
    fits = {one["name"]: one["fits"] for one in found["directions"]}
    assert fits["avatar.glasses"] == ["avatar"]
    assert fits["landscape.night"] == ["landscape"]
    assert not fits["glasses"]  # for faces of 1024 pixels
    strengths = {one["name"]: one["strength"] for one in found["directions"]}
    assert strengths == {name: edit.strength for name, edit in published_edits().items() if name in strengths}
    assert strengths["avatar.dark_hair"] == 2
    used = json.dumps(found["nodes"]).split('"#/$defs/')[1:]
    assert {one.partition('"')[0] for one in used} <= found["defs"].keys()


def test_a_page_that_joins_late_is_sent_the_last_run(tmp_path: Path) -> None:
    """The run may end before the page connects, which would then wait for it forever."""
    with client_of(make_studio(tmp_path)) as client:
        with page_of(client) as early:
            done = early.event("done")
        with page_of(client) as late:
            assert late.event("forecast")["revision"] == done["revision"]
            assert late.event("picture")["stage"] == "final"
            assert late.event("done") == done
