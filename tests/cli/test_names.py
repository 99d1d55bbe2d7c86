"""File names that are not text in UTF-8: they work everywhere, and never cost a result."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image as PillowImage

import fgraph
from fgraph.cli import main
from fgraph.save import read_record

NAME = os.fsdecode(b"lat\xf6n")
BUNDLED = Path(fgraph.__file__).parent / "stylegan" / "bundled"


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Path(f"{NAME}.png").touch()
    except OSError:
        pytest.skip("the file system refuses such names")
    PillowImage.new("RGB", (64, 64), "red").save(f"{NAME}.png")


def test_a_folder_of_pictures_is_inverted_to_the_end() -> None:
    PillowImage.new("RGB", (64, 64), "blue").save("b.png")
    arguments = ["inversion.steps=1", "inversion.cache=none", "hydra.run.dir=out"]
    assert main(["mode=invert", "images=.", *arguments]) == 0
    lines = Path("out/inversions.csv").read_bytes().splitlines()
    assert [line.split(b",")[0] for line in lines] == [b"picture", b"b.png", b"lat\xf6n.png"]
    assert Path(f"out/{NAME}.safetensors").is_file()
    assert Path("out/overview.png").is_file()


def test_a_model_and_its_record() -> None:
    shutil.copy(BUNDLED / "avatar.safetensors", f"{NAME}.safetensors")
    model = f"model='{NAME}.safetensors'"
    assert main(["graph=blend_horizontal", model, "output.formats=[png,webp,jpeg]", "hydra.run.dir=out"]) == 0
    assert json.loads(Path("out/manifest.json").read_text("utf-8"))["models"]["main"]["source"] == f"{NAME}.safetensors"
    for ending in ("png", "webp", "jpg"):
        record = read_record(f"out/image.{ending}")
        assert record.models["main"].source == f"{NAME}.safetensors"
        assert record.graph.encode("utf-8")
    assert main(["from=out/image.png", "hydra.run.dir=again"]) == 0
    assert Path("again/image.png").read_bytes() == Path("out/image.png").read_bytes()


def test_a_picture_that_a_graph_reads(capsys: pytest.CaptureFixture[str]) -> None:
    graph = fgraph.Graph(models="landscape")
    graph.outputs = {"seen": graph.image(path=f"{NAME}.png"), "mask": graph.mask("image", path=f"{NAME}.png")}
    text = graph.to_yaml()
    assert fgraph.load(text).spec == graph.spec
    Path("mine.yaml").write_text(text, "utf-8")
    assert main(["graph=./mine.yaml", "hydra.run.dir=out"]) == 0
    assert main(["graph=./mine.yaml", "mode=draw", "hydra.run.dir=drawn"]) == 0
    assert main(["from=out/seen.png", "hydra.run.dir=again"]) == 0
    assert Path("again/seen.png").read_bytes() == Path("out/seen.png").read_bytes()
    assert "Traceback" not in capsys.readouterr().err


def test_converted_models_and_training_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=convert", "model=avatar", f"target='{NAME}.pt'"]) == 0
    assert main(["mode=inspect", f"model='{NAME}.pt'"]) == 0
    assert r"lat\udcf6n.pt" in capsys.readouterr().out
    Path("data").mkdir()
    shutil.copy(f"{NAME}.png", f"data/{NAME}.png")
    Path(f"data/{NAME}2.png").write_bytes(b"no picture")
    from fgraph.training.pictures import read_pictures

    assert len(read_pictures(Path("data"), 16, Path("cache")).pixels) == 1
