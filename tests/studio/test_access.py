"""Graphs from the page can name no file of this machine, no model outside of the list, and no code."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

import fgraph
from fgraph.api.bundled import bundled_nodes
from fgraph.declare.annotations import choices_of
from fgraph.declare.files import file_fields
from fgraph.declare.graph_file import parse_graph
from fgraph.registry import literals, op_of
from fgraph.studio.access import FileAccess
from fgraph.studio.messages.changes import FieldValue
from fgraph.studio.opening import GRAPHS
from fgraph.studio.reading import read_text, vary
from fgraph.studio.text import GraphText
from fgraph.studio.uploads import Uploads
from tests.studio.pages import GRAPH, ORIGIN, client_of, make_studio, page_of

OPENED: list[str] = []
WATCHED = [""]


def note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("open", "os.listdir", "os.scandir") and WATCHED[0] and WATCHED[0] in str(arguments[0]):
        OPENED.append(str(arguments[0]))


@cache
def listen() -> None:
    """Call `note` for each event of this process from now on. Python removes no hook, and each event costs time."""
    sys.addaudithook(note)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A picture on this machine; every attempt to open it is recorded in `OPENED`."""
    listen()
    path = tmp_path / "secret" / "one.png"
    path.parent.mkdir()
    PillowImage.new("RGB", (64, 64)).save(path)
    WATCHED[0] = str(path.parent)
    path.read_bytes()
    assert OPENED  # so the hook sees what is opened
    OPENED.clear()
    yield path
    WATCHED[0] = ""


FIELDS = [
    (op_of(one), kind, name)
    for one in bundled_nodes()
    for name in file_fields(one)
    for kind in literals(one, "kind")[:1] or (None,)
]


@pytest.mark.parametrize(("op", "kind", "field"), FIELDS, ids=[f"{a} {b} {c}" for a, b, c in FIELDS])
def test_no_field_of_a_node_names_a_file(secret: Path, op: str, kind: str | None, field: str) -> None:
    head = f"op: {op}" + (f", kind: {kind}" if kind else "")
    for value in (f"{secret}", f"[{secret}]", f"secret/../secret/{secret.name}", f"{{file: {secret}}}"):
        text = f"{{nodes: {{s: {{op: sample}}, n: {{{head}, of: s, {field}: {value}}}}}, outputs: [n]}}"
        reading = read_text(text, secret.parent.parent / "graph.yaml", FileAccess())
        assert any("does not read" in one.message for one in reading.by_node["n"]), value
        assert "n" not in reading.spec.nodes
    assert OPENED == []


def test_fields_that_name_files_are_found() -> None:
    assert len(FIELDS) >= 10
    texts = {
        (op_of(one), name)
        for one in bundled_nodes()
        for name in one.model_fields
        if name in ("path", "file", "folder") and not choices_of(one.model_fields[name].annotation)
    }
    assert texts <= {(op, field) for op, _, field in FIELDS}


@pytest.mark.parametrize(
    "text",
    [
        "noise: {mode: given, file: FILE}",
        "nodes: {a: {op: sample}, b: {op: tap, of: a, noise: {mode: given, file: FILE}}}",
        "nodes: {a: {op: sample}, b: {op: lerp, a: a, b: a, t: {file: FILE}}}",
        "params: {x: FILE}\nnodes: {a: {op: image, path: '${params.x}'}}",
        "nodes: {a: {op: subgraph, output: i, nodes: {i: {op: image, path: FILE}}}}",
        "nodes: {a: {op: image, path: [[FILE]]}}",
        "nodes: {a: {op: image, path: {keys: {0: FILE}}}}",
        "models: {main: FILE}",
        "models: {main: landscape, other: FILE.pkl}",
        "defaults: [FILE]",
        "defaults: [{/subgraph@nodes.x: FILE}]",
    ],
)
def test_no_other_place_names_a_file(secret: Path, text: str) -> None:
    reading = read_text(text.replace("FILE", str(secret)), secret.parent.parent / "graph.yaml", FileAccess())
    assert reading.faults
    assert OPENED == []


@pytest.mark.parametrize("key", ["_target_", "_args_"])
def test_no_graph_names_code(key: str) -> None:
    text = f"nodes: {{a: {{op: sample, {key}: os.system}}}}\noutputs: [a]\n"
    faults = read_text(text, Path("graph.yaml"), FileAccess()).faults
    assert any("cannot name code" in one.message for one in faults)


def test_no_sheet_and_no_film_names_a_file(secret: Path) -> None:
    reading = read_text("nodes: {a: {op: image, path: landscape.png}}\noutputs: [a]\n", Path("g.yaml"), FileAccess())
    assert reading.faults == ()
    value = FieldValue(node="a", field="path", value=str(secret))
    with pytest.raises(fgraph.GraphError, match="does not read"):
        vary(reading, [value], Path("g.yaml"), FileAccess())
    with pytest.raises(fgraph.GraphError, match="code"):
        vary(reading, [FieldValue(node="a", field="x", value={"_target_": "os.system"})], Path("g.yaml"), FileAccess())
    assert OPENED == []


