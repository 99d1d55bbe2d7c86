"""The modes that train, from the command line."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from fgraph.cli import main
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.training import TrainingSettings
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.settings import TOP_LEVEL
from tests.networks import tiny
from tests.paths import ROOT

TINY = [
    "device=cpu",
    "training.size=16",
    "training.channels={4: 4, 8: 4, 16: 4}",
    "training.latent=4",
    "training.mapping_layers=1",
    "training.batch=4",
    "training.images=4",
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of four pictures, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "drawings").mkdir()
    for number in range(4):
        Image.fromarray(np.full((16, 16, 3), 60 * number, np.uint8)).save(tmp_path / "drawings" / f"{number}.png")
    return "drawings"


def test_a_model_is_trained_grown_and_tuned(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=train", f"data={data}", *TINY]) == 0
    trained = Path("outputs/training/drawings-train")
    assert capsys.readouterr().out.splitlines()[-1] == str(trained / "model.safetensors")
    assert read_header(trained / "model.safetensors").table.resolution == 16

    snapshot = f"model={trained / 'snapshot.safetensors'}"
    short = ["device=cpu", "training.batch=4", "training.images=4", f"data={data}"]
    assert main(["mode=grow", snapshot, "target=grown", *short]) == 0
    assert read_header("grown/model.safetensors").table.resolution == 32
    assert main(["mode=finetune", snapshot, "target=tuned", *short]) == 0
    assert read_header("tuned/model.safetensors").table.resolution == 16
    assert not list(Path("outputs").glob("panorama*"))  # no graph was run


def test_the_same_command_continues(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=train", f"data={data}", *TINY]) == 0
    assert main(["mode=train", f"data={data}", *TINY[:-1], "training.images=12"]) == 0
    assert "12 of 12 images" in capsys.readouterr().out
    assert main(["mode=train", f"data={data}", *TINY, "training.gamma=3"]) == 2
    assert "gamma (0.5 -> 3.0)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mode=train"], "mode=train needs data=, a folder or zip of pictures"),
        (["mode=train", "data=nothing", *TINY], "data=nothing: there is no such folder or zip"),
        (["mode=train", "data=drawings"], "mode=train needs training.size="),
        (["mode=finetune", "data=drawings"], "mode=finetune needs model="),
        (["mode=grow", "data=drawings", "model=nothing.pt"], "there is no model 'nothing.pt'"),
        (["mode=grow", "data=drawings", "model=avatar", "training.imags=3"], "did you mean 'training.images'?"),
        (["data=drawings"], "data is for mode=train, finetune, grow, not for mode=run"),
        (["mode=trian"], "unknown mode 'trian'"),
        (["mode=train", "data=drawings", "precision=float16", *TINY], "precision: input should be"),
    ],
)
def test_mistakes_are_reported(
    data: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed


def test_an_encoder_is_trained_and_found_by_a_graph(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    save_generator(tiny(1), "tiny.safetensors")
    short = ["device=cpu", "encoder.channels={4: 4, 8: 4, 16: 4}", "encoder.batch=4", "encoder.images=4", "seed=1"]
    assert main(["train-encoder", "tiny.safetensors", *short]) == 0
    seen = capsys.readouterr()
    made = Path("outputs/training/tiny-encoder/encoder.safetensors")
    assert seen.out.splitlines()[-1] == str(made)
    assert "no effect" not in seen.err
    graph = f"""
    models: {{main: tiny.safetensors}}
    nodes:
      sample: {{op: sample}}
      picture: {{op: decode, of: sample}}
      code: {{op: encode, of: picture, encoder: {made}}}
      image: {{op: decode, of: code}}
    outputs: [image]
    """
    Path("encoded.yaml").write_text(textwrap.dedent(graph), encoding="utf-8")
    assert main(["encoded.yaml", "device=cpu"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mode=train-encoder"], "mode=train-encoder needs model=, the generator"),
        (["mode=train-encoder", "model=gone.pt"], "there is no model 'gone.pt'"),
        (["mode=train-encoder", "model=avatar", "encoder.imags=3"], "did you mean 'encoder.images'?"),
        (["mode=train-encoder", "model=avatar", "encoder.iterations=0"], "encoder.iterations: input should be greater"),
    ],
)
def test_mistakes_of_an_encoder_are_reported(
    data: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_settings_file_of_encoders_has_the_defaults_of_the_code() -> None:
    path = ROOT / "graphs" / "config.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))["encoder"]
    assert written == {
        name: field.default for name, field in EncoderSettings.model_fields.items() if name not in TOP_LEVEL
    }


def test_the_settings_file_of_trainings_has_the_defaults_of_the_code() -> None:
    path = ROOT / "graphs" / "training" / "default.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert written.keys() == TrainingSettings.model_fields.keys() - set(TOP_LEVEL)
    for name, value in written.items():
        default = TrainingSettings.model_fields[name].default
        assert value == (list(default) if isinstance(default, tuple) else default), name


def read_example(path: Path) -> dict[str, Any]:
    """Return the settings of a file, over those of the file that it starts from."""
    written: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    (start,) = written.pop("defaults")
    return written if start == "default" else read_example(path.with_name(f"{start}.yaml")) | written


def test_every_example_is_a_valid_training() -> None:
    folder = ROOT / "examples" / "training"
    examples = sorted(folder.glob("*.yaml"))
    assert len(examples) >= 4
    for path in examples:
        written = read_example(path)
        TrainingSettings(mode="train", data=Path("data"), target=Path("target"), **written)


def test_an_interrupt_says_which_snapshot_is_kept(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = ["mode=train", f"data={data}", *TINY]
    with monkeypatch.context() as patch:
        patch.setattr("fgraph.training.run.launch", stop)
        assert main([*arguments, "target=new"]) == 130
        assert "no snapshot was written yet; the same command begins again" in capsys.readouterr().err
    assert main([*arguments, "target=old"]) == 0
    monkeypatch.setattr("fgraph.training.run.launch", stop)
    assert main([*arguments, "target=old"]) == 130
    assert "the snapshot after 4 images is in old; the same command continues from it" in capsys.readouterr().err
