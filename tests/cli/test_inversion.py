"""`mode=invert` on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fgraph
from fgraph._atomic import write_atomic
from fgraph.cli import main
from fgraph.stylegan.checkpoints.weights import save_generator
from tests.networks import tiny


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures, larger than the model, and a broken one."""
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(2):
        noise = np.random.default_rng(seed).integers(0, 255, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{seed}.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    save_generator(tiny(1), tmp_path / "model.safetensors")
    return folder


def call(tmp_path: Path, *arguments: str) -> int:
    place = [f"hydra.run.dir={tmp_path / 'out'}", f"model={tmp_path / 'model.safetensors'}", "device=cpu"]
    return main(["mode=invert", *place, f"inversion.cache={tmp_path / 'cache'}", *arguments])


def test_a_folder(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, f"images={pictures}", "inversion.steps=3", "inversion.tune.steps=2") == 3
    printed = capsys.readouterr()
    assert "broken.jpg cannot be read as an image" in printed.err
    assert "1 of 3 pictures were skipped; 2 are done" in printed.err
    assert printed.out.count("PSNR") == 4
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"0.safetensors", "1.png", "1.curve.csv", "0.model.safetensors", "overview.png"} <= written
    assert "preview.png" not in written
    with (tmp_path / "out" / "inversions.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [Path(line["picture"]).name for line in lines] == ["0.png", "1.png"]
    assert [line["steps"] for line in lines] == ["3", "3"]
    with Image.open(tmp_path / "out" / "overview.png") as sheet:
        assert sheet.size == (32, 34)  # two pairs, one below the other

    (pictures / "broken.jpg").unlink()
    (pictures / "twin.png").write_bytes((pictures / "0.png").read_bytes())
    assert call(tmp_path, f"images={pictures}", "inversion.steps=3") == 0
    printed = capsys.readouterr()
    assert printed.out.count("from the cache") == 2
    assert "(the same as 0.png)" in printed.out


def test_a_found_code_is_read_by_a_latent_node_and_holds_no_graph(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, f"images={pictures / '0.png'}", "inversion.steps=3", "inversion.noise=true") == 0
    out = tmp_path / "out"
    document = {
        "models": {"main": str(tmp_path / "model.safetensors")},
        "noise": {"mode": "given", "file": str(out / "0.noise.npz")},
        "nodes": {
            "code": {"op": "latent", "file": str(out / "0.safetensors")},
            "image": {"op": "decode", "of": "code"},
        },
        "outputs": ["image"],
    }
    made = fgraph.run(document, device="cpu")["image"]
    with Image.open(out / "0.png") as found:
        np.testing.assert_array_equal(made.pixels(0), np.asarray(found))
    capsys.readouterr()
    assert main([f"from={out / '0.png'}"]) == 2
    assert "was written by mode=invert and holds no graph: read its code" in capsys.readouterr().err


def test_no_picture_can_be_inverted(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, f"images={pictures}", "inversion.steps=9", "inversion.learning_rate=1e30") == 2
    printed = capsys.readouterr().err
    assert "1.png: the search diverged; take a lower inversion.learning_rate" in printed
    assert "the search diverged for every picture" in printed
    assert not list((tmp_path / "out").glob("*.png"))
    for name in ("0.png", "1.png"):
        (pictures / name).unlink()
    assert call(tmp_path, f"images={pictures}") == 2
    assert "none of 1 pictures can be read" in capsys.readouterr().err
    assert call(tmp_path, f"images={pictures / 'broken.jpg'}") == 2


def test_pictures_are_not_written_over(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (pictures / "0.png").read_bytes()
    for images in (pictures, pictures / "0.png"):
        assert call(tmp_path, f"images={images}", "inversion.steps=2", f"hydra.run.dir={pictures}/../in") == 2
        assert "results would be written over the pictures" in capsys.readouterr().err
    assert (pictures / "0.png").read_bytes() == before


def test_a_preview_shows_the_images_so_far(tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def noted(path: Path, content: bytes) -> None:
        if path.name == "preview.png":
            with Image.open(io.BytesIO(content)) as picture:
                sizes.append(picture.size)
        write_atomic(path, content)

    monkeypatch.setattr("fgraph.cli.inversion_run.write_atomic", noted)
    monkeypatch.setattr("fgraph.cli.inversion_run._PREVIEW_SECONDS", 0.0)
    (pictures / "broken.jpg").unlink()
    assert call(tmp_path, f"images={pictures}", "inversion.steps=4") == 0
    assert sizes == [(34, 16)] * 3  # two pictures and a gap, after each step but the last
    assert not (tmp_path / "out" / "preview.png").exists()


def test_a_folder_of_a_hundred_of_which_thirteen_are_broken(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, draw = tmp_path / "hundred", np.random.default_rng(5)
    kinds = {"png": ("RGBA", "L", "P"), "jpg": ("RGB", "L", "CMYK"), "webp": ("RGB", "RGBA", "RGB")}
    folder.mkdir()
    for number in range(100):
        ending = list(kinds)[number % 3]
        path = folder / f"{number:03}.{ending}"
        if number % 8 == 3:
            path.write_bytes((pictures / "0.png").read_bytes()[: number * 5])
        else:
            width, height = draw.integers(1, 40, 2)
            noise = draw.integers(0, 255, (height, width, 4), dtype=np.uint8)
            Image.fromarray(noise).convert("RGB").convert(kinds[ending][number // 3 % 3]).save(path)
    assert call(tmp_path, f"images={folder}", "inversion.steps=2") == 3
    printed = capsys.readouterr()
    assert "13 of 100 pictures were skipped; 87 are done" in printed.err
    assert printed.err.count("skipped: ") == 13
    assert len(list((tmp_path / "out").glob("[0-9]*.safetensors"))) == 87
    with (tmp_path / "out" / "inversions.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 87


def test_each_face_of_a_picture(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second job starts from the codes of the first one."""
    (pictures / "broken.jpg").unlink()
    eyes = [[6, 8], [10, 8], [6, 12], [10, 12]]
    faces = {"0.png": [eyes, [[x + 8, y] for x, y in eyes]], "1.png": [eyes]}
    (tmp_path / "faces.json").write_text(json.dumps(faces))
    job = [f"images={pictures}", "inversion.align=ffhq", f"inversion.landmarks={tmp_path / 'faces.json'}"]
    steps = ["inversion.face=all", "inversion.steps=2"]
    assert call(tmp_path, *job, *steps, "inversion.tune.steps=1", "inversion.tune.together=true") == 0
    assert "dB on average of 3" in capsys.readouterr().out
    with (tmp_path / "out" / "inversions.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["code"] for line in lines] == ["0_face0.safetensors", "0_face1.safetensors", "1.safetensors"]
    assert all(float(line["gradients"]) > 0 and not line["landmarks"] for line in lines)
    again = [f"inversion.start={tmp_path / 'out'}", f"hydra.run.dir={tmp_path / 'again'}"]
    assert call(tmp_path, *job, *steps, *again) == 0
    assert "from the cache" not in capsys.readouterr().out
    assert call(tmp_path, *job, *steps, "inversion.start=encoder") == 2
    assert "inversion.start=encoder: none comes with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "mode=invert needs images="),
        (["images=nowhere"], "neither a folder nor a picture at 'nowhere'"),
        (["images=.", "inversion.stps=3"], "unknown setting 'inversion.stps': did you mean 'inversion.steps'"),
        (["images=.", "inversion.prior=gausian"], "prior: Input should be 'none', 'gaussian'"),
        (["images=.", "inversion.fit=crp"], "unknown inversion.fit 'crp': expected crop, pad, stretch"),
        (["images=.", "inversion.face=second"], "inversion.face is largest, all, or the number of a face"),
        (["images=.", "inversion.points=[[1,2]]"], "landmarks have shape [1, 2]; expected 4 points"),
        (["images=.", "inversion.batch=0"], "inversion.batch is a number of pictures"),
        (["images=.", "inversion.batch=true"], "inversion.batch is a number of pictures"),
        (["images=.", "precision=bfloat16"], "mode=invert has precision=float32 or float64, not bfloat16"),
        (["images=.", "inversion.tune.steps=-1"], "tune.steps"),
        (["images=x", "mode=run"], "images is for mode=invert, not for mode=run"),
    ],
)
def test_mistakes(
    arguments: list[str], message: str, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, *arguments) == 2
    assert message in capsys.readouterr().err
