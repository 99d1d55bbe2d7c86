"""Films: frames, their order and their length; the record inside; refused options."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

import fgraph
from fgraph._errors import SaveError
from fgraph.cli import main
from fgraph.save import Record, VideoOptions, read_record, save_results, save_video
from fgraph.save.video import encode_video, frame_order

GREYS = (-0.75, -0.25, 0.25, 0.75)


def film(height: int = 16, width: int = 24) -> fgraph.Image:
    """Return a film of four flat greys."""
    return fgraph.Image(np.stack([np.full((3, height, width), grey, np.float32) for grey in GREYS]))


def read_gif(data: bytes) -> tuple[list[int], list[int], PillowImage.Image]:
    """Return the grey and the milliseconds of each frame."""
    picture = PillowImage.open(io.BytesIO(data))
    greys, lengths = [], []
    for number in range(picture.n_frames):  # type: ignore[attr-defined]
        picture.seek(number)
        greys.append(picture.convert("RGB").getpixel((3, 3))[0])  # type: ignore[index]
        lengths.append(picture.info["duration"])
    return greys, lengths, picture


def read_mp4(data: bytes) -> tuple[list[int], float, dict[str, str], tuple[int, int]]:
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        greys = [int(frame.to_ndarray(format="rgb24")[3, 3, 0]) for frame in container.decode(video=0)]
        return greys, float(stream.average_rate), dict(container.metadata), (stream.height, stream.width)


EXPECTED = [film().pixels(row)[0, 0, 0] for row in range(4)]


def test_a_gif_shows_every_row_for_its_time() -> None:
    greys, lengths, picture = read_gif(encode_video(film(), "gif", VideoOptions(fps=30)))
    assert greys == EXPECTED
    assert lengths == [30, 40, 30, 30]  # hundredths of a second, kept to four thirtieths in all
    assert picture.info["loop"] == 0


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_film_is_enlarged(kind: str) -> None:
    data = encode_video(film(), kind, VideoOptions(scale=3))
    size = read_gif(data)[2].size[::-1] if kind == "gif" else read_mp4(data)[3]
    assert size == (48, 72)


def test_a_gif_that_does_not_loop_has_no_loop_block() -> None:
    _, _, picture = read_gif(encode_video(film(), "gif", VideoOptions(loop=False)))
    assert "loop" not in picture.info


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_there_and_back(kind: str) -> None:
    data = encode_video(film(), kind, VideoOptions(fps=10, pingpong=True))
    greys = read_gif(data)[0] if kind == "gif" else read_mp4(data)[0]
    wanted = [EXPECTED[row] for row in (0, 1, 2, 3, 2, 1)]
    assert np.abs(np.array(greys) - np.array(wanted, int)).max() <= 2
    assert frame_order(2, pingpong=True) == [0, 1]
    assert frame_order(1, pingpong=True) == [0]


def test_an_mp4_shows_every_row_and_has_even_sides() -> None:
    greys, rate, metadata, size = read_mp4(encode_video(film(15, 33), "mp4", VideoOptions(fps=12.5), {"a": "b"}))
    assert np.abs(np.array(greys) - np.array(EXPECTED, int)).max() <= 2
    assert rate == 12.5
    assert json.loads(metadata["comment"]) == {"a": "b"}
    assert size == (16, 34)


def test_a_film_is_in_the_manifest_and_holds_its_record(tmp_path: Path) -> None:
    record = Record("1.0", "nodes: {}\n" + "# long\n" * 2000, {"code": 3})
    manifest = save_results({"walk": film()}, tmp_path, ("gif", "mp4", "png"), record, video=VideoOptions(fps=8))
    names = [path.name for path in manifest.paths]
    assert names == [
        "walk_000.png",
        "walk_001.png",
        "walk_002.png",
        "walk_003.png",
        "walk.gif",
        "walk.mp4",
        "manifest.json",
    ]
    assert read_record(tmp_path / "walk.gif") == record
    assert not list(tmp_path.glob(".*"))


def test_a_gif_of_another_program_has_no_record(tmp_path: Path) -> None:
    PillowImage.new("L", (4, 4)).save(tmp_path / "other.gif", comment=b"made elsewhere")
    with pytest.raises(fgraph.FgraphError, match="holds no record"):
        read_record(tmp_path / "other.gif")


def test_save_video_writes_by_the_ending(tmp_path: Path) -> None:
    assert save_video(film(), tmp_path / "a.GIF", fps=5).read_bytes().startswith(b"GIF89a")
    with pytest.raises(SaveError, match=r"ends in \.gif or \.mp4"):
        save_video(film(), tmp_path / "a.avi")
    with pytest.raises(SaveError, match="at most 50"):
        save_video(film(), tmp_path / "b.gif", fps=60)
    with pytest.raises(SaveError, match="frames per second"):
        save_video(film(), tmp_path / "b.gif", fps=0)
    assert [path.name for path in tmp_path.iterdir()] == ["a.GIF"]


def test_without_pyav_the_error_for_an_mp4_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SaveError, match=r"fgraph-gan\[video\]"):
        encode_video(film(), "mp4", VideoOptions())


def test_the_command_line_writes_a_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["graph=walk", "graph.nodes.walk.frames=4", f"hydra.run.dir={tmp_path}"]
    assert main([*settings, "output.formats=[gif]", "output.fps=20", "output.pingpong=true"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"image.gif", "manifest.json", ".hydra"}
    assert sum(read_gif((tmp_path / "image.gif").read_bytes())[1]) == 300  # six frames
    for wrong, message in (("output.fps=fast", "number of frames"), ("output.loop=2", "true or false")):
        assert main([*settings, "output.formats=[gif]", wrong]) == 2
        assert message in capsys.readouterr().err
