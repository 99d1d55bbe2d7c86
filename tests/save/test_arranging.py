"""Strips, grids, labels and before-after pictures: sizes, pixels, refused options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageFont

import fgraph
from fgraph._errors import SaveError
from fgraph._imaging import fonts
from fgraph._imaging.fonts import font, line_height, missing_letters
from fgraph._imaging.layout import LabelledPicture, lay_grid, lay_table, wrap
from fgraph._imaging.typeface import typeface
from fgraph._results import Image, MaskImage
from fgraph.save import PictureOptions, Record, read_record, save_results
from fgraph.save.labels import label_rows

GENERATOR = np.random.default_rng(0)
RECORD = Record("1.2.3", "nodes: {}\n", {}, {}, settings={"strip": "x"})


def opened(path: Path) -> PillowImage.Image:
    with PillowImage.open(path) as picture:
        return picture.copy()


def rows_of(count: int, height: int = 4, width: int = 6) -> Image:
    return Image(GENERATOR.uniform(-1, 1, (count, 3, height, width)).astype(np.float32))


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("gap", [0, 3])
def test_a_strip_holds_every_row_to_the_pixel(tmp_path: Path, axis: str, gap: int) -> None:
    image = rows_of(3)
    save_results({"view": image}, tmp_path, record=RECORD, options=PictureOptions(strip=axis, gap=gap))
    strip = np.asarray(opened(tmp_path / "view_strip.png"))
    step = (6 if axis == "x" else 4) + gap
    assert strip.shape[:2] == ((4, 3 * step - gap) if axis == "x" else (3 * step - gap, 6))
    for row in range(3):
        start = row * step
        part = strip[:, start : start + 6] if axis == "x" else strip[start : start + 4]
        np.testing.assert_array_equal(part, image.pixels(row))
    assert read_record(tmp_path / "view_strip.png") == RECORD


@pytest.mark.parametrize(("columns", "size"), [(2, (12, 12)), ("auto", (12, 12)), (5, (30, 4)), (9, (30, 4))])
def test_a_grid_has_its_columns(tmp_path: Path, columns: int | str, size: tuple[int, int]) -> None:
    save_results({"view": rows_of(5)}, tmp_path, options=PictureOptions(grid=columns, gap=0))
    assert opened(tmp_path / "view_grid.png").size == size


def test_labels_go_to_the_outputs_with_as_many_rows(tmp_path: Path) -> None:
    results = {"a": rows_of(2, 40, 60), "b": rows_of(3, 40, 60), "c": rows_of(1)}
    save_results(results, tmp_path, options=PictureOptions(grid=1, labels=("one", "two", "three"), gap=0))
    assert opened(tmp_path / "a_grid.png").height == 2 * (40 + line_height())
    assert not (tmp_path / "c_grid.png").exists()


def test_labels_are_above_their_pictures(tmp_path: Path) -> None:
    image = rows_of(2, 40, 60)
    save_results({"view": image}, tmp_path, options=PictureOptions(strip="x", labels=("one", "two"), gap=2))
    strip = np.asarray(opened(tmp_path / "view_strip.png"))
    assert strip.shape[:2] == (40 + line_height(), 122)
    np.testing.assert_array_equal(strip[line_height() :, 62:], image.pixels(1))
    assert (strip[: line_height(), 62:] < 128).any()


def test_sheets_and_pictures_are_enlarged_alike(tmp_path: Path) -> None:
    image = rows_of(2)
    save_results({"view": image}, tmp_path, record=RECORD, options=PictureOptions(strip="x", scale=3, gap=2))
    large = np.repeat(np.repeat(image.pixels(1), 3, axis=0), 3, axis=1)
    np.testing.assert_array_equal(np.asarray(opened(tmp_path / "view_001.png")), large)
    strip = np.asarray(opened(tmp_path / "view_strip.png"))
    assert strip.shape[:2] == (12, 2 * 18 + 2)
    np.testing.assert_array_equal(strip[:, 20:], large)


@pytest.mark.parametrize(("setting", "message"), [
    ({"scale": 0}, "output.scale is a whole factor, 1 to 64, not 0"),
    ({"scale": 1.5}, "output.scale is a whole factor, 1 to 64, not 1.5"),
    ({"resampling": "cubic"}, "output.resampling is nearest or lanczos, not 'cubic'"),
])  # fmt: skip
def test_scales_that_do_not_exist(setting: dict[str, object], message: str) -> None:
    with pytest.raises(SaveError, match=message):
        PictureOptions(**setting)


def test_a_mask_is_laid_out_as_well(tmp_path: Path) -> None:
    mask = MaskImage(np.zeros((2, 1, 4, 4), np.float32))
    save_results({"mask": mask}, tmp_path, ("png", "webp"), options=PictureOptions(strip="x", labels=True))
    assert opened(tmp_path / "mask_strip.png").mode == "L"
    assert (tmp_path / "mask_strip.webp").is_file()


def test_from_python() -> None:
    image = rows_of(3, 30, 40)
    assert image.strip(gap=0).size == (120, 30)
    assert image.grid(2, labels=("a", "b", "c"), gap=0).size == (80, 2 * (30 + line_height()))
    with pytest.raises(SaveError, match="2 labels for 3 rows"):
        image.strip(labels=("a", "b"))


def test_an_output_is_compared_once_even_if_named_many_times() -> None:
    """A record in a picture could name it a million times."""
    assert PictureOptions(compare=("image",) * 1_000_000).compare == ("image",)


def test_a_long_word_is_cut_where_it_no_longer_fits() -> None:
    (line,) = wrap("x" * 200_000, 60)
    assert line.endswith("…")
    assert font().getlength(line) <= 60 < font().getlength(f"x{line}")


def test_compare_shows_sources_first(tmp_path: Path) -> None:
    results, sources = {"image": rows_of(1, 64, 64), "other": rows_of(1, 64, 64)}, {"code": rows_of(2, 64, 64)}
    save_results(results, tmp_path, options=PictureOptions(compare=True), sources=sources)
    picture = opened(tmp_path / "compare.png")
    assert picture.size == (2 * 6 + 4 * 128 + 2 * 2 + 2 * 8, 2 * 6 + 128 + line_height())
    save_results(results, tmp_path, options=PictureOptions(compare=("other", "image")), sources=sources)
    assert opened(tmp_path / "compare.png").width == 2 * 6 + 2 * 128 + 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strip": "z"}, "output.strip is x, y or null, not 'z'"),
        ({"grid": 0}, "output.grid is columns, auto or null, not 0"),
        ({"quality": 101}, "output.quality is 1 to 100"),
        ({"quality": True}, "output.quality is 1 to 100"),
        ({"gap": -1}, "output.gap is 0 to 256 pixels"),
        ({"labels": 3}, "output.labels is true, false or a list"),
        ({"labels": ["x" * 100_000]}, "output.labels has a text of 100000 characters; at most 1000 are allowed"),
        ({"grid": "x" * 100_000}, r"output.grid is columns, auto or null, not 'x{100,200}\.\.\.$"),
    ],
)
def test_unknown_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(SaveError, match=message):
        PictureOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            PictureOptions(strip="x", labels=("a",)),
            "output.labels has length 1, and no output has that many rows: 'view' has 2",
        ),
        (PictureOptions(compare=("veiw",)), "there is no image 'veiw'; did you mean 'view'"),
    ],
)
def test_options_that_do_not_fit_the_results(tmp_path: Path, options: PictureOptions, message: str) -> None:
    with pytest.raises(SaveError, match=message):
        save_results({"view": rows_of(2)}, tmp_path, options=options)
    assert not list(tmp_path.iterdir())


def test_sheet_and_output_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"would both write a_strip\.png"):
        save_results({"a": rows_of(2), "a_strip": rows_of(1)}, tmp_path, options=PictureOptions(strip="x"))


def test_options_keep_the_changed_values() -> None:
    assert PictureOptions().changed == {}
    options = PictureOptions(strip="y", labels=("a",), quality=80)
    assert options.changed == {"quality": 80, "strip": "y", "labels": ["a"]}
    assert PictureOptions(**options.changed) == options


@pytest.mark.parametrize("gap", [0, 2, 20])
def test_labels_do_not_touch(gap: int) -> None:
    cells = [LabelledPicture(PillowImage.new("L", (40, 10), 255), "a=0.123456") for _ in range(3)]
    strip = np.asarray(lay_grid(cells, 3, gap))[: line_height()]
    inked = np.flatnonzero((strip < 200).any(axis=0))
    spaces = np.diff(inked)
    assert (spaces >= 6).sum() == 2  # between three labels; letters are nearer to each other


def test_letters_come_from_a_font_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's font comes first, then the bundled typeface, then a stand-in for a font of the system."""
    other = ImageFont.load_default(size=20)
    monkeypatch.setattr(fonts, "has_glyph", lambda one, letter: letter in "日本" if one is other else letter == "ü")
    monkeypatch.setattr(fonts, "_system_fonts", lambda: (Path("other.ttf"),))
    monkeypatch.setattr(fonts, "_opened", lambda path: other)
    fonts._font_of.cache_clear()
    try:
        assert missing_letters(["фото ünï", "日本語 日"]) == "語"
        used = {font(): "Pillow", typeface(12): "bundled", other: "system"}
        assert [(part, used[one]) for part, one in fonts._runs("aüф日語")] == [
            ("aü", "Pillow"), ("ф", "bundled"), ("日", "system"), ("?", "Pillow"),
        ]  # fmt: skip
        assert fonts.text_length("aф") == font().getlength("a") + typeface(12).getlength("ф")
    finally:
        fonts._font_of.cache_clear()


