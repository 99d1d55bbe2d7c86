"""Rows: stacks of several values, places of masks by row, walks in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fgraph
from nodes.walk import Walk
from tests.engine.comparing import LANDSCAPE_TERMS, assert_close
from tests.rounding import worst

pytestmark = pytest.mark.numeric


def run(text: str, **options: Any) -> Any:
    return fgraph.run(text, device="cpu", **options)


STACK = """
seed: 5
nodes:
  some: {op: sample, seed: [3, 8]}
  other: {op: sample, count: 3, truncation: 0.7}
  all: {op: stack, of: [some, other, some]}
  one: {op: decode, of: some, clamp: false}
  two: {op: decode, of: other, clamp: false}
  whole: {op: decode, of: all, clamp: false}
  images: {op: stack, of: [two, one]}
outputs: [all, one, two, whole, images]
"""


def test_a_stack_has_the_rows_of_its_parts_in_order() -> None:
    made = run(STACK)
    one, two = made["one"].array, made["two"].array
    assert (made["all"].space, made["all"].rows) == ("w", 7)
    np.testing.assert_array_equal(made["whole"].array, np.concatenate([one, two, one]))
    np.testing.assert_array_equal(made["images"].array, np.concatenate([two, one]))


def test_a_stack_copies_nothing_and_shares_its_rows() -> None:
    """The images of the stack and of its parts are the same rows of the program."""
    plan = fgraph.compile(STACK)
    alone = fgraph.compile(STACK.replace("outputs: [all, one, two, whole, images]", "outputs: [one, two]"))
    assert plan.cost.flops == alone.cost.flops


def test_stacks_of_many_graphs_keep_their_own_rows() -> None:
    graphs = [fgraph.load(STACK, [f"seed={seed}", f"nodes.some.seed=[{seed},9]"]) for seed in (1, 2, 3)]
    together = fgraph.run(graphs, device="cpu")
    for graph, made in zip(graphs, together, strict=True):
        assert_close(made["whole"].array, run(graph)["whole"].array, "whole", LANDSCAPE_TERMS)


def test_masks_are_stacked() -> None:
    made = run("""
    nodes:
      a: {op: mask, kind: constant, value: [0.25, 0.5]}
      b: {op: mask, kind: constant, value: 1}
      m: {op: stack, of: [b, a]}
    outputs: [m]
    """)
    assert made["m"].array[:, 0, 0, 0].tolist() == [1, 0.25, 0.5]


@pytest.mark.parametrize(("parts", "where", "message"), [
    ("[code, mask]", "nodes.m", "the values must be of one kind"),
    ("[code, tapped]", "nodes.m.of[1]", "it takes Latent or Image or Mask"),
    ("[picture, small]", "nodes.m", "the same size to be stacked; these have 64 x 64 and 8 x 8 pixels"),
])  # fmt: skip
def test_values_that_cannot_be_stacked(parts: str, where: str, message: str) -> None:
    faults = fgraph.check(f"""
    nodes:
      code: {{op: sample}}
      tapped: {{op: tap, of: code, layer: b8}}
      mask: {{op: mask, kind: ellipse}}
      picture: {{op: decode, of: code}}
      small: {{op: image, path: landscape.png, size: 8}}
      m: {{op: stack, of: {parts}}}
    outputs: [m]
    """)
    assert [fault.where for fault in faults] == [where]
    assert message in faults[0].message


PLACES: dict[str, tuple[str, list[Any]]] = {
    "box": ("box", [[0, 0, 0.5, 1], [0.5, 0, 0.5, 1]]),
    "ellipse": ("centre", [[0.25, 0.5], [0.75, 0.5]]),
    "polygon": ("points", [[[0, 0], [0.5, 0], [0, 1]], [[1, 1], [0.5, 1], [1, 0]]]),
    "text": ("at", [[0.25, 0.5], [0.75, 0.5]]),
}


@pytest.mark.parametrize("kind", PLACES)
def test_places_of_masks_differ_by_row(kind: str) -> None:
    name, places = PLACES[kind]
    more = {"text": "o"} if kind == "text" else {}
    masks = {"m": {"op": "mask", "kind": kind, name: places, **more}}
    masks |= {f"m{row}": {"op": "mask", "kind": kind, name: place, **more} for row, place in enumerate(places)}
    made = fgraph.run({"nodes": masks, "outputs": list(masks)}, device="cpu")
    assert made["m"].rows == 2
    for row in range(2):
        np.testing.assert_array_equal(made["m"].array[row], made[f"m{row}"].array[0])
    assert not (made["m"].array[0] == made["m"].array[1]).all()


def steps(keys: int, **fields: Any) -> list[tuple[int, float]]:
    return Walk(of="keys", **fields).steps(keys)


def test_a_walk_takes_the_time_that_its_keys_are_given() -> None:
    third, two_thirds = (pytest.approx(part / 3, rel=worst(8, dtype="float64")) for part in (1, 2))
    made = steps(3, frames=5, times=[0, 1, 4])
    assert made == [(0, 0.0), (1, 0.0), (1, third), (1, two_thirds), (1, 1.0)]
    assert steps(2, frames=4, closed=True, times=[0, 3, 4]) == [(0, 0.0), (0, third), (0, two_thirds), (1, 0.0)]


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("ease", ["linear", "smooth", "in", "out"])
def test_equal_times_are_the_default(closed: bool, ease: str) -> None:
    plain = steps(4, frames=12, closed=closed, ease=ease)
    timed = steps(4, frames=12, closed=closed, ease=ease, times=range(5 if closed else 4))
    for (key, t), (other, u) in zip(plain, timed, strict=True):
        assert key + t == pytest.approx(other + u, abs=worst(32, 4, "float64"))  # up to four keys, and a cubic ease


def test_frames_are_placed_by_their_own_times() -> None:
    assert steps(3, at=[0, 0.25, 0.5, 1]) == [(0, 0.0), (0, 0.5), (1, 0.0), (1, 1.0)]
    assert steps(3, at={"from": 0, "to": 1, "count": 3}) == [(0, 0.0), (1, 0.0), (1, 1.0)]
    assert steps(2, at=[1.0], closed=True) == [(1, 1.0)]


def test_a_walk_by_times_is_a_walk_by_frames() -> None:
    made = run("""
    nodes:
      keys: {op: sample, seed: [3, 8, 11]}
      plain: {op: walk, of: keys, frames: 5, path: lerp}
      placed: {op: walk, of: keys, at: {from: 0, to: 1, count: 5}, path: lerp}
    outputs: [plain, placed]
    """)
    np.testing.assert_array_equal(made["plain"].array, made["placed"].array)


@pytest.mark.parametrize(("fields", "message"), [
    ("frames: 5, at: [0, 1]", "give either frames, their number, or at, the time of each"),
    ("times: [0, 1]", "times has 2 numbers for 3 keys"),
    ("times: [0, 1, 2], closed: true", "times has 3 numbers for 3 keys and the return"),
    ("times: [0, 2, 1]", "times must increase: each is greater than the one before"),
    ("at: 2", "found 2, expected a number from 0 to 1, or a list of these"),
])  # fmt: skip
def test_invalid_walks(fields: str, message: str) -> None:
    (fault,) = fgraph.check(f"""
    nodes:
      keys: {{op: sample, seed: [3, 8, 11]}}
      walk: {{op: walk, of: keys, {fields}}}
    outputs: [walk]
    """)
    assert fault.message == message