@pytest.mark.parametrize("field", ["seed.0", "seed.0.0", "count.x", "op.0", "faces.7", "nothing.here"])
def test_a_place_that_no_field_has_is_a_fault(field: str) -> None:
    reading = read_text("nodes: {a: {op: sample, seed: 3, count: 1}}\noutputs: [a]\n", Path("g.yaml"), FileAccess())
    with pytest.raises(fgraph.GraphError):
        vary(reading, [FieldValue(node="a", field=field, value=1)], Path("g.yaml"), FileAccess())


def test_a_file_that_the_page_has_saved_gains_no_trust_when_it_is_read_again(secret: Path, tmp_path: Path) -> None:
    with client_of(make_studio(tmp_path)) as client, page_of(client) as page:
        page.ask("set_yaml", text=f"nodes: {{a: {{op: image, path: {secret}}}}}\noutputs: [a]\n")
        page.ask("save", name="mine")
        assert page.ask("reload")["ok"]
        (node,) = page.graph["nodes"]
        assert "does not read" in node["faults"][0]["message"]
        deep = {"node": "a", "field": "size", "value": json.loads("[" * 400 + "]" * 400)}
        assert not page.ask("sweep", x={**deep, "values": [deep.pop("value")]})["ok"]
    assert OPENED == []


def test_a_graph_that_was_opened_on_this_machine_keeps_its_files(secret: Path) -> None:
    text = f"nodes: {{a: {{op: image, path: secret/{secret.name}}}}}\noutputs: [a]\n"
    place, access = secret.parent.parent / "graph.yaml", FileAccess()
    access.grant_all(GraphText(text), place)
    assert read_text(text, place, access).faults == ()
    (secret.parent.parent / "folder").mkdir()
    elsewhere = secret.parent.parent / "folder" / "graph.yaml"
    moved = access.moved(GraphText(text), place, elsewhere).text
    assert f"../secret/{secret.name}" in moved
    assert read_text(moved, elsewhere, access).faults == ()


@pytest.mark.parametrize("file", sorted(GRAPHS.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_bundled_graphs_need_a_grant_for_their_models_only(file: Path) -> None:
    document = parse_graph(file.read_text("utf-8"))
    if "defaults" in document.data:
        return
    access = FileAccess(set(document.data.get("models", {}).values()))
    reading = read_text(file.read_text("utf-8"), Path("graph.yaml"), access)
    assert [one for one in reading.faults if "does not read" in one.message or "not among" in one.message] == []


def test_a_picture_is_uploaded_as_its_pixels_alone(tmp_path: Path) -> None:
    info, buffer = PngInfo(), io.BytesIO()
    info.add_text("comment", "private")
    PillowImage.new("RGB", (40, 30), "red").save(buffer, "PNG", pnginfo=info)
    studio = make_studio(tmp_path)
    with client_of(studio) as client, page_of(client) as page:
        answer = client.post("/api/uploads", content=buffer.getvalue() + b"more", headers={"origin": ORIGIN})
        upload = answer.json()
        assert (upload["kind"], upload["width"], upload["height"]) == ("image", 40, 30)
        add = {"op": "image", "fields": {"path": f"upload:{upload['id']}"}}
        (node,) = page.ask("edit", changes=[{"add": add}])["ids"]
        (made,) = [one for one in page.graph["nodes"] if one["id"] == node]
        assert made["fields"] == {"path": f"uploads/{upload['id']}.png"}
        assert made["faults"] == []
        stored = (tmp_path / "studio" / made["fields"]["path"]).read_bytes()
        assert b"private" not in stored
        assert not stored.endswith(b"more")
        page.ask("edit", changes=[{"set": {"node": node, "field": "path", "value": f"upload:{'0' * 32}"}}])
        assert not page.seen[-1]["ok"]
        saved = page.ask("save", name="with_picture")["path"]
    assert fgraph.check(Path(saved)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\nbroken", "neither a picture"),
        (b"\xff\xfe\x00", "neither"),
        (b"- 1\n", "not a graph"),
        (b"", "not a graph"),
    ],
    ids=["picture", "bytes", "list", "empty"],
)
def test_other_uploads_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with client_of(make_studio(tmp_path)) as client:
        answer = client.post("/api/uploads", content=content, headers={"origin": ORIGIN})
    assert answer.status_code == 415
    assert message in answer.text


def test_uploads_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take the memory of the largest picture."""
    running: list[int] = []
    most: list[int] = []
    add = Uploads.add

    def counted(uploads: Uploads, *given: Any) -> Any:
        running.append(0)
        most.append(len(running))
        time.sleep(0.02)
        try:
            return add(uploads, *given)
        finally:
            running.pop()

    monkeypatch.setattr(Uploads, "add", counted)
    with client_of(make_studio(tmp_path)) as client, ThreadPoolExecutor(4) as threads:
        send = partial(client.post, "/api/uploads", headers={"origin": ORIGIN}, content=GRAPH.encode())
        answers = [one.result() for one in [threads.submit(send) for _ in range(4)]]
    assert [one.status_code for one in answers] == [200] * 4
    assert most == [1] * 4


def test_uploads_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._limits.STUDIO_UPLOAD", 1000)
    with client_of(make_studio(tmp_path)) as client:
        answer = client.post("/api/uploads", content=GRAPH.encode() * 10, headers={"origin": ORIGIN})
    assert answer.status_code == 413
