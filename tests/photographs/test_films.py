"""Films: each frame is a row, the crop moves smoothly, and pixels outside of the edit stay."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import pytest
from PIL import Image

import fgraph
from fgraph.api.films import run_films
from fgraph.cli import main
from fgraph.faces import detection
from fgraph.faces.film import fill_gaps, smooth_quads
from fgraph.photographs import Pasting, PhotoCrop, Photographs, PhotographStream, as_quad
from fgraph.photographs.films import describe_film, read_frames
from fgraph.save import save_results
from tests.photographs.drawn import scene
from tests.rounding import assert_summed

av = pytest.importorskip("av")
SQUARE = np.array([(0, 0), (0, 40), (40, 40), (40, 0)], float)
SHOWN = (SQUARE + 20).tolist()


def write_film(path: Path, frames: int = 6) -> list[np.ndarray]:
    """Write a film of a moving scene, with a sound; return its decoded frames."""
    large = scene(200, 80)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=Fraction(12))
        video.width, video.height, video.pix_fmt, video.options = 120, 80, "yuv420p", {"crf": "1"}
        sound = container.add_stream("aac", rate=16000)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(large[:, 4 * number : 4 * number + 120]), format="rgb24"
            )
            container.mux(video.encode(frame))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        tone.rate = 16000
        container.mux(sound.encode(tone))
        container.mux(video.encode())
        container.mux(sound.encode())
    return [np.asarray(one, dtype=int) for _, one in read_frames(str(path), range(frames))]


def test_frames_are_read_by_number(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4")
    film = describe_film(str(tmp_path / "a.mp4"))
    assert (film.frames, film.size, film.rate) == (6, (120, 80), Fraction(12))
    assert [number for number, _ in read_frames(str(tmp_path / "a.mp4"), [4, 1])] == [1, 4]
    with pytest.raises(ValueError, match="has no frame 9"):
        list(read_frames(str(tmp_path / "a.mp4"), [2, 9]))
    (tmp_path / "b.mp4").write_bytes(b"#EXTM3U\nfile:///etc/passwd\n")
    with pytest.raises(ValueError, match="cannot be read as a film"):
        describe_film(str(tmp_path / "b.mp4"))


def test_squares_are_smoothed_and_gaps_filled() -> None:
    moved = [SQUARE + np.array([4 * number, 0]) for number in range(5)]
    np.testing.assert_allclose(fill_gaps([None, *moved[1:3], None, moved[4]])[[0, 3]], [moved[1], moved[3]])
    steady = smooth_quads(np.stack([SQUARE] * 9), 1.0, 3.0)
    assert_summed(steady, np.stack([SQUARE] * 9), 2 * 9)  # weights and weighted coordinates of nine frames
    draw = np.random.default_rng(0)
    shaky = np.stack([SQUARE + draw.normal(0, 1, 2) for _ in range(40)])
    assert np.diff(smooth_quads(shaky, 2.0, 0.0)[:, 0], axis=0).std() < np.diff(shaky[:, 0], axis=0).std() / 3
    assert smooth_quads(shaky, 0.0, 0.0) is shaky
    with pytest.raises(ValueError, match="shows no face in any frame"):
        fill_gaps([None, None])


def test_a_face_is_followed_and_pasted_into_the_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two faces, the first frame's is followed; the crop of a frame without a face lies between its neighbours'."""
    before = write_film(tmp_path / "clip.mp4")
    seen: list[int] = []
    face = np.array([[28, 34], [36, 34], [32, 38], [29, 42], [35, 42]], float)

    def found(pixels: np.ndarray) -> list[tuple[float, np.ndarray]]:
        seen.append(1)
        other = (5.0 if len(seen) > 1 else 0.5, face + np.array([60, 0]))
        return [] if len(seen) == 3 else [(1.0, face + np.array([2.0 * len(seen), 0])), other]

    monkeypatch.setattr(detection, "_mtcnn", found)
    text = f"""
    models: {{main: avatar}}
    nodes:
      film: {{op: photo, file: {tmp_path / "clip.mp4"}, align: ffhq, frames: [0, 4, 1], smooth: [0, 0]}}
      plain: {{op: image, path: avatar.png}}
      pasted: {{op: paste, of: plain, onto: film, blend: replace}}
    outputs: [pasted]
    """
    results = fgraph.run(text)
    quads = np.array([crop.quad for crop in results["pasted"].pasting.crops])
    np.testing.assert_allclose(np.diff(quads[:, 0, 0]), [2, 2, 2], atol=1e-6)
    assert [crop.frame for crop in results["pasted"].pasting.crops] == [0, 1, 2, 3]
    manifest = save_results(results, tmp_path / "out", ["mp4"])
    assert [one.file for one in manifest.files] == ["pasted.mp4"]
    data = (tmp_path / "out" / "pasted.mp4").read_bytes()
    with av.open(io.BytesIO(data)) as film:
        assert "fgraph.graph" in film.metadata["comment"]
        assert len(film.streams.audio) == 1
        frames: list[Any] = list(film.decode(film.streams.video[0]))
        assert [round(float(one.time) * 12) for one in frames] == list(range(6))
    after = [frame.to_ndarray(format="rgb24").astype(int) for frame in frames]
    for number in range(6):
        change = np.abs(after[number] - before[number])
        assert change[:, 80:].mean() < 3  # encoded again
        assert (change[24:52, 24:44].mean() > 20) == (number < 4)
    stills = save_results(results, tmp_path / "stills")
    assert [one.file for one in stills.files] == [f"pasted_00{number}.png" for number in range(4)]
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "stills" / "pasted_001.png"))[:, 80:], before[1][:, 80:]
    )


