"""Changes that the page makes in the text of a graph."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import fgraph
from fgraph.studio import code
from fgraph.studio.editing import Refused
from fgraph.studio.exporting import Exports
from fgraph.studio.messages import Change
from fgraph.studio.opening import open_bundled
from fgraph.studio.session import Session
from fgraph.studio.text import EditError
from tests.studio.pages import GRAPH, session_of

CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
STACK = """\
nodes:
  a: {op: sample}
  b: {op: sample}
  both: {op: stack, of: [a, b]}
  image: {op: decode, of: both}
outputs: [image]
"""


def change(session: Session, *changes: dict[str, Any]) -> str:
    session.edit([CHANGE.validate_python(one) for one in changes])
    return session.state.text


@pytest.mark.parametrize(
    ("made", "old", "new"),
    [
        ({"unset": {"node": "right", "field": "seed"}}, ", seed: 4", ""),
        (
            {"set": {"node": "left", "field": "truncation", "value": 0.5}},
            "truncation: 0.7}   #",
            "truncation: 0.5}   #",
        ),
        ({"connect": {"source": "left", "target": "mix", "input": "b"}}, "b: right", "b: left"),
        ({"disconnect": {"target": "mix", "input": "mask"}}, ", mask: fade", ""),
        ({"outputs": [{"name": "one", "node": "image"}]}, "[image]", "{one: image}"),
        ({"seed": 9}, "seed: 1\n", "seed: 9\n"),
        ({"bypass": {"node": "mix", "on": True}}, "of: mix", "of: left"),
    ],
    ids=["unset", "set", "connect", "disconnect", "outputs", "seed", "bypass"],
)
def test_a_change_edits_its_place_only(tmp_path: Path, made: dict[str, Any], old: str, new: str) -> None:
    session = session_of(tmp_path)
    assert GRAPH.count(old) == 1
    assert change(session, made) == GRAPH.replace(old, new)


def test_changes_that_take_too_long_are_refused_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(tmp_path)
    monkeypatch.setattr("fgraph.studio.session.EDIT_SECONDS", -1.0)
    with pytest.raises(EditError, match="take too long, and none of them is made: make fewer at once"):
        change(session, {"seed": 9}, {"set": {"node": "left", "field": "truncation", "value": 0.5}})
    assert session.state.text == GRAPH
    monkeypatch.undo()
    assert change(session, {"seed": 9}) == GRAPH.replace("seed: 1\n", "seed: 9\n")


def test_another_kind_drops_the_fields_that_it_does_not_have(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    text = change(session, {"set": {"node": "fade", "field": "kind", "value": "ellipse"}})
    assert text == GRAPH.replace("kind: ramp, start: 0.25, stop: 0.75", "kind: ellipse")


def test_nodes_are_added_removed_and_renamed_with_their_links(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    text = change(session, {"add": {"op": "decode", "fields": {"of": "left"}}}, {"add": {"op": "decode"}})
    assert "decode: {op: decode, of: left}" in text
    assert "decode_2: {op: decode}" in text
    text = change(session, {"rename": {"node": "left", "to": "first"}})
    assert "a: first" in text
    assert "of: first" in text
    text = change(session, {"remove": ["first", "decode_2"]})
    assert "first" not in text
    text = change(session, {"remove": ["image"]})
    assert "outputs: []" in text
    assert session.view.output is None


def test_the_output_of_a_renamed_node_is_renamed(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    assert "outputs: [picture]" in change(session, {"rename": {"node": "image", "to": "picture"}})
    assert session.view.output == "picture"


def test_a_film_is_kept_beside_the_text_and_follows_its_nodes(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    keys = [
        {"time": time, "values": [{"node": "left", "field": "seed", "value": seed}, *more]}
        for time, seed, more in ((0, 3, []), (2, 5, [{"node": "fade", "field": "start", "value": 0.5}]))
    ]
    assert change(session, {"film": {"seconds": 2, "keys": keys}}) == GRAPH
    change(session, {"rename": {"node": "left", "to": "first"}})
    film = session.graph_event().film
    assert film is not None
    assert [[value.node for value in key.values] for key in film.keys] == [["first"], ["first", "fade"]]
    change(session, {"remove": ["first"]})
    film = session.graph_event().film
    assert film is not None
    assert [(key.time, [value.node for value in key.values]) for key in film.keys] == [(2, ["fade"])]
    session.undo()
    session.undo()
    assert session.graph_event().film is not None
    session.undo()
    assert session.graph_event().film is None


def test_links_of_lists_have_places(tmp_path: Path) -> None:
    session = session_of(tmp_path, STACK)
    assert "[a, b, a]" in change(session, {"connect": {"source": "a", "target": "both", "input": "of"}})
    assert "[a, b, b]" in change(session, {"connect": {"source": "b", "target": "both", "input": "of", "index": 2}})
    assert "[b, b]" in change(session, {"disconnect": {"target": "both", "input": "of", "index": 0}})
    assert [one.index for one in session.graph_event().links if one.target == "both"] == [0, 1]


def test_a_bypass_is_undone_where_nothing_else_was_changed(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    change(session, {"bypass": {"node": "mix", "on": True}})
    assert [one.bypassed for one in session.graph_event().nodes if one.id == "mix"] == [True]
    assert session.reading.faults == ()
    assert change(session, {"bypass": {"node": "mix", "on": False}}) == GRAPH
    change(session, {"bypass": {"node": "mix", "on": True}})
    changed = change(session, {"connect": {"source": "right", "target": "image", "input": "of"}})
    assert change(session, {"bypass": {"node": "mix", "on": False}}) == changed


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"set": {"node": "none", "field": "x", "value": 1}}, "no node 'none'"),
        ({"add": {"op": "sample", "id": "left"}}, "already"),
        ({"rename": {"node": "left", "to": "right"}}, "already"),
        ({"connect": {"source": "left", "target": "mix", "input": "c"}}, "no input 'c'"),
        ({"bypass": {"node": "fade", "on": True}}, "cannot be bypassed"),
        ({"outputs": [{"name": "a", "node": "image"}, {"name": "a", "node": "image"}]}, "one name"),
    ],
    ids=["set", "add", "rename", "connect", "bypass", "outputs"],
)
def test_a_change_that_is_not_possible_changes_nothing(tmp_path: Path, made: dict[str, Any], message: str) -> None:
    session = session_of(tmp_path)
    with pytest.raises(EditError, match=message):
        change(session, {"seed": 5}, made)
    assert session.state.text == GRAPH


@pytest.mark.parametrize("name", ["panorama", "directions", "transfer", "variations", "half_faces"])
def test_a_program_in_python_makes_the_same_graph(tmp_path: Path, name: str) -> None:
    session = session_of(tmp_path)
    session.open(open_bundled(name))
    program = code.python(session).partition("\nfor name")[0]
    made: dict[str, Any] = {}
    exec(program, made)
    expected, found = session.reading.spec, made["graph"].spec
    assert {name: node for name, node in found.nodes.items()} == dict(expected.nodes)
    assert (found.outputs, found.seed, found.models) == (expected.outputs, expected.seed, expected.models)


def test_a_command_has_the_changes(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    with pytest.raises(fgraph.FgraphError, match="save it first"):
        code.command(session)
    session.open(open_bundled("panorama"))
    change(session, {"set": {"node": "fade", "field": "stop", "value": 0.6}}, {"seed": 7})
    assert code.command(session) == "fgraph panorama seed=7 graph.nodes.fade.stop=0.6"
    change(session, {"remove": ["panorama"]})
    with pytest.raises(fgraph.FgraphError, match="save it first"):
        code.command(session)
    path = session.save("mine")
    assert code.command(session) == f"fgraph {path}"


@pytest.mark.parametrize("name", ["nul", "CON.yaml", "com1.x"])
def test_no_graph_is_saved_under_the_name_of_a_device(tmp_path: Path, name: str) -> None:
    session = session_of(tmp_path)
    with pytest.raises(Refused, match="name of a device on Windows"):
        session.save(name)
    assert Exports(tmp_path).place(name.removesuffix(".yaml").partition(".")[0], "png")[1].name == "export.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_saved_file_that_becomes_a_fifo_or_huge_is_not_read(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    path = session.save("mine")
    assert session.graph_event().is_saved
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse file
    assert not session.graph_event().is_saved
    path.unlink()
    os.mkfifo(path)
    assert not session.graph_event().is_saved


def test_texts_that_overrides_would_misread_are_quoted(tmp_path: Path) -> None:
    from fgraph.cli.direct import read_value

    session = session_of(tmp_path)
    session.open(open_bundled("panorama"))
    change(session, {"set": {"node": "first", "field": "take", "value": "0,2"}})
    assert shlex.split(code.command(session)) == ["fgraph", "panorama", "graph.nodes.first.take='0,2'"]
    assert read_value("[0, 2]") == [0, 2]
