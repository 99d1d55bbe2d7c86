"""The cells of a contact sheet: their text, and the picture that `sheet.png#1` names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

import fgraph
from fgraph._errors import FgraphError
from fgraph.cli import main
from fgraph.save import read_record
from fgraph.save.cells import CELLS, Cell, cells_text, find_picture


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def write_sheet(text: str) -> None:
    info = PngInfo()
    info.add_text(CELLS, text)
    PillowImage.new("RGB", (2, 2)).save("sheet.png", pnginfo=info)


def test_a_cell_runs_again(capsys: pytest.CaptureFixture[str]) -> None:
    swept = ["-m", "graph=blend_horizontal", "seed=1,2", "graph.nodes.fade.stop=0.5,0.75", "hydra.sweep.dir=swept"]
    assert main(swept) == 0
    assert main(["from=swept/sheet.png"]) == 2
    printed = capsys.readouterr().err
    assert "swept/sheet.png is the sheet of a sweep" in printed
    assert "#2 graph=blend_horizontal seed=2 graph.nodes.fade.stop=0.5\n" in printed
    assert main(["from=swept/sheet.png#2", "hydra.run.dir=again"]) == 0
    first, second = (read_record(f"{place}/image.png") for place in ("swept/2", "again"))
    assert first.graph == second.graph
    assert "seed: 2" in second.graph
    assert fgraph.load("swept/sheet.png#3").spec.seed == 2
    assert main(["from=swept/sheet.png#4"]) == 2
    assert "swept/sheet.png has no cell 4" in capsys.readouterr().err
    Path("swept/1/image.png").unlink()
    assert main(["from=swept/sheet.png#1"]) == 2
    assert "swept/1/image.png, cell 1 of swept/sheet.png, is missing" in capsys.readouterr().err


def test_a_file_of_such_a_name_is_that_file() -> None:
    PillowImage.new("RGB", (2, 2)).save("a.png")
    Path("a.png").rename("a.png#1")
    assert find_picture("a.png#1") == Path("a.png#1")


def test_a_job_without_a_picture() -> None:
    write_sheet(cells_text([Cell(0, ("seed=1",), None)])[CELLS])
    with pytest.raises(FgraphError, match="job 0 failed and has no picture"):
        find_picture("sheet.png#0")
    with pytest.raises(FgraphError, match=re.escape("#0 seed=1 (no picture)")):
        read_record("sheet.png")


def test_a_picture_that_is_not_a_sheet() -> None:
    PillowImage.new("RGB", (2, 2)).save("bare.png")
    with pytest.raises(FgraphError, match=r"bare\.png is not the sheet of a sweep"):
        find_picture("bare.png#0")


@pytest.mark.parametrize(
    "picture", ["/etc/passwd.png", "../other.png", "a/../../b.png", "..\\b.png", "C:b.png", 7, [1]]
)
def test_a_forged_sheet_names_pictures_beside_it_only(picture: object) -> None:
    write_sheet(json.dumps([{"job": 0, "overrides": [], "picture": picture}]))
    with pytest.raises(FgraphError, match="the list of its cells is damaged"):
        find_picture("sheet.png#0")


@pytest.mark.parametrize("text", ["", "{}", "3", '[{"job": "x"}]', "[" * 5000, "[3]", '[{"job": 1, "overrides": 3}]'])
def test_damaged_sheets(text: str) -> None:
    write_sheet(text)
    with pytest.raises(FgraphError, match=r"is damaged|has no cell 1"):
        find_picture("sheet.png#1")
