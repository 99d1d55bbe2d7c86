"""Codes moved along directions, truncated, and walked between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import fgraph
from fgraph.stylegan.measured.directions import principal_directions
from nodes.walk import catmull_rom
from tests.engine.comparing import assert_close
from tests.networks import tiny
from tests.rounding import assert_rounded, largest, likely, worst
from tests.strategies import load

pytestmark = pytest.mark.numeric

TABLE = tiny(0).table
CODE = {"code": {"op": "sample", "seed": 3, "truncation": 0.5}}
KEYS = {"keys": {"op": "sample", "seed": [3, 4, 5]}}


def run(nodes: dict[str, Any], output: str) -> Any:
    return fgraph.run(load({"nodes": nodes, "outputs": [output]}), device="cpu")[output]


def moved(base: dict[str, Any] | None = None, **node: Any) -> Any:
    return run({**CODE, **(base or {}), "moved": {"op": "direction", "of": "code", **node}}, "moved")


def test_strength_counts_standard_deviations() -> None:
    w = run(CODE, "code").array
    found = principal_directions(tiny(0))
    codes = moved(kind="pca", component=[0, 1], strength=[2, -1])
    assert codes.space == "w"
    expected = w + np.array([2, -1])[:, None] * (found.vectors * found.deviations[:, None])[:2]
    assert_rounded(codes.array, expected, 4)  # product and sum, both from float64
    lengths = moved(kind="pca", component=[0, 1], unit="length", strength=3).array - w
    assert_rounded(np.linalg.norm(lengths, axis=1), 3, 3 * 8)  # the difference of two rounded codes of 8 numbers


def test_only_the_named_rows_move_and_rows_that_layers_cut_lead_to_s() -> None:
    plain, codes = run(CODE, "code").array, moved(kind="pca", rows="1..2")
    assert codes.space == "w+"
    apart = np.abs(codes.array - plain[:, None]).max(axis=(0, 2))
    assert (apart[1:3] > 0.01).all()
    assert apart[[0, *range(3, TABLE.num_ws)]].max() == 0
    styles = moved(kind="pca", layers="b8.conv0")
    assert styles.space == "s"
    unmoved = moved(kind="pca", layers="b8.conv0", strength=0).array
    rounding = likely(TABLE.w_dim, largest(unmoved))
    changed = np.flatnonzero(np.abs(styles.array - unmoved).max(axis=0) > rounding)
    own = TABLE.at(TABLE.pause("b8.conv0")).style_slice
    assert set(changed) <= set(range(own.start, own.stop))
    assert len(changed) > 0


def test_sefa_factorises_the_layers_that_move_by_default() -> None:
    by_layers = moved(kind="sefa", layers="b8.conv1", component=1).array
    assert_rounded(by_layers, moved(kind="sefa", layers="b8.conv1", factorised="b8.conv1", component=1).array, 0)
    assert not np.allclose(by_layers, moved(kind="sefa", layers="b8.conv1", factorised="all", component=1).array)


def test_a_direction_of_w_moves_codes_in_s_as_it_moves_w() -> None:
    nodes = {
        **CODE,
        "first": {"op": "direction", "kind": "pca", "of": "code", "strength": 1.5},
        "styles": {"op": "lerp", "a": "code", "b": "code", "space": "s"},
        "then": {"op": "direction", "kind": "pca", "of": "styles", "strength": 1.5},
        "a": {"op": "decode", "of": "first"},
        "b": {"op": "decode", "of": "then"},
    }
    result = fgraph.run(load({"nodes": nodes, "outputs": ["a", "b", "then"]}), device="cpu")
    assert result["then"].space == "s"
    assert_close(result["a"].array, result["b"].array, "image")


def numbers(*shape: int) -> np.ndarray:
    return np.random.RandomState(7).randn(*shape).astype(np.float32)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".pt", ".safetensors"])
def test_directions_are_read_from_files(ending: str, tmp_path: Path) -> None:
    array, path = numbers(3, 8), tmp_path / f"own{ending}"
    if ending == ".npy":
        np.save(path, array)
    elif ending == ".npz":
        np.savez(path, smile=array)
    elif ending == ".pt":
        torch.save({"smile": torch.from_numpy(array)}, path)
    else:
        save_file({"smile": array}, path)
    codes = moved(kind="file", file=str(path), component=[0, 2], strength=2)
    assert_rounded(codes.array, run(CODE, "code").array + 2 * array[[0, 2]], 4)


def test_files_of_ganspace_and_of_rosinality_are_known(tmp_path: Path) -> None:
    plain, array = run(CODE, "code").array, numbers(4, 1, 8)
    spread = np.array([3, 2, 1, 0.5], np.float32)
    more = {"act_comp": numbers(4, 1, 6), "lat_mean": numbers(1, 8)}
    np.savez(tmp_path / "ganspace.npz", lat_comp=array, lat_stdev=spread, **more)
    codes = moved(kind="file", file=str(tmp_path / "ganspace.npz"), component=1)
    assert_rounded(codes.array, plain + 2 * array[1], 4)
    square = numbers(8, 8)
    torch.save({"ckpt": "own.pt", "eigvec": torch.from_numpy(square)}, tmp_path / "factor.pt")
    codes = moved(kind="file", file=str(tmp_path / "factor.pt"), component=2)
    assert_rounded(codes.array, plain + square[:, 2], 4)


@pytest.mark.parametrize(("shape", "space"), [((8,), "w"), ((1, TABLE.num_ws, 8), "w+"), ((TABLE.style_length,), "s")])
def test_the_shape_decides_the_space_of_a_direction(shape: tuple[int, ...], space: str) -> None:
    assert moved(kind="file", value=numbers(*shape).tolist()).space == space


def test_a_direction_of_z_moves_z() -> None:
    base = {"code": {"op": "sample", "seed": 3}}
    codes = moved(base, kind="file", value=numbers(8).tolist(), space="z", strength=0.5)
    assert codes.space == "z"
    assert_rounded(codes.array, run(base, "code").array + 0.5 * numbers(8), 4)


@pytest.mark.parametrize(
    ("node", "where", "message"),
    [
        ({"kind": "pca", "component": 8}, "nodes.moved.component", "there is no component 8: w has 8"),
        ({"kind": "sefa", "layers": "b8.torgb"}, "nodes.moved.factorised", "none of these layers is a convolution"),
        ({"kind": "file", "value": [1, 2]}, "nodes.moved", "found [2]"),
        ({"kind": "file", "value": [[1] * 8], "component": 1}, "nodes.moved.component", "there are 1, from 0"),
        ({"kind": "file", "value": [1] * 8, "space": "z"}, "nodes.moved", "these codes are in a later space"),
        ({"kind": "file"}, "nodes.moved", "either file or value"),
        ({"kind": "file", "file": "none.npy"}, "nodes.moved", "cannot read none.npy"),
        ({"kind": "pca", "rows": "0", "layers": "b8"}, "nodes.moved", "either rows (of W+) or layers"),
    ],
)
def test_mistakes_are_reported(node: dict[str, Any], where: str, message: str) -> None:
    nodes = {**CODE, "moved": {"op": "direction", "of": "code", **node}}
    faults = fgraph.check({"models": {"main": tiny(0)}, "nodes": nodes, "outputs": ["moved"]})
    assert (faults[0].where, message in faults[0].message) == (where, True), faults


# -- truncation


def test_truncation_means_the_same_in_every_space() -> None:
    nodes = {
        "code": {"op": "sample", "seed": 3},
        "w": {"op": "truncate", "of": "code", "truncation": [0.7, -0.5], "cutoff": 2},
        "styles": {"op": "lerp", "a": "code", "b": "code", "space": "s"},
        "s": {"op": "truncate", "of": "styles", "truncation": [0.7, -0.5], "cutoff": 2},
        "as_s": {"op": "lerp", "a": "w", "b": "w", "space": "s"},
    }
    result = fgraph.run(load({"nodes": nodes, "outputs": ["as_s", "s", "w"]}), device="cpu")
    assert result["s"].array.shape == (2, TABLE.style_length)
    assert_close(result["s"].array, result["as_s"].array, "styles")


def test_a_cutoff_matches_the_published_programs() -> None:
    drawn = run({"code": {"op": "sample", "seed": 3, "truncation": 0.6, "cutoff": 3}}, "code").array
    cut = {
        "code": {"op": "sample", "seed": 3},
        "near": {"op": "truncate", "of": "code", "truncation": 0.6, "cutoff": 3},
    }
    generator = tiny(0)
    ws = generator.map(torch.randn([1, 8], generator=torch.Generator().manual_seed(3)))[:, None].repeat(1, 6, 1)
    ws[:, :3] = generator.w_mean.lerp(ws[:, :3], 0.6)  # NVlabs: x[:, :truncation_cutoff]
    assert TABLE.num_ws == 6
    assert_rounded(drawn, ws, 8)  # lerp by another formula, after the same mapping
    assert_rounded(run(cut, "near").array, ws, 8)


# -- walks


def walk(**node: Any) -> np.ndarray:
    return run({**KEYS, "walk": {"op": "walk", "of": "keys", **node}}, "walk").array


def test_a_walk_goes_through_its_keys() -> None:
    keys = run({**KEYS, "w": {"op": "lerp", "a": "keys", "b": "keys"}}, "w").array
    for path in ("lerp", "spline"):
        assert_rounded(walk(path=path, frames=9)[::4], keys, 8)  # four weighted keys
        assert_rounded(walk(path=path, frames=12, closed=True)[::4], keys, 8)
    z = run(KEYS, "keys").array
    assert_rounded(walk(path="slerp", frames=9)[::4], z, 8)


def test_slerp_turns_evenly() -> None:
    z = run({"keys": {"op": "sample", "seed": [3, 4]}}, "keys").array
    nodes = {
        "keys": {"op": "latent", "space": "z", "value": (z / np.linalg.norm(z, axis=1, keepdims=True)).tolist()},
        "walk": {"op": "walk", "of": "keys", "path": "slerp", "frames": 11},
    }
    frames = run(nodes, "walk").array
    assert_rounded(np.linalg.norm(frames, axis=1), 1, 8)
    turns = np.arccos(np.clip((frames[1:] * frames[:-1]).sum(axis=1), -1, 1))
    # Each frame errs by 8 roundings and their product by 8 more. The slope of arccos is 1 / sin(turn).
    assert np.ptp(turns) <= 2 * worst(3 * 8) / np.sin(turns.min())


def test_a_spline_has_no_corner_and_a_closed_walk_no_seam() -> None:
    frames = walk(path="spline", frames=600, closed=True).astype(np.float64)
    steps = np.roll(frames, -1, axis=0) - frames
    jumps = np.linalg.norm(np.roll(steps, -1, axis=0) - steps, axis=1)
    # A segment has 200 frames: in its time, the velocity changes by no more than ten times itself.
    assert jumps.max() < 10 / 200 * np.linalg.norm(steps, axis=1).max()
    corners = walk(path="lerp", frames=600, closed=True).astype(np.float64)
    steps = np.roll(corners, -1, axis=0) - corners
    assert np.linalg.norm(np.roll(steps, -1, axis=0) - steps, axis=1).max() > 0.5 * np.linalg.norm(steps, axis=1).max()


def test_the_weights_of_a_spline_sum_to_one_and_leave_lines_straight() -> None:
    for t in np.linspace(0, 1, 7):
        weights = np.array(catmull_rom(t))
        rounding = worst(4 * 8, 2, "float64")  # four polynomials of some terms, each times a number of at most 2
        assert weights.sum() == pytest.approx(1, abs=rounding)
        assert weights @ np.arange(-1, 3) == pytest.approx(t, abs=rounding)


def test_a_smooth_walk_rests_at_its_keys() -> None:
    steps = np.linalg.norm(np.diff(walk(path="lerp", frames=41, ease="smooth"), axis=0), axis=1)
    # Of 20 steps of 3t² - 2t³, the first is 0.007 and the longest 0.075, a tenth; one segment may be twice as long.
    assert steps[[0, 19, 20, 39]].max() < 0.2 * steps.max()


def test_all_frames_are_one_batch_and_only_the_codes_move() -> None:
    def nodes(frames: int) -> dict[str, Any]:
        return {
            **KEYS,
            "walk": {"op": "walk", "of": "keys", "path": "slerp", "frames": frames},
            "image": {"op": "decode", "of": "walk"},
        }

    noisy = {"noise": {"mode": "random", "seed": 1}, "outputs": ["image"]}
    many, few = (fgraph.compile(load({"nodes": nodes(n), **noisy}), device="cpu") for n in (40, 5))
    assert many.cost.layer_calls == few.cost.layer_calls
    drawn = [step for step in many.steps if step.op.name == "noise"]
    assert {step.rows for step in drawn} == {1}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({"keys": {"op": "sample"}, "walk": {"op": "walk", "of": "keys"}}, "two keys or more"),
        (
            {
                "keys": {"op": "sample", "count": 2, "truncation": 0.7},
                "walk": {"op": "walk", "of": "keys", "path": "slerp"},
            },
            "the keys are in w: use lerp or spline",
        ),
    ],
)
def test_invalid_walks(nodes: dict[str, Any], message: str) -> None:
    (fault,) = fgraph.check({"nodes": nodes, "outputs": ["walk"]})
    assert fault.where == "nodes.walk"
    assert message in fault.message


def test_style_mixing_takes_ranges_of_layers() -> None:
    mixed = {**KEYS, "mix": {"op": "mix", "a": "keys", "b": "other", "layers": "b4.torgb..b8.conv1"}}
    mixed |= {"other": {"op": "sample", "seed": 9}}
    codes = run(mixed, "mix")
    keys = run({**KEYS, "w": {"op": "lerp", "a": "keys", "b": "keys"}}, "w").array
    assert codes.space == "w+"
    same = np.abs(codes.array - keys[:, None]).max(axis=(0, 2)) == 0
    assert same.tolist() == [True, False, False, True, True, True]
