"""Attribute transfer: the readings of alignment, the places of the parts of a face, and the channels taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgraph
from fgraph.runtime.kernels import owning
from fgraph.stylegan.measured import array_cache
from fgraph.stylegan.measured.ownership import find_owners
from tests.engine.comparing import assert_close
from tests.networks import tiny
from tests.rounding import assert_rounded, assert_summed

pytestmark = pytest.mark.numeric

MAIN = tiny(0, 32)
BOTH: dict[str, Any] = {"one": {"op": "sample", "seed": 1}, "two": {"op": "sample", "seed": 2}}


def run(nodes: dict[str, Any], outputs: list[str], model: Any = MAIN, **more: Any) -> Any:
    return fgraph.run({"models": {"main": model}, "nodes": BOTH | nodes, "outputs": outputs}, device="cpu", **more)


def styles(**align: Any) -> np.ndarray:
    """Return S of `two` aligned to `one`, promoted to S by a change that does nothing."""
    nodes = {
        "posed": {"op": "align", "of": "two", "to": "one", **align},
        "s": {"op": "mix", "a": "posed", "b": "posed"},
    }
    nodes["s"]["layers"] = "1"
    return run(nodes, ["s"])["s"].array[0]


@pytest.mark.parametrize(
    ("align", "taken"),
    [
        ({}, range(6)),
        ({"reading": "code"}, range(4)),
        ({"reading": "code_with_slip"}, range(1, 4)),
        ({"rows": "1"}, (1, 2)),
    ],
)
def test_the_styles_that_each_reading_takes(align: dict[str, Any], taken: Any) -> None:
    """W+ rows 0..3 feed σ 0..5; the code takes σ 0..3, as published 1..3."""
    posed, one = styles(**align), styles(layers="0..")
    two = run({"s": {"op": "mix", "a": "two", "b": "two", "layers": "1"}}, ["s"])["s"].array[0]
    for layer in MAIN.table.layers[1:]:
        wanted = one if layer.index in taken else two
        assert_close(posed[layer.style_slice], wanted[layer.style_slice], layer.name)


@pytest.mark.parametrize(("reading", "layers"), [("code_with_slip", "0,4.."), ("code", "4..")])
def test_an_aligned_code_equals_a_blend_that_leaves_layers_out(reading: str, layers: str) -> None:
    """In face mode, `blend_bbox` mixes σ 0 and σ from 4 on. The source's styles at 1..3 have the same effect."""
    nodes: dict[str, Any] = {
        "where": {"op": "mask", "kind": "box", "box": [0.2, 0.3, 0.5, 0.5], "feather": 0.05},
        "posed": {"op": "align", "of": "two", "to": "one", "reading": reading},
        "aligned": {"op": "blend", "a": "one", "b": "posed", "mask": "where", "layers": "0.."},
        "left_out": {"op": "blend", "a": "one", "b": "two", "mask": "where", "layers": layers},
        "x": {"op": "decode", "of": "aligned"},
        "y": {"op": "decode", "of": "left_out"},
    }
    result = run(nodes, ["x", "y"])
    assert_close(result["x"].array, result["y"].array, reading)


def test_align_takes_one_of_its_choices() -> None:
    nodes = BOTH | {"posed": {"op": "align", "of": "two", "to": "one", "reading": "code", "rows": "0"}}
    (fault,) = fgraph.check({"models": {"main": MAIN}, "nodes": nodes, "outputs": ["posed"]})
    assert "give one of reading, rows and layers, not reading and rows" in fault.message


# -- regions


def drawn(region: str, framing: str, model: str, **more: Any) -> np.ndarray:
    node = {"op": "mask", "kind": "region", "region": region, "framing": framing, **more}
    return run({"mask": node}, ["mask"], model)["mask"].array[0, 0]


@pytest.mark.parametrize("framing", ["ffhq", "avatar"])
def test_regions_lie_where_faces_have_them(framing: str) -> None:
    """From top to bottom: hair, eyes, nose, mouth. Hair and face hardly overlap. The two halves sum to 1."""
    found = {name: drawn(name, framing, "avatar") for name in ("eyes", "nose", "mouth", "face", "hair")}
    rows = np.arange(64)[:, None]
    height = {name: float((mask * rows).sum() / mask.sum()) for name, mask in found.items()}
    assert height["hair"] < height["eyes"] < height["nose"] < height["mouth"]
    for name in ("eyes", "nose", "mouth"):
        assert (found[name] * found["face"]).sum() > 0.8 * found[name].sum(), name
        assert (found[name] * found["hair"]).sum() < 0.15 * found[name].sum(), name
    assert (found["face"] * found["hair"]).sum() < 0.15 * found["hair"].sum()
    left, right = (drawn(f"{side}_half", framing, "avatar") for side in ("left", "right"))
    assert_close(left + right, np.ones_like(left), "the halves")
    assert left[:, :16].min() == 1
    assert left[:, 48:].max() == 0
    assert 0.2 < left[:, 30:34].mean() < 0.8  # soft in the middle


