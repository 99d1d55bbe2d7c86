"""Records in every format, and the refusal of hostile ones."""

from __future__ import annotations

import json
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

import fgraph
from fgraph._errors import FgraphError, GraphError, SaveError
from fgraph._imaging.encode import encode_picture
from fgraph._results import Image
from fgraph.save import ModelRecord, PictureOptions, Record, read_record, save_results
from fgraph.save.recording import record_graph
from fgraph.save.restoring import describe_changes, restore

GRAPH = "version: 1\nnodes:\n  näher: {op: sample}  # ψ\noutputs: [näher]\n"
RECORD = Record(
    "1.2.3", GRAPH, {"z": [1, 2]}, {"main": ModelRecord("landscape", "sha256:00ff")},
    files={"a.png": "sha256:11"}, settings={"precision": "float32", "strip": "x"},
)  # fmt: skip


def opened(path: Path) -> PillowImage.Image:
    with PillowImage.open(path) as picture:
        return picture.copy()


def random_image(rows: int = 1) -> Image:
    return Image(np.random.default_rng(0).uniform(-1, 1, (rows, 3, 16, 24)).astype(np.float32))


def distance(path: Path, pixels: NDArray[np.uint8]) -> float:
    return float(np.abs(np.asarray(opened(path), int) - pixels).mean())


@pytest.mark.parametrize("name", ["one.png", "one.webp", "one.jpg"])
def test_every_format_carries_the_record(tmp_path: Path, name: str) -> None:
    formats = ("jpg", "webp", "png", "jpeg")
    manifest = save_results({"one": random_image()}, tmp_path, formats, RECORD, PictureOptions(quality=80))
    assert [path.name for path in manifest.paths] == ["one.jpg", "one.webp", "one.png", "manifest.json"]
    assert read_record(tmp_path / name) == RECORD.for_row(0)
    assert manifest.without_record == ()


def test_quality_is_passed_to_the_encoders(tmp_path: Path) -> None:
    image = random_image()
    exact = image.pixels(0)
    for quality in (30, 95, 100):
        save_results({"one": image}, tmp_path / str(quality), ("jpeg", "webp"), options=PictureOptions(quality=quality))
    error = {
        (kind, quality): distance(tmp_path / str(quality) / f"one.{kind}", exact)
        for kind in ("jpg", "webp") for quality in (30, 95, 100)
    }  # fmt: skip
    assert error["webp", 100] == 0
    assert error["webp", 30] > error["webp", 95] > 0
    assert error["jpg", 30] > error["jpg", 95] > 0


def test_a_record_too_large_for_a_jpeg_is_left_out_with_a_warning(tmp_path: Path) -> None:
    large = Record("1", GRAPH + "#" * 70_000, {}, {})
    manifest = save_results({"one": random_image()}, tmp_path, ("jpeg", "png"), large)
    assert manifest.without_record == ("one.jpg",)
    assert read_record(tmp_path / "one.png").graph == large.graph
    with pytest.raises(FgraphError, match="holds no record"):
        read_record(tmp_path / "one.jpg")


@pytest.mark.parametrize(("kind", "longest"), [("webp", 16383), ("jpeg", 65500)])
def test_sides_that_a_format_cannot_count(tmp_path: Path, kind: str, longest: int) -> None:
    wide = Image(np.zeros((1, 3, 1, longest + 1), np.float32))
    with pytest.raises(SaveError, match=f"holds {longest} pixels a side, this picture has {longest + 1}: write png"):
        save_results({"one": wide}, tmp_path, (kind,))
    assert not list(tmp_path.iterdir())


def test_the_record_of_a_picture_of_any_size_is_read(tmp_path: Path) -> None:
    """No pixels are decoded, so the size that a header claims does not matter."""
    data = encode_picture(PillowImage.new("RGB", (8, 8)), "png", RECORD.to_text())
    header = struct.pack(">II", 2**31 - 1, 2**31 - 1) + data[24:29]
    forged = data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
    (tmp_path / "huge.png").write_bytes(forged)
    assert read_record(tmp_path / "huge.png") == RECORD


def write(path: Path, texts: dict[str, str], *, packed: bool = False) -> Path:
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, value, zip=packed)
    PillowImage.new("RGB", (2, 2)).save(path, pnginfo=info)
    return path


def with_graph(path: Path, graph: str) -> Path:
    return write(path, Record("1", graph, {}, {}).to_text())


def test_a_sound_one(tmp_path: Path) -> None:
    record, graph = restore(with_graph(tmp_path / "a.png", GRAPH))
    assert record.graph == GRAPH
    assert graph == {"version": 1, "nodes": {"näher": {"op": "sample"}}, "outputs": ["näher"]}


BILLION = "a: &a [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n" for n in range(12))


HOSTILE = [
    (BILLION, "aliases and merges expand to more than"),
    ("nodes: " + "[" * 100_000, "nested more than|exceeded maximum nesting depth"),  # libyaml 0.2.6 counts too
    ("nodes: " + "{a: " * 1000 + "1" + "}" * 1000, "nested more than"),
    ("defaults: [/hydra/launcher: basic]\nnodes: {}", "expected _self_"),
    ("# @package _global_\nhydra: {run: {dir: /}}\nnodes: {}", "gives Hydra no directive"),
    ("nodes: {a: {op: '${oc.env:HOME}'}}", "has no interpolation"),
    (r"nodes: {a: {op: '\\${oc.env:HOME}'}}", "has no interpolation"),
    ("nodes: {'${oc.env:HOME}': {op: sample}}", "has no interpolation"),
    ("nodes: {a: {op: '???'}}", "has no interpolation"),
    ("[1, 2]", "a graph is a mapping"),
    ("", "a graph is a mapping"),
    ("nodes: {a: 1", "not YAML"),
]


