"""A photograph in the studio: faces, the graph that edits it, and the download with its pixels and metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from starlette.testclient import TestClient

import fgraph
from fgraph._errors import FgraphError
from fgraph.faces import detection
from fgraph.studio.uploads import Uploads
from tests.photographs.drawn import exif, scene
from tests.studio.pages import ORIGIN, Page, client_of, make_studio, page_of

LONGER_HAIR = {"kind": "named", "name": "avatar.long_hair", "strength": 2}
POINTS = [[120.0, 100.0], [160.0, 100.0], [124.0, 140.0], [156.0, 140.0]]
QUAD = [[60, 24], [60, 184], [220, 184], [220, 24]]  # of these points
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with client_of(make_studio(tmp_path)) as client:
        yield client


@pytest.fixture
def page(client: TestClient) -> Iterator[Page]:
    with page_of(client) as page:
        yield page


def photograph(kind: str = "JPEG", **more: Any) -> bytes:
    """Return a photograph of 300x200 that a camera held sideways, with a profile."""
    buffer = io.BytesIO()
    turned = Image.fromarray(scene(300, 200)).transpose(Image.Transpose.ROTATE_90)
    turned.save(buffer, kind, exif=exif(6), icc_profile=PROFILE, dpi=(300, 300), **more)
    return buffer.getvalue()


def upload(client: TestClient, content: bytes) -> dict[str, Any]:
    answer = client.post("/api/uploads?as=photo", content=content, headers={"origin": ORIGIN})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def upright(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as opened:
        return np.asarray(opened.transpose(Image.Transpose.ROTATE_270), dtype=int)


def assert_metadata_kept(original: bytes, downloaded: bytes) -> None:
    with Image.open(io.BytesIO(original)) as before, Image.open(io.BytesIO(downloaded)) as after:
        assert after.size == before.size == (200, 300)
        assert dict(after.getexif()) == dict(before.getexif())
        assert after.getexif().get_ifd(0x8769) == before.getexif().get_ifd(0x8769)
        assert after.info["icc_profile"] == PROFILE
        assert after.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_photograph_is_edited_and_downloaded_at_its_size_with_its_metadata(
    page: Page, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = np.array(POINTS) / 4
    found = [(1.0, np.array([*POINTS[:2], [140, 120], *POINTS[2:]])), (0.5, np.insert(other, 2, other.mean(0), 0))]
    monkeypatch.setattr(detection, "_mtcnn", lambda pixels: found)
    content = photograph()
    sent = upload(client, content)
    assert (sent["kind"], sent["width"], sent["height"]) == ("image", 300, 200)
    assert page.ask("open", what={"photograph": sent["id"]})["ok"]
    assert page.graph["view"] == {"output": "photo", "row": 0}
    assert {one["id"]: one["op"] for one in page.graph["nodes"]} == {
        "photo": "photo", "found": "encode", "code": "invert", "inverted": "decode", "edited": "decode",
        "pasted": "paste",
    }  # fmt: skip
    assert page.ask("faces", node="photo")["ok"]
    shown = page.event("thumbnail", sheet="photo")
    assert (shown["width"], shown["height"]) == (300, 200)
    faces = page.event("faces")
    assert (faces["width"], faces["height"], faces["message"]) == (300, 200, None)
    assert faces["faces"] == [POINTS, other.tolist()]

    changes: list[dict[str, Any]] = [
        {"set": {"node": "photo", "field": "points", "value": faces["faces"][0]}},
        {"set": {"node": "photo", "field": "align", "value": "ffhq"}},
        {"set": {"node": "code", "field": "steps", "value": 3}},
        {"add": {"op": "direction", "id": "longer", "fields": LONGER_HAIR}},
        {"connect": {"source": "code", "target": "longer", "input": "of"}},
        {"connect": {"source": "longer", "target": "edited", "input": "of"}},
    ]
    assert page.ask("edit", changes=changes)["ok"]
    assert [one["faults"] for one in page.graph["nodes"]] == [[]] * 7
    page.ask("view", output="pasted")
    picture = page.event("picture", output="pasted", stage="final")
    assert (picture["width"], picture["height"]) == (300, 200)
    assert page.event("quality", revision=picture["revision"])["psnr"] > 0

    page.ask("view", output="photo")
    page.ask("export", format="png", output="pasted")
    ready = page.event("file")
    downloaded = client.get(f"/api/files/{ready['file']}").content
    assert_metadata_kept(content, downloaded)
    changed = (upright(downloaded) != upright(content)).any(axis=2)
    assert changed[60:150, 90:190].any()
    changed[24:185, 60:221] = False
    assert not changed.any()

    saved = Path(page.ask("save", name="edited")["path"])
    (alone,) = fgraph.run(saved, outputs=["pasted"])["pasted"].save(tmp_path / "alone.png")
    np.testing.assert_array_equal(upright(alone.read_bytes()), upright(downloaded))


def test_without_a_detector_the_message_says_what_to_do(
    page: Page, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise FgraphError("pip install 'fgraph-gan[faces]'")

    monkeypatch.setattr(detection, "_load_mtcnn", missing)
    page.ask("open", what={"photograph": upload(client, photograph())["id"]})
    page.ask("faces", node="photo")
    found = page.event("faces")
    assert found["faces"] == []
    assert "fgraph-gan[faces]" in found["message"]


def test_faces_of_a_file_of_landmarks_are_shown(page: Page) -> None:
    node = "{op: photo, file: room.png, align: ffhq, landmarks: room.json}"
    page.ask("set_yaml", text=f"{{models: {{main: avatar}}, nodes: {{photo: {node}}}, outputs: [photo]}}")
    page.ask("faces", node="photo")
    found = page.event("faces")
    assert (found["width"], found["height"]) == (640, 480)
    assert len(found["faces"][0]) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{nodes: {code: {op: sample}, photo: {op: decode, of: code}}, outputs: [photo]}", "is not a photograph"),
        ("{nodes: {photo: {op: photo, file: [room.png, avatar.png]}}, outputs: [photo]}", "one photograph at a time"),
        ("{nodes: {photo: {op: photo, file: secret.png}}, outputs: [photo]}", "is not a photograph"),
    ],
    ids=["image", "several", "not granted"],
)
def test_faces_are_shown_of_one_photograph_that_the_page_may_name(page: Page, text: str, message: str) -> None:
    page.ask("set_yaml", text=text)
    answer = page.ask("faces", node="photo")
    assert not answer["ok"]
    assert message in answer["error"]["message"]
    assert not page.ask("open", what={"photograph": "0" * 32})["ok"]


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK"])
def test_a_photograph_is_stored_again_with_every_pixel(tmp_path: Path, mode: str) -> None:
    """It has the mode of the file where PNG supports it, and nothing after its end."""
    buffer, info = io.BytesIO(), PngInfo()
    info.add_text("Author", "me")
    picture = Image.fromarray(scene(60, 40)).convert(mode)
    picture.save(buffer, "TIFF" if mode == "CMYK" else "PNG", **({} if mode == "CMYK" else {"pnginfo": info}))
    made = Uploads(tmp_path).add(buffer.getvalue() + b"more", "photo")
    assert made.path is not None
    with Image.open(made.path) as stored:
        assert stored.mode == (mode if mode != "CMYK" else "RGB")
        if mode != "CMYK":
            np.testing.assert_array_equal(np.asarray(stored), np.asarray(picture))
            assert stored.text == {"Author": "me"}  # type: ignore[attr-defined]
    assert not made.path.read_bytes().endswith(b"more")


def test_the_metadata_of_a_photograph_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._limits.STUDIO_METADATA", 100)
    with pytest.raises(FgraphError, match="the metadata of the picture take more"):
        Uploads(tmp_path).add(photograph(), "photo")
    assert not list(tmp_path.iterdir())
