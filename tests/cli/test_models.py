"""mode=inspect, convert and mix: reports of model files, with no graph read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fgraph.cli import main
from fgraph.stylegan import inspect
from tests.cli.conftest import FakeJobs
from tests.paths import GOLDENS, ROOT

PICKLE = GOLDENS / "ada_cond32.pkl"
PARAMETERS = "100,307"  # of PICKLE
BROKEN_GRAPH = "graph.nodes.extra.op=nope"

LAUNCHERS = pytest.mark.parametrize("launcher", ["fused", "basic"])


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def lines_of(report: str) -> dict[str, str]:
    """Return the lines of one report by their names."""
    return dict(line.split(maxsplit=1) for line in report.splitlines() if line)


def files() -> set[str]:
    """Return every file here, except Hydra's record of a job."""
    return {str(path) for path in Path().rglob("*") if path.is_file() and path.parent.name != ".hydra"}


def test_inspect_prints_the_report_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=inspect", f"model={PICKLE}"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{inspect(PICKLE)}\n"
    lines = lines_of(printed)
    assert lines["architecture"] == "StyleGAN2, skip"
    assert lines["image"] == "32x32, 3 channels"
    assert lines["parameters"] == f"{PARAMETERS} (float32)"
    assert len(lines["sha256"]) == 64
    assert not files()
    assert not Path("outputs/panorama").exists()


def test_inspect_describes_stylegan3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=inspect", f"model={GOLDENS / 'sg3_t_32.pkl'}"]) == 0
    assert lines_of(capsys.readouterr().out)["architecture"] == "StyleGAN3, T"