@pytest.mark.parametrize(("graph", "message"), HOSTILE)
def test_hostile_graphs_are_refused(tmp_path: Path, graph: str, message: str) -> None:
    path = with_graph(tmp_path / "a.png", graph)
    with pytest.raises(GraphError, match=message):
        restore(path)


@pytest.mark.timing
@pytest.mark.parametrize("graph", [graph for graph, _ in HOSTILE])
def test_hostile_graphs_take_little_time(tmp_path: Path, graph: str) -> None:
    path = with_graph(tmp_path / "a.png", graph)
    start = time.process_time()
    with pytest.raises(GraphError):
        restore(path)
    assert time.process_time() - start < 2


def test_a_tag_makes_no_object(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="has the tag"):
        restore(with_graph(tmp_path / "a.png", "nodes: !!python/object/apply:os.system [ls]"))


def test_literal_text_that_looks_like_an_interpolation(tmp_path: Path) -> None:
    _, graph = restore(with_graph(tmp_path / "a.png", r"nodes: {a: {op: latent, file: 'a\${b}.npz'}}"))
    assert graph["nodes"]["a"]["file"] == r"a\${b}.npz"


@pytest.mark.parametrize(
    "texts",
    [
        {"fgraph.seeds": "[" * 100_000},
        {"fgraph.models": '{"main": 3}'},
        {"fgraph.models": '{"main": {"source": 1}}'},
        {"fgraph.models": "[]"},
        {"fgraph.settings": "3"},
        {"fgraph.row": "many"},
    ],
)
def test_damaged_records(tmp_path: Path, texts: dict[str, str]) -> None:
    path = write(tmp_path / "a.png", {**Record("1", GRAPH, {}, {}).to_text(), **texts})
    with pytest.raises(FgraphError, match="holds no record"):
        read_record(path)


def test_text_that_unpacks_to_more_than_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "bomb.png", {"fgraph.graph": "#" * 200_000_000}, packed=True)
    assert path.stat().st_size < 500_000
    with pytest.raises(FgraphError, match="is damaged"):
        read_record(path)


def test_too_much_text(tmp_path: Path) -> None:
    path = write(tmp_path / "long.png", {"fgraph.graph": "#" * 20_000_000})
    with pytest.raises(FgraphError, match="more than 16 MiB of text"):
        read_record(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*"]
)
def test_files_that_are_not_pictures(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(FgraphError, match=r"cannot read .*a\.png"):
        read_record(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_cut_and_changed_files_end_in_one_error_or_a_record(tmp_path: Path, kind: str) -> None:
    data = encode_picture(PillowImage.new("RGB", (8, 8)), kind, RECORD.to_text())
    generator, path = np.random.default_rng(0), tmp_path / "a"
    messages, records = [], 0
    for _ in range(150):
        changed = bytearray(data[: generator.integers(1, len(data))] if generator.random() < 0.3 else data)
        for place in generator.integers(0, len(changed), generator.integers(1, 6)):
            changed[place] = generator.integers(256)
        path.write_bytes(changed)
        try:
            _, graph = restore(path)
        except FgraphError as error:
            messages.append(str(error))
        else:
            records += 1
            assert set(graph) <= {"version", "seed", "params", "models", "noise", "nodes", "outputs"}
    assert all(str(path) in message for message in messages)
    assert len(messages) + records == 150
    assert len(messages) >= 100
    path.write_bytes(data)
    assert restore(path)[0] == RECORD


def test_changes_are_described() -> None:
    now = Record("1.2.3", "", {}, {"main": ModelRecord("landscape", "sha256:ffff")}, files={"a.png": "sha256:11"})
    changes = describe_changes(RECORD, now, "a.png")
    assert "a.png: model 'main' (landscape) is another file: it was sha256:00ff, it is sha256:ffff" in changes[0]
    assert "made by fgraph 1.2.3" in changes[1]
    assert len(changes) == 2
    other = Record("1.2.3", "", {}, {"main": ModelRecord("avatar", "sha256:ffff")})
    assert len(describe_changes(RECORD, other, "a.png")) == 1


def test_a_model_that_is_gone_when_its_images_are_saved_has_no_digest(tmp_path: Path) -> None:
    graph = fgraph.load(
        {"models": {"main": str(tmp_path / "gone.pt")}, "nodes": {"z": {"op": "sample"}}, "outputs": ["z"]}
    )
    record = record_graph(graph)
    assert record.models["main"] == ModelRecord(str(tmp_path / "gone.pt"), "")
    for digest in ("", "sha256:ffff"):
        now = replace(record, models={"main": ModelRecord(str(tmp_path / "gone.pt"), digest)})
        assert describe_changes(record, now, "a.png") == describe_changes(now, record, "a.png") == []


def test_the_manifest_contains_the_whole_record(tmp_path: Path) -> None:
    save_results({"one": random_image()}, tmp_path, record=RECORD)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["files"][0]["file"] == "one.png"
    assert manifest["settings"] == {"precision": "float32", "strip": "x"}
    assert manifest["reads"] == {"a.png": "sha256:11"}
