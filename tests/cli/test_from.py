"""`from=picture`: the same pixels again, changes on top, and warnings about files that have changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

import fgraph
from fgraph.cli import main
from fgraph.save import read_record

OWN = """
version: 1
seed: 4
params: {amount: 0.6}
models: {main: MODEL}
noise: {mode: random}
nodes:
  left: {op: sample, truncation: 0.7}
  right: {op: sample, truncation: "${...params.amount}"}
  fade: {op: mask, kind: image, path: PICTURE}
  mix: {op: blend, a: left, b: right, mask: fade}
  both: {op: rows, of: mix, take: "0,0"}
  image: {op: decode, of: both}
outputs: {a.picture: image}
"""


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def pixels(path: str) -> np.ndarray:
    with PillowImage.open(path) as picture:
        return np.asarray(picture)


def make_own() -> None:
    """Run a graph with a model file, a mask file, parameters, random noise, several rows and sheets."""
    Path("graph").mkdir()
    bundled = Path(fgraph.__file__).parent / "stylegan" / "bundled" / "landscape.safetensors"
    shutil.copy(bundled, "own.safetensors")
    PillowImage.linear_gradient("L").resize((64, 64)).save("mask.png")
    Path("graph/mine.yaml").write_text(OWN.replace("MODEL", "own.safetensors").replace("PICTURE", "mask.png"), "utf-8")
    options = ["output.strip=x", "output.labels=[one,two]", "output.formats=[png,webp]", "precision=float64"]
    assert main(["--config-dir", ".", "graph=mine", "hydra.run.dir=first", *options]) == 0


def test_everything_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    make_own()
    for source in ("first/a.picture_001.png", "first/a.picture_strip.png", "first/a.picture_000.webp"):
        shutil.rmtree("second", ignore_errors=True)
        assert main([f"from={source}", "hydra.run.dir=second", "output.formats=[png,webp]"]) == 0
        for one in [path for path in Path("first").iterdir() if path.is_file()]:
            assert one.read_bytes() == (Path("second") / one.name).read_bytes(), one
    assert "warning" not in capsys.readouterr().err
    record = read_record("first/a.picture_strip.png")
    assert record.settings == {"precision": "float64", "strip": "x", "labels": ["one", "two"]}
    assert set(record.files) == {"mask.png"}
    assert "params: {amount: 0.6}" in record.graph


def test_overrides_work_on_top() -> None:
    make_own()
    again = ["from=first/a.picture_000.png", "graph.nodes.right.truncation=0", "seed=9", "precision=float32"]
    assert main([*again, "output.strip=null", "hydra.run.dir=second"]) == 0
    record = read_record("second/a.picture_000.png")
    assert "seed: 9" in record.graph
    assert "right: {op: sample, truncation: 0.0}" in record.graph
    assert record.settings == {"precision": "float32", "labels": ["one", "two"]}
    assert not Path("second/a.picture_strip.png").exists()
    assert (pixels("first/a.picture_000.png") != pixels("second/a.picture_000.png")).any()


def test_a_sweep_from_a_picture() -> None:
    assert main(["graph=blend_horizontal", "seed=3", "hydra.run.dir=first"]) == 0
    assert main(["-m", "from=first/image.png", "seed=3,4", "hydra.sweep.dir=swept"]) == 0
    first, third = pixels("first/image.png").astype(int), pixels("swept/0/image.png").astype(int)
    assert np.abs(first - third).max() <= 1  # another batch changes the order of sums
    assert (first != pixels("swept/1/image.png")).any()
    assert Path("swept/sheet.png").is_file()


def test_another_model_or_mask_gives_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    make_own()
    avatar = Path(fgraph.__file__).parent / "stylegan" / "bundled" / "avatar.safetensors"
    shutil.copy(avatar, "own.safetensors")
    PillowImage.new("L", (64, 64)).save("mask.png")
    assert main(["from=first/a.picture_000.png", "mode=check"]) == 0
    printed = capsys.readouterr().err
    assert "model 'main' (own.safetensors) is another file: it was sha256:" in printed
    assert "mask.png is another file: it was sha256:" in printed
    assert main(["from=first/a.picture_000.png", "mode=check", "model=landscape"]) == 0
    assert "model 'main'" not in capsys.readouterr().err


def test_faults_name_the_picture_and_the_line_of_its_graph(capsys: pytest.CaptureFixture[str]) -> None:
    graph = "version: 1\nnodes:\n  code: {op: sampel}\noutputs: [code]\n"
    texts = {"version": "1", "graph": graph, "seeds": "{}", "models": "{}"}
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(f"fgraph.{key}", value)
    PillowImage.new("RGB", (2, 2)).save("it's (a).png", pnginfo=info)
    assert main(["from=it's (a).png"]) == 2
    assert "it's (a).png:3: nodes.code.op: there is no op 'sampel'" in capsys.readouterr().err
    with pytest.raises(fgraph.GraphError, match=r"it's \(a\)\.png:3: nodes\.code\.op"):
        fgraph.load("it's (a).png")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["from=nowhere.png"], "cannot read nowhere.png: there is no such file"),
        (["from=bare.png"], "bare.png holds no record of fgraph"),
        (["from=bare.png", "from=bare.png"], "from= is given 2 times"),
        (["from=bare.png", "graph=panorama"], "leave graph= out"),
        (["form=bare.png"], "did you mean 'from'?"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    PillowImage.new("RGB", (2, 2)).save("bare.png")
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert expected in printed
    assert "Traceback" not in printed


def test_settings_of_a_record_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph=blend_horizontal", "hydra.run.dir=first"]) == 0
    record = read_record("first/image.png").to_text()
    for settings, expected in (
        ({"precision": "float8"}, "precision 'float8' is not known"),
        ({"quality": "${oc.env:HOME}"}, "output.quality is 1 to 100"),
        ({"hydra.run.dir": "elsewhere", "formats": ["npy"]}, ""),
    ):
        info = PngInfo()
        for key, value in {**record, "fgraph.settings": json.dumps(settings)}.items():
            info.add_text(key, value)
        PillowImage.new("RGB", (2, 2)).save("forged.png", pnginfo=info)
        assert main(["from=forged.png", "hydra.run.dir=second"]) == (2 if expected else 0)
        assert expected in capsys.readouterr().err
    assert not Path("elsewhere").exists()
    assert {path.name for path in Path("second").glob("*.*")} >= {"image.png", "manifest.json"}


def test_in_python() -> None:
    assert main(["graph=blend_horizontal", "seed=3", "hydra.run.dir=first"]) == 0
    made = fgraph.run(fgraph.load("first/image.png"))["image"]
    np.testing.assert_array_equal(made.pixels(0), pixels("first/image.png"))
    changed = fgraph.load(Path("first/image.png"), ["nodes.fade.stop=0.5"])
    assert changed.spec.nodes["fade"].stop == 0.5  # type: ignore[attr-defined]