def test_inspect_loads_neither_torch_nor_the_engine(tmp_path: Path) -> None:
    code = (
        "import sys; from fgraph.cli import main; code = main(sys.argv[1:]);"
        "print([name for name in ('torch', 'fgraph.cli.jobs', 'fgraph.runtime') if name in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "mode=inspect", f"model={PICKLE}"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


@pytest.mark.parametrize("target", ["out/own.safetensors", "out/ros.pt"])
def test_convert_writes_the_target_alone(capsys: pytest.CaptureFixture[str], target: str) -> None:
    source = GOLDENS / "soat64_a.pt"
    assert main(["mode=convert", f"model={source}", f"target={target}"]) == 0
    before, after = capsys.readouterr().out.split("\n\nconverted to\n\n")
    assert before == str(inspect(source))
    assert after.startswith(f"{inspect(target)}\ndigest of the tensors of both: ")
    assert files() == {target}
    assert inspect(target).parameters == inspect(source).parameters


def test_half_is_smaller(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=convert", f"model={PICKLE}", "target=whole.safetensors"]) == 0
    assert main(["mode=convert", f"model={PICKLE}", "target=half.safetensors", "half=true"]) == 0
    assert "float16" in inspect("half.safetensors").types
    assert "float16" not in inspect("whole.safetensors").types
    assert Path("half.safetensors").stat().st_size < 0.6 * Path("whole.safetensors").stat().st_size


@pytest.mark.parametrize("arguments", [
    ["mix", "landscape", "landscape", "mixed.safetensors", "mix.resolution=16", "mix.width=0.5"],
    ["mode=mix", "model=landscape", "mix.models=[landscape,landscape]", "target=mixed.safetensors"],
])  # fmt: skip
def test_mix_writes_the_target_and_prints_the_shares(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("mixed from\n")
    assert str(inspect("mixed.safetensors")) in printed
    assert files() == {"mixed.safetensors"}


@pytest.mark.parametrize("mode", ["inspect", "convert"])
def test_no_graph_is_read(jobs: FakeJobs, mode: str) -> None:
    target = ["target=own.safetensors"] if mode == "convert" else []
    assert main([f"mode={mode}", "model=landscape", *target, BROKEN_GRAPH, "graph.params.w=${nowhere}"]) == 0
    assert not jobs.settings


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["mode=inspect"], "mode=inspect needs model="),
        (["mode=convert", "target=own.safetensors"], "mode=convert needs model="),
        (["mode=convert", "model=avatar"], "mode=convert needs target="),
        (["mode=mix", "model=avatar", "mix.models=toon"], "mode=mix needs target="),
        (["mode=mix", "model=avatar", "target=own.safetensors"], "2 or more models"),
        (
            ["mode=mix", "model=avatar", "mix.models=[landscape128]", "target=own.safetensors"],
            "have different architectures",
        ),
        (["mode=mix", "model=avatar", "mix.resolution=some", "target=own.safetensors"], "not 'some'"),
        (["mode=convert", "model=avatar", "mix.models=[toon]", "target=own.safetensors"], "mix.models is for mode=mix"),
        (["mode=inspect", "model=lanscape"], "did you mean 'landscape'?"),
        (["mode=inspect", "model=${nowhere}"], "model: Interpolation key 'nowhere' not found"),
        (["mode=inspect", "model=text.pt"], "text.pt: starts with b'no model'"),
        (["mode=inspect", "model=cut.pkl"], "cut.pkl: cannot be read safely"),
        (["mode=convert", "model=cut.pkl", "target=own.safetensors"], "cut.pkl: cannot be read safely"),
        (["mode=convert", "model=avatar", "target=own.onnx"], "to .safetensors or .pt, not to '.onnx'"),
        (["mode=convert", "model=avatar", "target=own.pt", "half=true"], "half is for .safetensors"),
        (["mode=convert", "model=avatar", "target=own.safetensors", "half=some"], "half is true or false, not 'some'"),
        (["mode=convert", "model=avatar", "target=text.pt/own.pt"], "cannot write text.pt/own.pt"),
        (["mode=convert", f"model={PICKLE}", "target=own.pt"], "convert to .safetensors instead"),
        (["mode=convert", f"model={GOLDENS / 'sg3_t_32.pkl'}", "target=own.pt"], "is a StyleGAN3 network"),
        (["mode=convert", "model=avatar", f"target={'n' * 300}.pt"], "File name too long"),
        (
            ["mode=inspect", "model=avatar", "target=own.pt"],
            "target is for mode=convert, mix, train, finetune, grow, train-encoder, not for mode=inspect",
        ),
        (["target=own.pt"], "target is for mode=convert, mix, train, finetune, grow, train-encoder, not for mode=run"),
        (["mode=check", "half=true"], "half is for mode=convert, mix, not for mode=check"),
        (["mode=inspct", "model=avatar"], "did you mean 'inspect'?"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    Path("text.pt").write_text("no model at all")
    Path("cut.pkl").write_bytes(PICKLE.read_bytes()[:5000])
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert files() == {"text.pt", "cut.pkl"}


@LAUNCHERS
def test_a_job_of_a_sweep_that_fails_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], launcher: str
) -> None:
    arguments = ["-m", f"hydra/launcher={launcher}", "mode=inspect", "model=avatar,nowhere.pt,landscape"]
    assert main([*arguments, "hydra.sweep.dir=swept"]) == 1
    printed = capsys.readouterr()
    assert "job 1 (mode=inspect, model=nowhere.pt): there is no model 'nowhere.pt'" in printed.err
    assert "Traceback" not in printed.err
    assert "identical" not in printed.err
    for name in ("avatar", "landscape"):
        assert f"{inspect(name)}\n\n" in printed.out
    assert files() == {"swept/multirun.yaml"}


@LAUNCHERS
def test_a_sweep_converts_each_to_its_own_target(capsys: pytest.CaptureFixture[str], launcher: str) -> None:
    shutil.copy(PICKLE, "first.pkl")
    shutil.copy(GOLDENS / "ada_resnet32.pkl", "second.pkl")
    arguments = ["-m", f"hydra/launcher={launcher}", "mode=convert", "hydra.sweep.dir=swept"]
    assert main([*arguments, "model=first.pkl,second.pkl", "target=${model}.safetensors"]) == 0
    assert inspect("first.pkl.safetensors").table == inspect("first.pkl").table
    assert inspect("second.pkl.safetensors").table == inspect("second.pkl").table


@LAUNCHERS
def test_jobs_do_not_write_over_each_other(capsys: pytest.CaptureFixture[str], launcher: str) -> None:
    arguments = ["-m", f"hydra/launcher={launcher}", "mode=convert", "model=landscape,avatar", "target=one.pt"]
    assert main([*arguments, "hydra.sweep.dir=swept"]) == 1
    printed = capsys.readouterr()
    assert "job 1 (mode=convert, model=avatar, target=one.pt): one.pt is the target of an earlier job" in printed.err
    assert "landscape.safetensors" in printed.out
    assert "avatar.safetensors" not in printed.out


def test_modes_may_be_mixed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "mode=inspect,check", "model=landscape", "hydra.sweep.dir=swept"]) == 0
    printed = capsys.readouterr().out
    assert f"{inspect('landscape')}\n\n" in printed
    assert "panorama: ok\n" in printed
