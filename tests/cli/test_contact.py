"""The contact sheet of a sweep: a cell for each job, in its place, below the overrides of the job."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fgraph._imaging.layout import LabelledPicture
from fgraph._results import Image, Latents
from fgraph.cli import contact, main
from fgraph.save import save_results

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def laid(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Record the arguments that the sheet is laid out from."""
    calls: list[tuple[object, ...]] = []
    for name in ("lay_grid", "lay_table"):
        real = getattr(contact, name)

        def note(*arguments: object, real: object = real, name: str = name, **given: object) -> PillowImage.Image:
            calls.append((name, *arguments))
            return real(*arguments, **given)  # type: ignore[operator]

        monkeypatch.setattr(contact, name, note)
    return calls


def job(number: int, overrides: str, rows: int = 1, formats: tuple[str, ...] = ("png",)) -> contact.SheetEntry:
    """Return a job whose picture is of one colour."""
    colour = np.array(PillowImage.new("RGB", (64, 64), COLOURS[number]), np.float32).transpose(2, 0, 1) / 127.5 - 1
    directory = Path(str(number))
    save_results(
        {"code": Latents(np.zeros((1, 2)), "w", "m"), "image": Image(np.stack([colour] * rows))}, directory, formats
    )
    return contact.SheetEntry(tuple(overrides.split()), directory)


def colour_of(cell: LabelledPicture) -> tuple[int, ...]:
    return cell.picture.getpixel((5, 5))  # type: ignore[return-value]


def test_two_keys_make_a_table(laid: list[tuple[object, ...]]) -> None:
    jobs = [job(2 * i + j, f"graph=blend seed={i} graph.nodes.fade.stop={j}") for i in range(3) for j in range(2)]
    assert contact.write_contact_sheet(jobs, Path(), 90) == Path("sheet.png")
    ((name, lines, heads, sides),) = laid
    assert name == "lay_table"
    assert heads == ["stop=0", "stop=1"]
    assert sides == ["seed=0", "seed=1", "seed=2"]
    assert [[cell.label for cell in line] for line in lines] == [["#0", "#1"], ["#2", "#3"], ["#4", "#5"]]  # type: ignore[attr-defined]
    assert len({colour_of(cell) for line in lines for cell in line}) == 6  # type: ignore[attr-defined]
    assert colour_of(lines[2][1]) == PillowImage.new("RGB", (1, 1), COLOURS[5]).getpixel((0, 0))  # type: ignore[index]


def test_other_sweeps_make_a_grid(laid: list[tuple[object, ...]]) -> None:
    given = ("seed=1 a.x=1 b.x=2", "seed=2 a.x=1 b.x=3", "seed=3 b.x=2")
    contact.write_contact_sheet([job(number, text) for number, text in enumerate(given)], Path(), 90)
    ((name, cells, *_),) = laid
    assert name == "lay_grid"
    assert [cell.label for cell in cells] == ["#0 seed=1 a.x=1 b.x=2", "#1 seed=2 a.x=1 b.x=3", "#2 seed=3 b.x=2"]  # type: ignore[attr-defined]


def test_labels_name_the_field_of_a_place_in_a_list(laid: list[tuple[object, ...]]) -> None:
    given = ("graph.nodes.box.box.0=0.25", "graph.nodes.box.box.0=0.5")
    contact.write_contact_sheet([job(number, text) for number, text in enumerate(given)], Path(), 90)
    ((_, cells, *_),) = laid
    assert [cell.label for cell in cells] == ["#0 box.0=0.25", "#1 box.0=0.5"]  # type: ignore[attr-defined]


def test_a_failed_job_leaves_a_grey_cell(laid: list[tuple[object, ...]]) -> None:
    jobs = [job(0, "seed=1"), contact.SheetEntry(("seed=2",), None), job(2, "seed=3")]
    contact.write_contact_sheet(jobs, Path(), 90)
    ((_, cells, *_),) = laid
    assert [colour_of(cell) for cell in cells] == [(255, 0, 0), (221, 221, 221), (0, 0, 255)]  # type: ignore[attr-defined]