def test_regions_of_ffhq_contain_the_points_that_its_alignment_fixes() -> None:
    points = {
        "eyes": [(0.377, 0.469), (0.623, 0.469)],
        "mouth": [(0.393, 0.725), (0.611, 0.725)],
        "nose": [(0.501, 0.613)],
    }
    for region, places in points.items():
        mask = drawn(region, "ffhq", "avatar")
        assert all(mask[int(y * 64), int(x * 64)] > 0.8 for x, y in places), region


def test_regions_are_the_same_at_every_size() -> None:
    small, large = drawn("hair", "ffhq", MAIN), drawn("hair", "ffhq", "avatar")
    slope = 1 / (0.02 * 64 * np.sqrt(2 * np.pi))  # of an edge, for each pixel of 64: the feather is its σ
    apart = np.abs(large.reshape(32, 2, 32, 2).mean(axis=(1, 3)) - small)
    assert apart.max() < slope / 3  # edges are at the same place to a third of a pixel
    assert np.abs(large.mean() - small.mean()) < 0.005  # of the canvas


# -- owned parts


def taken(model: Any = "avatar", **own: Any) -> dict[str, np.ndarray]:
    nodes: dict[str, Any] = {
        "made": {"op": "own", "of": "one", "reference": "two", "samples": 32, "layer": "b16", "clusters": 6, **own},
        "hair": {"op": "mask", "kind": "region", "region": "hair", "framing": "avatar"},
        "source": {"op": "mix", "a": "one", "b": "one", "layers": "1"},
        "reference": {"op": "mix", "a": "two", "b": "two", "layers": "1"},
    }
    result = run(nodes, ["made", "source", "reference"], model)
    return {name: value.array[0] for name, value in result.items()}


def test_a_budget_of_zero_takes_no_channel_and_an_unlimited_one_takes_all() -> None:
    none, everything = taken(part=0, epsilon=0), taken(part=0, rho=0, epsilon=1e6)
    assert_rounded(none["made"], none["source"], 4)
    assert_rounded(everything["made"], everything["reference"], 4)
    half = taken(part=0, rho=0, epsilon=1e6, strength=0.5)
    assert_rounded(half["made"], (half["source"] + half["reference"]) / 2, 4)


def test_together_moves_each_channel_by_its_share() -> None:
    some = taken(part=[0, 1], how="together", strength=1.0)
    rest = taken(part=[2, 3, 4, 5], how="together", strength=1.0)
    away = some["made"] - some["source"] + rest["made"] - rest["source"]  # shares of all parts sum to 1
    assert_summed(away, some["reference"] - some["source"], 6 * 6)  # shares of six parts, of sums over all samples


def test_a_region_selects_the_parts_inside_it() -> None:
    by_mask = taken(mask="hair", epsilon=10)
    assert 0 < np.count_nonzero(by_mask["made"] != by_mask["source"]) < by_mask["made"].size / 2


def test_owners_are_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(array_cache, "cache_folder", lambda: tmp_path)
    first = taken(part=1, seed=3)["made"]
    (cached,) = (tmp_path / "measured").glob("*.npz")
    array_cache._cached.cache_clear()
    monkeypatch.setattr(owning, "find_owners", lambda *_: pytest.fail("found again"))
    assert np.array_equal(taken(part=1, seed=3)["made"], first)
    cached.write_bytes(cached.read_bytes()[:1000])  # damaged
    array_cache._cached.cache_clear()
    monkeypatch.setattr(owning, "find_owners", find_owners)
    assert np.array_equal(taken(part=1, seed=3)["made"], first)


def test_an_empty_mask_names_no_part() -> None:
    nothing = {"nothing": {"op": "mask", "kind": "constant", "value": 0}}
    graph = {"op": "own", "of": "one", "reference": "two", "samples": 32, "layer": "b16", "clusters": 6}
    nodes = BOTH | nothing | {"made": {**graph, "mask": "nothing"}}
    with pytest.raises(fgraph.RunError, match=r"nodes\.made: the mask covers no part"):
        fgraph.run({"models": {"main": "avatar"}, "nodes": nodes, "outputs": ["made"]})


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, "either part, a number, or mask"),
        ({"part": 0, "mask": "hair"}, "either part, a number, or mask"),
        ({"part": 6}, "there is no part [6]: there are 0 to 5"),
        ({"part": 0, "layer": "b64"}, "name an earlier layer"),
        ({"part": 0, "layer": "b65"}, "no layer 'b65'"),
        ({"part": 0, "layer": "const"}, "it has no parts: name a convolution"),
    ],
)
def test_faults_of_own(own: dict[str, Any], message: str) -> None:
    nodes = BOTH | {"hair": {"op": "mask", "kind": "region", "region": "hair"}}
    nodes["made"] = {"op": "own", "of": "one", "reference": "two", "clusters": 6, **own}
    faults = fgraph.check({"models": {"main": "avatar"}, "nodes": nodes, "outputs": ["made"]})
    assert any(message in fault.message for fault in faults), faults