def test_letters_that_no_font_has_give_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    fonts._font_of.cache_clear()
    try:
        options = PictureOptions(strip="x", labels=("日本", "b"))
        assert save_results({"view": rows_of(2)}, tmp_path, options=options).undrawn == "日本"
        plain = PictureOptions(strip="x", labels=("??", "b"))
        save_results({"view": rows_of(2)}, tmp_path / "plain", options=plain)
    finally:
        fonts._font_of.cache_clear()


def test_long_labels_are_broken_then_cut() -> None:
    lines = wrap("a long label of many words that has no end at all, or so it seems to be", 80)
    assert len(lines) == 4
    assert lines[-1].endswith("…")
    assert all(font().getlength(line) <= 80 for line in lines)
    assert wrap("", 80) == []


def test_a_table_has_heads_and_sides() -> None:
    cells = [[LabelledPicture(PillowImage.new("RGB", (50, 30))) for _ in range(3)] for _ in range(2)]
    table = lay_table(cells, ["a", "b", "c"], ["seed=1", "seed=2"], gap=0)
    assert table.height == 60 + line_height()
    assert table.width == 150 + round(font().getlength("seed=2")) + 6
    assert lay_grid([cell for line in cells for cell in line], 3, gap=0).size == (150, 60)


def test_rows_are_labelled_by_the_values_that_differ() -> None:
    graph = fgraph.load("""
        nodes:
          code: {op: sample, seed: [3, 8], truncation: [0.5, 0.7]}
          fade: {op: mask, kind: constant, value: 1, alpha: [0.25, 1]}
          mix: {op: blend, a: code, b: code, mask: fade}
          image: {op: decode, of: mix}
          first: {op: rows, of: image, take: "0"}
        outputs: [image, first]
    """)
    labels = ["alpha=0.25 seed=3 truncation=0.5", "alpha=1 seed=8 truncation=0.7"]
    assert [set(label.split()) for label in label_rows(graph.spec, "image", 2)] == [set(one.split()) for one in labels]
    assert label_rows(graph.spec, "first", 1) == ["0"]
