"""Output options without an effect are reported; options with an effect are not."""

from __future__ import annotations

from typing import Any

import pytest

from fgraph._ports import Kind
from fgraph.save import PictureOptions
from fgraph.save.effects import _REASONS, OutputRequest, find_idle
from fgraph.save.options import OPTIONS

ROWS = {"image": (Kind.IMAGE, 5)}
ONE = {"image": (Kind.IMAGE, 1), "before": (Kind.IMAGE, 1), "wanted": (Kind.IMAGE, 1)}
CODES = {"code": (Kind.LATENT, 3)}
MASK = {"fade": (Kind.MASK, 24)}
PHOTOGRAPHS = {"pasted": (Kind.PHOTOGRAPH, 2)}


def idle(outputs: Any, kinds: str = "png", *, pingpong: bool = False, is_sweep: bool = False, **given: Any) -> str:
    options = PictureOptions(**{name: value for name, value in given.items() if name in OPTIONS})
    names = [*given, *(["pingpong"] if pingpong else [])]
    return "; ".join(find_idle(OutputRequest(names, kinds.split(), options, pingpong, is_sweep, outputs)))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (idle(ONE, strip="x"), "output.strip has no effect: each image has one row; output.compare=true shows several"),
        (idle(ONE, labels=True), "labels are written on strips and grids"),
        (idle(ONE, labels=True, grid=2), "output.grid has no effect: each image has one row"),
        (idle(ROWS, "gif", grid=8), "output.grid has no effect: it needs png, webp or jpeg among output.formats"),
        (idle(ROWS, "tiff", strip="y"), "tiff and dzi have one file for each row"),
        (idle(ROWS, "mp4", compare=True), "output.compare has no effect: it needs png"),
        (idle(ROWS, "mp4", explain=True), "output.explain has no effect: it needs png"),
        (idle(CODES, strip="x"), "no output is an image or a mask"),
        (idle(CODES, "webp", formats=None), "output.formats has no effect: no output is a picture"),
        (idle(ROWS, quality=80), "it is for jpeg, webp and dzi; output.formats are png"),
        (idle(ROWS, "tiff", quality=80), "a tiff is lossless"),
        (idle(ROWS, "npy", scale=4), "output.scale has no effect: it is for pictures and films, not for npy"),
        (idle(ROWS, "dzi", scale=4), "tiff and dzi are written at their own size"),
        (idle(ROWS, resampling="lanczos"), "it is for output.scale, which is 1"),
        (idle(ROWS, gap=9), "output.gap has no effect: it is between the pictures"),
        (idle(ROWS, piece=512), "it is for tiff and dzi"),
        (idle(ROWS, fps=12), "output.fps has no effect: it is for films"),
        (idle(ROWS, "mp4", loop=False), "players of mp4 decide themselves"),
        (idle(ROWS, "png", pingpong=True), "output.pingpong has no effect: it is for films"),
        (idle({"image": (Kind.IMAGE, 2)}, "gif", pingpong=True), "a film of two frames"),
        (idle(ROWS, sheet=False), "it is the contact sheet of a sweep"),
    ],
)
def test_options_without_effect(found: str, message: str) -> None:
    assert message in found


@pytest.mark.parametrize(
    "found",
    [
        idle(ROWS, strip="x", labels=True, gap=3),
        idle(MASK, grid=4, labels=True),
        idle(ROWS | MASK, "jpeg gif", grid="auto", quality=70, fps=5, loop=False, pingpong=True),
        idle(MASK, "gif", fps=5),
        idle(ONE, compare=True, gap=0),
        idle(ONE, "dzi", piece=300, quality=50, formats=None),
        idle(PHOTOGRAPHS, "jpeg mp4", quality=70, formats=None),
        idle(ROWS, sheet=False, is_sweep=True),
        idle(ONE, strip=None, grid=None, labels=False, compare=False),
    ],
)
def test_options_with_an_effect(found: str) -> None:
    assert found == ""


def test_every_option_of_the_output_is_judged() -> None:
    import yaml

    from fgraph.declare.config_source import BUNDLED

    settings = yaml.safe_load((BUNDLED / "config.yaml").read_text("utf-8"))
    assert set(_REASONS) == set(settings["output"])
