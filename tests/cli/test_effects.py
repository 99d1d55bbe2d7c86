"""Settings without effect give one warning; a comparison shows the inputs of an edit first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

import fgraph
from fgraph.cli import main
from fgraph.cli.source_outputs import start_first
from fgraph.declare.config_source import BUNDLED
from fgraph.digraph import wire
from tests.cli.conftest import FakeJobs


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_option_without_effect_gives_one_warning_for_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-m", "graph=transfer", "seed=1,2", "mode=check", "output.strip=x", "output.labels=true"]
    assert main(arguments) == 0
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 2
    assert printed[0].startswith("warning: output.strip has no effect: each image has one row")
    assert printed[1].startswith("warning: output.labels has no effect")
    assert main(["graph=translate", "mode=check", "output.strip=x", "output.labels=true"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mode=invert", "images=none", "output.formats=[webp]"], "output.formats has no effect: it is for modes that"),
        (["mode=invert", "images=none", "seed=3"], "seed has no effect: mode=invert reads no graph"),
        (
            ["mode=check", "inversion.steps=3"],
            "inversion.steps has no effect: it is for mode=invert, not for mode=check",
        ),
        (["mode=check", "training.batch=3"], "training.batch has no effect: it is for mode=train, finetune, grow"),
        (["mode=inspect", "model=avatar", "graph=walk"], "graph has no effect: mode=inspect reads no graph"),
    ],
)
def test_settings_of_another_mode(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    main(arguments)
    assert f"warning: {message}" in capsys.readouterr().err


def test_settings_of_this_mode(jobs: FakeJobs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph=walk", "seed=3", "output.formats=[gif]", "objective.metric=mean"]) == 0
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("transfer", ["before", "wanted", "image"]),
        ("patches", ["before", "image"]),
        ("variations", ["before", "image"]),
    ],
)
def test_the_start_comes_before_the_result(name: str, order: list[str]) -> None:
    graph = fgraph.load(BUNDLED / "graph" / f"{name}.yaml")
    assert start_first(wire(graph.spec)[0]) == order


def test_unrelated_outputs_keep_their_order() -> None:
    nodes = {name: {"op": "sample"} for name in "cab"} | {f"of_{name}": {"op": "decode", "of": name} for name in "cab"}
    graph = fgraph.load({"nodes": nodes, "outputs": ["of_c", "of_a", "of_b"]})
    assert start_first(wire(graph.spec)[0]) == ["of_c", "of_a", "of_b"]


def test_compare_lays_the_start_first() -> None:
    assert main(["graph=patches", "output.compare=true", "output.gap=0", "hydra.run.dir=out"]) == 0
    with PillowImage.open("out/compare.png") as sheet, PillowImage.open("out/before.png") as before:
        first = sheet.crop((6, sheet.height - 6 - 128, 6 + 128, sheet.height - 6))
        np.testing.assert_array_equal(np.asarray(first)[::2, ::2], np.asarray(before))
