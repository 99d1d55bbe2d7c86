"""Models by URL on the command line: cached in the folder of cache=, and not downloaded with offline=true."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fgraph.cli import main
from tests.paths import GOLDENS
from tests.serving import Server, serving

MODEL = GOLDENS / "soat64_a.pt"
BLEND = ["graph=blend_horizontal"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    with serving(MODEL.read_bytes()) as one:
        yield one


def model(server: Server) -> list[str]:
    return [f"model='{server.address}'", "cache=kept"]


@pytest.mark.parametrize("mode", ["check", "explain", "run", "draw"])
def test_offline_finds_cached_models(server: Server, mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*BLEND, f"mode={mode}", *model(server), "hydra.run.dir=out"]
    assert main([*arguments, "offline=true"]) == 2
    assert "offline mode forbids downloads" in capsys.readouterr().err
    assert not server.requests
    assert main(arguments) == 0
    assert len(server.requests) == 1
    assert main([*arguments, "offline=true"]) == 0
    assert len(server.requests) == 1
    assert [path.name for path in Path("kept/models").glob("*/*")] == ["small_one.pt"]


@pytest.mark.parametrize("launcher", ["fused", "basic"])
def test_sweeps(server: Server, launcher: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-m", *BLEND, "seed=1,2", *model(server), f"hydra/launcher={launcher}", "hydra.sweep.dir=out"]
    assert main([*arguments, "offline=true"]) == 1
    assert main([*arguments, "offline=false,true"]) == 0
    assert len(server.requests) == 1
    assert len(list(Path("out").glob("*/image*.png"))) == 4


def test_reports_and_conversions(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=inspect", *model(server), "offline=true"]) == 2
    assert main(["mode=inspect", *model(server)]) == 0
    assert "rosinality / SOAT (.pt)" in capsys.readouterr().out
    assert main(["mode=convert", *model(server), "offline=true", "target=own.safetensors"]) == 0
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("output.formats=5", "output.formats is a format or a list of formats, such as [png,npy], not '5'"),
        ("output.formats=null", "output.formats is a format or a list of formats, such as [png,npy], not 'None'"),
        ("output.sheet=no", "output.sheet is true or false, not 'no'"),
    ],
)
def test_settings_of_the_output_that_are_of_another_type(
    setting: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph=blend_horizontal", setting, "mode=check"]) == 2
    assert says in capsys.readouterr().err


def test_invalid_settings(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BLEND, "offline=maybe"]) == 2
    assert "offline is true or false, not 'maybe'" in capsys.readouterr().err
    assert main([*BLEND, "model=hf://org/repo/model.pt", "hub=http://mirror.example.org", "cache=kept"]) == 2
    assert "the hub 'http://mirror.example.org' would be contacted over an unencrypted" in capsys.readouterr().err