def test_the_memory_of_a_film_does_not_grow_with_its_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For any number of frames, at most the pixels of two batches are in memory at a time."""
    monkeypatch.setattr("fgraph.api.films.FRAMES", 3)
    write_film(tmp_path / "clip.mp4", 14)
    results = run_films(
        fgraph.load(f"""
        models: {{main: avatar}}
        nodes:
          film: {{op: photo, file: {tmp_path / "clip.mp4"}, align: corners, points: {SHOWN}}}
          code: {{op: sample, seed: 3}}
          other: {{op: sample, seed: 4}}
          plain: {{op: decode, of: code}}
          edited: {{op: decode, of: other}}
          pasted: {{op: paste, of: edited, onto: film, inverted: plain}}
        outputs: [pasted]
        """)
    )
    alive, counts = [0], []
    made = PhotographStream.parts

    def gone(rows: int) -> None:
        alive[0] -= rows

    def counted(stream: PhotographStream) -> Iterator[Photographs]:
        for part in made(stream):
            for array in (part.patches, *part.facts.values()):
                alive[0] += len(array)
                finalize(array, gone, len(array))
            counts.append((part.rows, alive[0]))
            yield part

    monkeypatch.setattr(PhotographStream, "parts", counted)
    manifest = save_results(results, tmp_path / "out", ["mp4"])
    assert [one.file for one in manifest.files] == ["pasted.mp4", "pasted.csv"]
    assert [one.crop for one in manifest.quality["pasted"]] == list(range(14))
    assert [rows for rows, _ in counts] == [3, 3, 3, 3, 2]
    arrays = 3  # the pasted images, the crops, and the inverted crops
    assert max(number for _, number in counts) <= 2 * 3 * arrays


def test_a_film_from_the_command_line_equals_that_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.api.films.FRAMES", 2)
    write_film(tmp_path / "clip.mp4", 5)
    (tmp_path / "graph.yaml").write_text(f"""
    models: {{main: avatar}}
    nodes:
      film: {{op: photo, file: clip.mp4, align: corners, points: {SHOWN}}}
      plain: {{op: image, path: avatar.png}}
      pasted: {{op: paste, of: plain, onto: film, blend: replace}}
    outputs: [pasted, film]
    """)
    whole = save_results(fgraph.run(tmp_path / "graph.yaml"), tmp_path / "whole", ["mp4", "png"])
    arguments = ["output.formats=[mp4,png]", f"hydra.run.dir={tmp_path / 'made'}"]
    assert main([f"graph={tmp_path / 'graph.yaml'}", *arguments]) == 0
    listed = json.loads((tmp_path / "made" / "manifest.json").read_text())["files"]
    assert {one["file"]: one["kind"] for one in listed} == {one.file: one.kind for one in whole.files}
    for one in whole.files:
        if one.file.startswith("pasted") and one.file.endswith("png"):
            made, expected = (np.asarray(Image.open(tmp_path / name / one.file)) for name in ("made", "whole"))
            np.testing.assert_array_equal(made, expected)
    assert not list((tmp_path / "made").glob("*.part"))


def test_a_film_whose_frame_is_damaged_is_not_written(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", 3)
    crops = tuple(PhotoCrop(str(tmp_path / "a.mp4"), as_quad(SQUARE + 20), number) for number in range(3))
    patches = np.ones((3, 4, 8, 8), np.float32)
    patches[1, 0, 0, 0] = np.nan
    manifest = save_results({"film": Photographs(patches, Pasting("replace", crops))}, tmp_path / "out", ["mp4", "png"])
    assert manifest.damaged == {"film": [1]}
    assert [one.file for one in manifest.files] == ["film_000.png", "film_002.png"]
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"film_000.png", "film_002.png", "manifest.json"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("align: none", "a film is cut by faces or corners"),
        ("align: ffhq, face: all", "face: all is for photographs"),
        ("align: ffhq, frames: [9, 12, 1]", "it has 6 frames, and frames selects none of them"),
        (
            "align: corners, points: [[0, 0], [0, 9], [9, 9], [9, 0]], frames: [0, 2, 0]",
            "found 0, expected a whole number",
        ),
    ],
)
def test_films_that_cannot_be_cropped(tmp_path: Path, fields: str, message: str) -> None:
    write_film(tmp_path / "a.mp4")
    text = f"{{nodes: {{film: {{op: photo, file: {tmp_path / 'a.mp4'}, {fields}}}}}, outputs: [film]}}"
    faults = fgraph.check(text)
    assert message in str(faults[0].message)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    write_film(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ValueError, match=r"pip install 'fgraph-gan\[video\]'"):
        list(read_frames(str(tmp_path / "a.mp4"), [0]))
