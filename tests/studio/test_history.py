"""The history: a tree of states in a folder, which survives the end of the process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fgraph.studio.editing import Bypassed
from fgraph.studio.history import History, State, first_state, new_state
from fgraph.studio.messages.changes import FieldValue, Group, Key, Timeline
from fgraph.studio.opening import OpenedGraph


def opened(history: History, text: str = "seed: 0\n") -> State:
    return history.add(first_state(OpenedGraph("one", text), Path("one.yaml"), history.current))


def grow(history: History, seed: int, gesture: str | None = None) -> State:
    assert history.current is not None
    draft = history.current.draft()
    draft.text = draft.text.set(("seed",), seed)
    return history.add(new_state(draft, history.current, f"seed {seed}"), gesture)


def wait(history: History) -> None:
    """Wait for the file of the last state, without closing the history."""
    timer = history._timer
    if timer is not None:
        timer.join(60)


def test_undo_goes_to_the_parent_and_redo_back_also_in_a_branch() -> None:
    history = History()
    first = opened(history)
    second, third = grow(history, 1), grow(history, 2)
    assert (history.undo(), history.undo(), history.undo()) == (second, first, None)
    assert (history.redo(), history.redo(), history.redo()) == (second, third, None)
    history.undo()
    branch = grow(history, 3)
    assert branch.parent == second.id
    assert not history.can_redo
    assert history.go(third.id) == third
    assert len(history.states) == 4


def test_a_gesture_is_one_state() -> None:
    history = History()
    first = opened(history)
    states = [grow(history, number, "drag") for number in range(5)]
    assert len({one.id for one in states}) == 1
    assert grow(history, 9, "another").parent == states[-1].id
    history.undo()
    assert history.current is not None
    assert history.current.text == "seed: 4\n"
    assert history.undo() == first


def test_a_killed_process_leaves_everything(tmp_path: Path) -> None:
    history = History(tmp_path)
    first = opened(history)
    draft = first.draft()
    draft.positions["a"] = (1.0, 2.0)
    draft.groups = [Group(id="g", title="a group", nodes=["a"])]
    draft.bypassed["a"] = Bypassed("b", (("c", "of", None), ("d", "of", 1)), ("out",))
    draft.film = Timeline(seconds=2, keys=[Key(time=0, values=[FieldValue(node="a", field="t", value=0.5)])])
    second = history.add(new_state(draft, first, "much"))
    history.show(second.id, b"a thumbnail")
    history.mark(first.id, True)
    history.granted = ["/one"]
    history.mark_seed("avatar", 3, True)
    grow(history, 3)
    history.undo()
    wait(history)
    (tmp_path / f"{'0' * 16}.json").write_text("left by a state that was dropped")
    again = History(tmp_path)
    assert not (tmp_path / f"{'0' * 16}.json").exists()
    assert again.current == second
    assert [one.favourite for one in again.states] == [True, False, False]
    assert list(again.thumbnails()) == [(second.id, b"a thumbnail")]
    assert again.can_redo
    assert again.granted == ["/one"]
    assert again.seeds == {"avatar": [3]}


def test_favourite_seeds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._limits.STUDIO_SHEET", 3)
    history = History()
    for seed in (1, 2, 3, 2, 4):
        history.mark_seed("avatar", seed, True)
    assert history.seeds == {"avatar": [3, 2, 4]}
    history.mark_seed("avatar", 2, False)
    for model in ("toon", "landscape", "other"):
        history.mark_seed(model, 1, True)
    assert list(history.seeds) == ["toon", "landscape", "other"]
    history.mark_seed("toon", 1, False)
    assert "toon" not in history.seeds


DAMAGED = [b"", b"{", b"[]", b'{"id": "../x"}', b"\xff", b"[" * 100_000, b'{"bypassed": [], "groups": {}}', b"null"]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_costs_its_state_only(tmp_path: Path, content: bytes) -> None:
    history = History(tmp_path)
    first = opened(history)
    second = grow(history, 1)
    history.close()
    (tmp_path / f"{first.id}.json").write_bytes(content)
    assert History(tmp_path).states == [second]
    (tmp_path / "history.json").write_bytes(content)
    again = History(tmp_path)
    assert again.states == [second]  # from their own files
    assert again.current == second


@pytest.mark.parametrize("field", [{"text": 5}, {"positions": []}, {"film": {}}, {"id": "0" * 16}, {"readers": 1}])
def test_a_state_of_another_form_is_left_out(tmp_path: Path, field: dict[str, object]) -> None:
    history = History(tmp_path)
    first = opened(history)
    grow(history, 1)
    history.close()
    path = tmp_path / f"{first.id}.json"
    bypassed = {"bypassed": {"a": {"source": "b", **field}}} if "readers" in field else field
    path.write_text(json.dumps({**json.loads(path.read_text()), **bypassed}))
    assert [one.label for one in History(tmp_path).states] == ["seed 1"]


def test_old_states_go_and_favourites_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._limits.STUDIO_STATES", 3)
    history = History(tmp_path)
    first = opened(history)
    history.mark(first.id, True)
    states = [grow(history, number) for number in range(1, 6)]
    history.close()
    kept = [replace(first, favourite=True), *states[-2:]]
    assert history.states == kept
    assert {path.stem for path in tmp_path.glob("*.json")} == {"history", *(one.id for one in kept)}
