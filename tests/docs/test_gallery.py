"""`make gallery`: it draws the pictures that the pages show, from the right pieces, in small files."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from types import ModuleType

import bundled
import moves
import numpy as np
import pytest
import sheets
from PIL import Image

import fgraph
from fgraph._imaging.layout import LabelledPicture
from fgraph.registry import SUBGRAPH, kinds_of, registry_with
from tests.docs.commands import PAGES
from tests.paths import ROOT

FILES = {  # names whose file is not a WebP that the gallery writes -> the file
    "walk_film": ["gallery/walk.gif"],
    "drag_film": ["gallery/drag.gif"],
    "drawings/panorama": ["gallery/drawings/panorama.svg"],
    "drawings/panorama.plan": ["gallery/drawings/panorama.plan.svg"],
    "rivals": ["gallery/rivals.webp"],
    "inversion": ["how-to/inversion.png"],
    "dragging": ["how-to/dragging.svg"],
    "encoders": ["how-to/encoders.png"],
    "benchmarks": ["reference/measurements/benchmarks.png"],
    "training": ["how-to/training/panoramas.png", "how-to/training/translation.png"],
}
# these need models that do not come with fgraph: examples/training/show.py
TRAINED_ELSEWHERE = {
    f"docs/how-to/training/{name}" for name in ("pairs.png", "avatar.webp", "landscape.webp", "landscape128.webp")
}
# these need a browser: studio/e2e/shots.mjs
IN_A_BROWSER = {
    f"docs/gallery/studio/{name}.webp"
    for name in ("panorama", "handles", "seeds", "explain", "film", "text", "plan", "drag", "session", "photograph")
}


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("gallery_script", ROOT / "tools" / "gallery" / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def picture(width: int, height: int, level: int = 0) -> Image.Image:
    return Image.new("RGB", (width, height), (level, level, level))


def test_every_picture_of_the_pages_is_drawn(gallery: ModuleType) -> None:
    shown = {
        (ROOT / page).parent.joinpath(link).resolve().relative_to(ROOT).as_posix()
        for page in PAGES
        for link in re.findall(r"!\[[^\]]*\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    }
    drawn = {f"docs/gallery/{name}.webp" for name in gallery.DRAWN}
    drawn |= {f"docs/{path}" for paths in FILES.values() for path in paths}
    assert {*gallery.WRITTEN, *gallery.SCRIPTS} == set(FILES)
    assert shown - drawn == TRAINED_ELSEWHERE | IN_A_BROWSER
    assert drawn - shown == set()


def test_scripts_of_the_gallery_accept_their_arguments(gallery: ModuleType) -> None:
    for script, *options in gallery.SCRIPTS.values():
        path = Path(*options[0].split(".")).with_suffix(".py") if script == "-m" else script
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not [word for word in options if word.startswith("--") and f'"{word}"' not in text]


def test_one_graph_is_drawn_and_written(
    gallery: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gallery", "--to", str(tmp_path), "graphs/blend_vertical"])
    assert gallery.main() == 0
    path = tmp_path / "gallery" / "graphs" / "blend_vertical.webp"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.stat().st_size <= sheets.MOST
    with Image.open(path) as made:
        assert made.size == bundled.draw_graph("blend_vertical").size


def test_names_are_listed_and_mistakes_reported(
    gallery: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gallery", "--list"])
    assert gallery.main() == 0
    names = capsys.readouterr().out.split()
    assert {f"graphs/{path.stem}" for path in sheets.GRAPHS.glob("*.yaml")} < set(names)
    assert len(names) == len(set(names))
    monkeypatch.setattr(sys, "argv", ["gallery", "nothing"])
    with pytest.raises(SystemExit):
        gallery.main()
    assert "there is no picture nothing; there are graphs/bend" in capsys.readouterr().err


def test_a_failing_script_is_reported(gallery: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(command[1:])
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(gallery.subprocess, "run", run)
    assert gallery.draw("training", tmp_path) == 1
    assert called == [["examples/training/show.py", "--to", f"{tmp_path}/how-to/training"]]


def test_a_graph_is_drawn_after_its_sources() -> None:
    """The two codes, then the result, pixel for pixel, twice as large."""
    made = np.asarray(bundled.draw_graph("blend_vertical").convert("RGB"), dtype=int)
    graph = fgraph.load(sheets.GRAPHS / "blend_vertical.yaml")
    graph.outputs |= {"sky": graph.decode("sky"), "ground": graph.decode("ground")}
    result = fgraph.run(graph)
    places = [made[-128:, left : left + 128] for left in (0, 128 + bundled.GAP, 2 * (128 + bundled.GAP))]
    for place, name in zip(places, ("sky", "ground", "image"), strict=True):
        expected = result[name].pixels(0).repeat(2, axis=0).repeat(2, axis=1)
        assert np.abs(place - expected).max() <= 1, name


def test_sources_are_pictures_and_codes_that_are_not_shown_yet() -> None:
    graph = fgraph.load("""
        models: {main: landscape}
        nodes:
          one: {op: sample}
          two: {op: sample}
          three: {op: image, path: landscape.png}
          mix: {op: lerp, a: one, b: two}
          before: {op: decode, of: two}
          image: {op: decode, of: mix}
        outputs: [image, before]
    """)
    assert bundled.add_sources(graph) == {"one_source": "one_source", "three_source": "three"}
    assert fgraph.check(graph) == []


def test_a_picture_that_does_not_fit_starts_a_new_line() -> None:
    wide = bundled.in_lines(
        [LabelledPicture(picture(500, 20)), LabelledPicture(picture(500, 20)), LabelledPicture(picture(500, 20))]
    )
    assert wide.size == (500 + bundled.GAP + 500, 20 + bundled.GAP + 20)
    assert bundled.in_lines([LabelledPicture(picture(2 * bundled.WIDTH, 20))]).size == (2 * bundled.WIDTH, 20)


@pytest.mark.parametrize(("rows", "size"), [(1, (128, 128)), (8, (8, 1)), (16, (8, 2)), (90, (8, 1))])
def test_rows_are_a_strip_or_lines_and_a_film_shows_some_frames(rows: int, size: tuple[int, int]) -> None:
    levels = np.linspace(-1, 1, rows)[:, None, None, None]
    made = sheets.strip(fgraph.Image(np.broadcast_to(levels, (rows, 3, 64, 64)).astype(np.float32)))
    if rows > 1:
        columns, lines = size
        assert columns * 128 <= made.width < columns * 140
        assert lines * 128 <= made.height < lines * 140
        last = (made.width - 1, made.height - 1)
        assert made.convert("RGB").getpixel(last) == (255, 255, 255)  # the last row, or frame, is the brightest
        assert made.convert("RGB").getpixel((0, 0)) == (0, 0, 0)
    else:
        assert made.size == size


def test_small_pictures_are_enlarged_and_large_ones_are_not() -> None:
    assert sheets.zoomed(picture(64, 128)).size == (128, 256)
    assert sheets.zoomed(picture(200, 150)).size == (200, 150)


def test_blank_places_of_a_table_are_white() -> None:
    black = np.zeros((64, 64, 3), np.uint8)
    made = np.asarray(sheets.table([[black, sheets.BLANK], [black]]).convert("RGB"))
    assert (made[:128, :128] == 0).all()
    assert (made[:, -128:] == 255).all()
    assert (made[-128:, :128] == 0).all()


def test_a_file_is_as_good_as_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8))
    sizes = []
    for most in (10**6, 12_000, 10):
        monkeypatch.setattr(sheets, "MOST", most)
        sizes.append(sheets.write(noise, tmp_path / "below" / f"{most}.webp").stat().st_size)
    assert sizes[0] > 12_000 >= sizes[1] > sizes[2] > 10


def test_lines_of_directions_and_bends_have_their_labels_before_them() -> None:
    made = moves.draw_lines(lambda model: [(model, fgraph.Image(np.full((2, 3, 64, 64), -1, np.float32)))])
    pixels = np.asarray(made.convert("RGB"))
    assert (pixels[-128:, -128:] == 0).all()  # the last row of the last model
    margin = pixels[:, : made.width - 2 * 128 - 10]
    assert all(half.min() < 100 < half.mean() for half in (margin[:128], margin[-128:]))  # ink on paper


def test_the_film_is_the_frames_of_its_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.linspace(-1, 1, moves.FRAMES)[:, None, None, None]
    frames = fgraph.Image(np.broadcast_to(levels, (moves.FRAMES, 3, 64, 64)).astype(np.float32))
    monkeypatch.setattr(moves, "walk", lambda: frames)
    with Image.open(moves.write_film(tmp_path)) as film:
        assert film.n_frames == moves.FRAMES  # type: ignore[attr-defined]
    assert moves.draw_walk().width >= moves.SHOWN * 128


def test_every_node_has_a_minimal_graph_and_a_picture(gallery: ModuleType) -> None:
    for op in [*registry_with(), SUBGRAPH]:
        graph = fgraph.load(ROOT / "examples" / "nodes" / f"{op}.yaml")
        assert op in {node.op for node in graph.spec.nodes.values()}
        assert fgraph.check(graph) == []
        assert f"nodes/{op}" in gallery.DRAWN


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "nodes").glob("*.yaml")), ids=lambda path: path.stem)
def test_codes_of_a_minimal_graph_differ(path: Path) -> None:
    """A blend or a mix of equal codes shows nothing."""
    samples = [node.model_dump() for node in fgraph.load(path).spec.nodes.values() if node.op == "sample"]
    assert all(one != other for one, other in combinations(samples, 2))


def test_every_kind_has_a_minimal_graph_and_a_picture(gallery: ModuleType) -> None:
    kinds = [f"{op}-{kind}" for op, entry in registry_with().items() for kind in kinds_of(entry) or ()]
    for name in kinds:
        graph = fgraph.load(ROOT / "examples" / "nodes" / f"{name}.yaml")
        assert name in {f"{node.op}-{getattr(node, 'kind', '')}" for node in graph.spec.nodes.values()}
        assert fgraph.check(graph) == []
        assert f"nodes/{name}" in gallery.DRAWN
