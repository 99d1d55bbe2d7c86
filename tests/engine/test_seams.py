"""Panoramas have no seams where none are promised, and the measure finds the seams of the published way."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import fgraph
from bench.quality import measures, seams
from fgraph.declare.config_source import BUNDLED
from tests.engine.comparing import LANDSCAPE_TERMS
from tests.rounding import assert_rounded, assert_within, likely, worst

pytestmark = pytest.mark.numeric

SEEDS = 12


def array(graph: fgraph.Graph | str, output: str = "panorama", **options: object) -> NDArray[np.float32]:
    return fgraph.run(graph, device="cpu", **options)[output].array


def bundled(name: str, *overrides: str) -> fgraph.Graph:
    return fgraph.load(BUNDLED / "graph" / f"{name}.yaml", overrides)


@pytest.mark.parametrize(
    ("wrap", "grid", "turn"), [("x", (1, 4), (0, 1)), ("y", (4, 1), (1, 0)), ("both", (2, 2), (1, 1))]
)
def test_a_ring_begins_anywhere(wrap: str, grid: tuple[int, int], turn: tuple[int, int]) -> None:
    """Codes rotated by a cell rotate the picture by a cell, so no border between cells differs from another."""
    codes = np.arange(4).reshape(grid)
    text = """
        nodes:
          z: {{op: sample, count: 4, seed: 5, truncation: 0.7}}
          turned: {{op: rows, of: z, take: "{take}"}}
          ring: {{op: mosaic, of: turned, grid: {grid}, wrap: {wrap}}}
          panorama: {{op: decode, of: ring, clamp: false}}
        outputs: [panorama]
    """
    plain, turned = (
        array(text.format(take=",".join(map(str, order.ravel())), grid=list(grid), wrap=wrap), precision="float64")
        for order in (codes, np.roll(codes, turn, axis=(0, 1)))
    )
    cells = np.roll(plain, (turn[0] * 64, turn[1] * 64), axis=(2, 3))
    assert_rounded(cells, turned, 2)  # both are float64 sums, stored in float32
    assert np.abs(plain - turned).max() > 0.1


@pytest.fixture(scope="module")
def rings() -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Steps at the join and at the other borders, of the closed loop and of an open mosaic, over all seeds."""
    return {name: seams.ring_steps(seams.run(graph, "landscape", SEEDS)) for name, graph in RINGS.items()}


RINGS = {"closed": seams.RING, "open": seams.MOSAIC}


def test_the_join_of_a_closed_loop_is_a_column_like_the_others(
    rings: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> None:
    """An exact rank test over the borders of one loop finds no difference; it finds the seam of an open mosaic."""
    assert measures.rank_test(*rings["closed"]) > 0.05
    assert measures.rank_test(*rings["open"]) < 0.001


def test_the_published_way_has_seams_and_the_windows_have_none() -> None:
    published, windows, mosaic = (
        seams.run(graph, "landscape", 3) for graph in (seams.PUBLISHED, seams.WINDOWS, seams.MOSAIC)
    )
    apart = [seams.disagreement(one["spans"], 0.75, 0.25) for one in published]
    assert min(apart) > 0.5  # levels of 255
    for one, whole in zip(windows, mosaic, strict=True):
        assert seams.disagreement(one["spans"], 0.625, 0.375) < 127.5 * likely(LANDSCAPE_TERMS)  # levels of 255
        assert_within(one["panorama"], whole["panorama"], likely(LANDSCAPE_TERMS))


def test_bundled_windows_are_the_mosaic_of_all_codes() -> None:
    windows = bundled("panorama_windows")
    z = windows.spec.nodes["z"]
    whole = windows.decode(windows.mosaic("z", grid=(1, z.count)), id="whole")  # type: ignore[attr-defined]
    results = fgraph.run(windows, outputs={"panorama": "panorama", "whole": whole})
    assert_within(results["panorama"].array, results["whole"].array, likely(LANDSCAPE_TERMS))


def test_a_grid_has_no_seams_in_either_direction() -> None:
    """Borders between cells are like the columns and lines beside them, in both directions."""
    grid = array(bundled("panorama_grid", "nodes.z.count=6", "nodes.grid.grid=[2,3]"))
    assert grid.shape == (1, 3, 128, 192)
    down, across = measures.steps(grid[0].transpose(0, 2, 1)), measures.steps(grid[0])
    assert np.exp(measures.excess(down, [64], (-16, -8, 8, 16)))[0] < 2
    assert np.exp(measures.excess(across, [64, 128])).max() < 2


def test_a_real_picture_takes_its_place_among_drawn_codes() -> None:
    graph = bundled("panorama_real", "nodes.own.steps=3")
    made = fgraph.run(graph, outputs=["own", "z", "codes", "panorama"])
    own, codes, drawn = made["own"].array, made["codes"].array, [0, 1, 3, 4]
    assert codes.shape[0] == 5
    assert_rounded(codes[2], own[0], 2)
    given = np.broadcast_to(made["z"].array[drawn, None], codes[drawn].shape)
    assert_rounded(codes[drawn], given, 2)
    assert made["panorama"].array.shape == (1, 3, 64, 320)


def test_the_permutation_tests() -> None:
    generator = np.random.default_rng(0)
    plain = generator.normal(size=(60, 5))
    assert measures.rank_test(plain[:, 0], plain[:, 1:]) > 0.05
    assert measures.rank_test(plain[:, 0] + 1, plain[:, 1:]) < 0.001
    assert measures.sign_test(plain[:, 0]) > 0.05
    assert measures.sign_test(plain[:, 0] + 1) < 0.001
    found = [measures.rank_test(one[:, 0], one[:, 1:], rounds=500) for one in generator.normal(size=(200, 20, 5))]
    # A tenth of all values, as for valid p; the share of 200 draws has a standard deviation of 0.021.
    assert 0.02 < np.mean(np.array(found) < 0.1) < 0.18
    low, high = measures.interval(plain.ravel())
    assert low < plain.mean() < high


def test_steps_and_their_excess() -> None:
    picture = np.zeros((1, 2, 64))
    picture[:, :, ::2] = 1  # every step is 1
    picture[:, :, 32:] += 3
    assert measures.steps(picture)[[31, 32, 33]].tolist() == [1, 4, 1]
    assert measures.excess(measures.steps(picture), [32])[0] == pytest.approx(np.log(4), rel=worst(16, dtype="float64"))