def test_rows_are_shown_in_the_format_of_the_pictures() -> None:
    jobs = [job(number, f"seed={number}", rows=3, formats=("webp",)) for number in range(2)]
    path = contact.write_contact_sheet(jobs, Path(), 90)
    assert path == Path("sheet.webp")
    with PillowImage.open(path) as sheet:
        assert sheet.width > 3 * 128


def test_no_pictures_no_sheet() -> None:
    assert contact.write_contact_sheet([job(0, "seed=1", formats=("npy",))] * 2, Path(), 90) is None
    assert contact.write_contact_sheet([contact.SheetEntry((), Path("nowhere"))] * 2, Path(), 90) is None


def test_many_jobs_make_smaller_cells(laid: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    one = job(0, "seed=1")
    PillowImage.new("RGB", (512, 512)).save("0/image.png")
    monkeypatch.setattr(contact, "_PIXELS", 40 * 100**2)
    contact.write_contact_sheet(
        [contact.SheetEntry((f"seed={number}",), one.directory) for number in range(40)], Path(), 90
    )
    ((_, cells, *_),) = laid
    assert {cell.picture.size for cell in cells} == {(100, 100)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("launcher", ["fused", "basic"])
def test_a_sweep_ends_with_its_sheet(capsys: pytest.CaptureFixture[str], launcher: str) -> None:
    arguments = ["-m", f"hydra/launcher={launcher}", "graph=blend_horizontal", "seed=1,2", "hydra.sweep.dir=swept"]
    assert main([*arguments, "graph.nodes.fade.stop=0.5,0.75"]) == 0
    assert capsys.readouterr().out.split()[-1] == str(Path("swept/sheet.png").resolve())
    with PillowImage.open("swept/sheet.png") as sheet:
        assert sheet.width > 2 * 128
        assert sheet.height > 2 * 128
    assert main([*arguments[:-1], "hydra.sweep.dir=none", "output.sheet=false"]) == 0
    assert not Path("none/sheet.png").exists()
    assert main([*arguments[:-1], "hydra.sweep.dir=none", "mode=check"]) == 0


def test_one_run_shows_what_each_node_does(capsys: pytest.CaptureFixture[str]) -> None:
    moved = ["graph.nodes.moved={op: shift, of: mix, dx: 0.5}", "graph.nodes.image.of=moved"]
    assert main(["graph=blend_horizontal", *moved, "output.explain=true", "hydra.run.dir=out"]) == 0
    assert not capsys.readouterr().err
    with PillowImage.open("out/explain.png") as sheet:
        assert sheet.height >= 3 * 128 + 2 * 6  # the graph, then without mix and without moved
        whole, alone, unshifted = (np.asarray(sheet)[-top:, -128:][:128].astype(int) for top in (396, 262, 128))
    with PillowImage.open("out/image.png") as image:
        assert np.array_equal(whole, np.asarray(image.resize((128, 128), 0)))
    assert np.abs(whole - alone).mean() > 1
    assert np.abs(whole - unshifted).mean() > 1


def test_a_node_that_is_needed_has_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    taps = [f"graph.nodes.{side}_pass={{op: tap, of: {side}, layer: b8.conv0}}" for side in ("left", "right")]
    read = ["graph.nodes.mix.a=left_pass", "graph.nodes.mix.b=right_pass"]
    assert main(["graph=blend_horizontal", *taps, *read, "output.explain=true", "hydra.run.dir=out"]) == 0
    assert "no line for left_pass, right_pass: the graph does not run without them" in capsys.readouterr().err


def test_one_run_compares_its_sources() -> None:
    assert main(["graph=blend_horizontal", "output.compare=true", "hydra.run.dir=out"]) == 0
    assert {path.name for path in Path("out").glob("*.*")} - {".hydra"} == {"image.png", "compare.png", "manifest.json"}
    with PillowImage.open("out/compare.png") as sheet:
        assert sheet.width == 2 * 6 + 3 * 128 + 2 * 8
    assert main(["graph=patches", "output.compare=[before,image]", "hydra.run.dir=two"]) == 0
    with PillowImage.open("two/compare.png") as sheet:
        assert sheet.width == 2 * 6 + 2 * 128 + 8
