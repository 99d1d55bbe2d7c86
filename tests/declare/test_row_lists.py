"""Ranges, keyframes and curves in place of lists with a value for each row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgraph
from fgraph._row_lists import EASES, expand_rows


@pytest.mark.parametrize(("written", "expected"), [
    ({"from": 0, "to": 1, "count": 5}, (0, 0.25, 0.5, 0.75, 1)),
    ({"from": 0, "to": 360, "count": 4, "closed": True}, (0, 90, 180, 270)),
    ({"from": 0, "to": 1, "count": 3, "ease": "in"}, (0, 0.25, 1)),
    ({"from": 0, "to": 1, "count": 3, "ease": "out"}, (0, 0.75, 1)),
    ({"from": 0, "to": 1, "count": 5, "ease": "smooth"}, (0, 0.15625, 0.5, 0.84375, 1)),
    ({"from": 2, "to": 5, "count": 3, "ease": "hold"}, (2, 2, 5)),
    ({"from": [0, 0.5], "to": [1, 0.5], "count": 3}, ((0, 0.5), (0.5, 0.5), (1, 0.5))),
    ({"from": 7, "to": 7, "count": 1}, (7,)),
    ({"keys": {0: 0.0, 4: 1.0}}, (0, 0.25, 0.5, 0.75, 1)),
    ({"keys": {"1": 10, "3": 30}, "count": 6}, (10, 10, 20, 30, 30, 30)),
    ({"keys": {3: "late", 0: "early"}}, ("early", "early", "early", "late")),
    ({"keys": {0: [0, 0], 2: [1, 2]}}, ((0, 0), (0.5, 1), (1, 2))),
])  # fmt: skip
def test_the_values_of_ranges_keyframes_and_curves(written: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert expand_rows(written) == expected


def test_whole_numbers_stay_whole() -> None:
    seeds = expand_rows({"from": 1, "to": 24, "count": 24})
    assert seeds == tuple(range(1, 25))
    assert all(type(seed) is int for seed in seeds)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 50), st.sampled_from(sorted(EASES)))
def test_both_ends_are_exact(start: float, stop: float, count: int, ease: str) -> None:
    values = expand_rows({"from": start, "to": stop, "count": count, "ease": ease})
    assert (len(values), values[0], values[-1]) == (count, start, stop)
    assert all(min(start, stop) <= value <= max(start, stop) for value in values)


@pytest.mark.parametrize(("written", "message"), [
    ({"from": 0, "to": 1}, "a range needs 'count'"),
    ({"from": 0, "count": 3}, "a range needs 'to'"),
    ({"from": 0, "to": 1, "count": 3, "step": 1}, "a range has no 'step'; it has closed, count, ease, from, to"),
    ({"from": 0, "to": 1, "count": 0}, "count is a whole number of rows from 1 to 100000, not 0"),
    ({"from": 0, "to": 1, "count": 10**9}, "count is a whole number of rows from 1 to 100000"),
    ({"from": 0, "to": 1, "count": 3, "ease": "fast"}, "ease is one of linear, smooth, in, out, hold, not 'fast'"),
    ({"from": [0, 1], "to": [0], "count": 3}, "the ends have 2 and 1 numbers"),
    ({"keys": {}}, "keys is a mapping from a row"),
    ({"keys": {-1: 0}}, "a key is a row, a whole number from 0 to 99999, not -1"),
    ({"keys": {10**9: 0}}, "a key is a row"),
    ({"keys": {0: 0, 5: 1}, "count": 4}, "count is 4, and there is a key at row 5"),
    ({"keys": {0: 1, "0": {"a": 1}}}, "two keys are the same row"),
    ({"from": 10**400, "to": 1, "count": 3}, "a number is beyond the range of a float"),
    ({"keys": {0: [1], 2: [10**400]}}, "a number is beyond the range of a float"),
    ({"file": 3}, "file is the path of a curve"),
    ({"file": "curve.xyz"}, "is not a curve: its name ends in"),
    ({"file": "missing.csv"}, "is not a table of numbers"),
    ({"file": "a.wav", "fps": 0}, "fps is the number of frames a second"),
])  # fmt: skip
def test_mistakes(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expand_rows(written)


GRAPH = """
nodes:
  left: {op: sample, seed: {from: 1, to: 3, count: 3}}
  spot: {op: mask, kind: ellipse, centre: {from: [0, 0.5], to: [1, 0.5], count: 3}, alpha: ALPHA}
  mix: {op: blend, a: left, b: left, mask: spot}
  image: {op: decode, of: mix}
outputs: [image]
"""


def test_a_range_equals_the_list_of_its_values() -> None:
    short = fgraph.load(GRAPH.replace("ALPHA", "{keys: {0: 0.5, 2: 1}}"))
    nodes = short.spec.nodes
    assert nodes["left"].per_row_fields()["seed"] == (1, 2, 3)
    assert nodes["spot"].per_row_fields()["centre"] == ((0, 0.5), (0.5, 0.5), (1, 0.5))
    assert nodes["spot"].per_row_fields()["alpha"] == (0.5, 0.75, 1)
    assert fgraph.load(short.to_yaml()).spec.nodes == nodes


def test_an_override_sets_a_range() -> None:
    graph = fgraph.load(GRAPH.replace("ALPHA", "1"), ["nodes.spot.alpha={from: 0, to: 1, count: 3, ease: smooth}"])
    assert graph.spec.nodes["spot"].per_row_fields()["alpha"] == (0, 0.5, 1)


def test_a_curve_is_found_beside_its_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "graphs"
    folder.mkdir()
    np.save(folder / "curve.npy", np.array([0, 0.5, 1], np.float32))
    (folder / "own.yaml").write_text(GRAPH.replace("ALPHA", "{file: curve.npy, from: 1, to: 0}"))
    monkeypatch.chdir(tmp_path)
    graph = fgraph.load("graphs/own.yaml")
    assert graph.spec.nodes["spot"].per_row_fields()["alpha"] == (1, 0.5, 0)


def test_rows_of_two_lengths_are_a_fault() -> None:
    (fault,) = fgraph.check(GRAPH.replace("ALPHA", "{from: 0, to: 1, count: 4}"))
    assert fault.where == "nodes.spot"


@pytest.mark.parametrize(("node", "message"), [
    ("{op: mask, kind: box, box: [1, 2]}", "found [1, 2], expected a list of 4 numbers, or a list of these"),
    ("{op: mask, kind: box, box: [[1, 2, 3, x]]}", "found 'x', expected a number"),
])  # fmt: skip
def test_a_place_that_is_wrong(node: str, message: str) -> None:
    (fault,) = fgraph.check(f"{{nodes: {{n: {node}}}, outputs: [n]}}")
    assert fault.message == message


def test_points_of_a_drag_and_seeds_of_proposals_are_lists_of_rows_too() -> None:
    graph = fgraph.load("""
    nodes:
      code: {op: sample}
      moved: {op: drag, of: code, points: [[0.5, 0.5]], to: {from: [[0.5, 0.5]], to: [[1, 0.5]], count: 3}}
      varied: {op: patches, of: code, patches: {seed: {from: 1, to: 3, count: 3}}}
      image: {op: decode, of: varied}
    outputs: [image, moved]
    """)
    nodes: dict[str, Any] = dict(graph.spec.nodes)
    assert nodes["moved"].to == (((0.5, 0.5),), ((0.75, 0.5),), ((1, 0.5),))
    assert nodes["varied"].patches.seed == (1, 2, 3)
    assert fgraph.check(graph) == []
