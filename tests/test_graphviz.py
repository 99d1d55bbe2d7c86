"""Graphviz, in its own process: its faults are reported."""

import pytest

from fgraph import FgraphError
from fgraph._graphviz import LARGEST, cell, draw, draw_box, extent, table, words
from tests.svg import read_drawing


def box(name: str) -> str:
    return draw_box(name, table([cell(words(name))], border=1), tooltip=name)


def test_a_drawing_stands_alone() -> None:
    svg = draw([box("a")], table([cell(words("a note"))]))
    assert svg.startswith("<svg")
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg
    assert read_drawing(svg).notes == ["a note"]


@pytest.mark.parametrize("missing", ["No module named 'pygraphviz'", "libX11.so.6: cannot open shared object file"])
def test_if_graphviz_cannot_be_loaded_the_error_has_the_cure(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr("fgraph._graphviz._CHILD", f'raise ImportError("{missing}")')
    with pytest.raises(FgraphError, match=r"mode=draw needs Graphviz, .*pip install pygraphviz") as raised:
        draw([box("a")], "")
    assert missing in str(raised.value)


@pytest.mark.parametrize("label", ["<TABLE><TR></TABLE>", "<FONT></FONT>", table([""])])
def test_a_label_that_graphviz_cannot_read_is_an_error_and_not_an_empty_box(label: str) -> None:
    with pytest.raises(FgraphError, match="Graphviz failed: "):
        draw([draw_box("a", label, tooltip="a")], "")


def test_a_process_that_crashes_or_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._graphviz._CHILD", "import os; os._exit(7)")
    with pytest.raises(FgraphError, match="Graphviz failed: its exit code is 7"):
        draw([box("a")], "")
    monkeypatch.setattr("fgraph._graphviz._CHILD", "import time; time.sleep(60)")
    monkeypatch.setattr("fgraph._graphviz._SECONDS", 0.5)
    with pytest.raises(FgraphError, match="was stopped after"):
        draw([box("a")], "")


def test_the_extent_counts_boxes_and_the_columns_that_lines_go_through() -> None:
    assert extent({}) == 0
    assert extent({str(number): [str(number - 1)] if number else [] for number in range(10)}) == 10 + 9
    fan = {"a": [], **{str(number): ["a"] for number in range(LARGEST)}}
    assert extent(fan) == 1 + 2 * LARGEST
