"""Measurements of a generator: components of W, factors of its affines, groups of channels, cached by digest."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch

from fgraph._cache import read_cached, write_cached
from fgraph.stylegan.generators.statistics import sample_w
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured import array_cache, directions
from fgraph.stylegan.measured.clustering import channel_clusters
from fgraph.stylegan.measured.directions import factorised_directions, principal_directions
from tests.networks import tiny
from tests.rounding import assert_rounded, assert_summed

pytestmark = pytest.mark.numeric

# Two decompositions turn a vector by 8 reflections each: sums of 8 terms and an update (Higham 2002, theorem 19.4).
REFLECTIONS = 2 * 8 * (8 + 2) + 8


@pytest.fixture
def nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(array_cache, "cache_folder", lambda: tmp_path)
    return tmp_path


def samples(generator: StyleGAN2Generator) -> np.ndarray:
    return torch.cat(list(sample_w(generator.table, generator.tensors))).double().numpy()


def test_principal_directions_match_the_samples() -> None:
    found, w = principal_directions(tiny(0)), samples(tiny(0))
    assert_rounded(found.vectors @ found.vectors.T, np.eye(8), REFLECTIONS)
    along = (w - w.mean(axis=0)) @ found.vectors.T
    assert_summed(along.var(axis=0, ddof=1), found.deviations**2, len(w) + REFLECTIONS)
    assert (np.diff(found.deviations) <= 0).all()
    _, lengths, rows = np.linalg.svd(w - w.mean(axis=0), full_matrices=False)
    assert_rounded(np.abs((rows * found.vectors).sum(axis=1)), 1, REFLECTIONS)
    assert_summed(lengths**2 / (len(w) - 1), found.deviations**2, len(w) + REFLECTIONS)
    assert (found.vectors[np.arange(8), np.abs(found.vectors).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("normalised", [False, True])
def test_factorised_directions_change_the_styles_most(normalised: bool) -> None:
    generator, layers = tiny(0), [1, 2]
    found = factorised_directions(generator, layers, normalised=normalised)
    names = [f"{generator.table.at(layer).name}.affine.weight" for layer in layers]
    affine = np.concatenate([generator.tensors[name].double().numpy() for name in names]) / np.sqrt(8)
    if normalised:
        affine /= np.linalg.norm(affine, axis=1, keepdims=True)
    _, lengths, rows = np.linalg.svd(affine)
    count = min(affine.shape)
    assert_summed(found.strengths[:count], lengths**2, len(affine) + REFLECTIONS)
    assert_rounded(np.abs((rows[:count] * found.vectors[:count]).sum(axis=1)), 1, REFLECTIONS)
    drawn = np.random.RandomState(0).randn(200, 8)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    most = np.linalg.norm(affine @ found.vectors[0])
    assert np.linalg.norm(affine @ drawn.T, axis=0).max() <= most
    w = samples(generator)
    assert_summed((w @ found.vectors.T).var(axis=0, ddof=1), found.deviations**2, len(w) + REFLECTIONS)


def test_measurements_are_cached_by_digest(nothing_kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = principal_directions(tiny(0))
    (file,) = (nothing_kept / "measured").iterdir()
    array_cache._cached.cache_clear()  # as in another process
    with monkeypatch.context() as patch:
        patch.setattr(directions, "w_moments", lambda *_: pytest.fail("measured again"))
        assert np.array_equal(principal_directions(tiny(0)).vectors, first.vectors)
    principal_directions(tiny(1))
    assert len(list(file.parent.iterdir())) == 2
    array_cache._cached.cache_clear()
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(principal_directions(tiny(0)).vectors, first.vectors)
    assert len(file.read_bytes()) > 100
    array_cache._cached.cache_clear()


def damaged(arrays: dict[str, np.ndarray], case: str) -> dict[str, np.ndarray]:
    vectors = arrays["vectors"].copy()
    vectors[0, 0] = np.nan
    return {
        "a number that is not finite": arrays | {"vectors": vectors},
        "another shape": arrays | {"vectors": arrays["vectors"][:3]},
        "another type": arrays | {"variances": arrays["variances"].astype(np.float32)},
        "a missing array": {"vectors": arrays["vectors"]},
    }[case]


@pytest.mark.parametrize(
    "case", ["a number that is not finite", "another shape", "another type", "a missing array", "another digest"]
)
def test_a_valid_cache_file_with_wrong_arrays_is_made_again(
    nothing_kept: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    first = principal_directions(tiny(0))
    (file,) = (nothing_kept / "measured").iterdir()
    content = read_cached(file, 1 << 20)
    assert content is not None
    if case == "another digest":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    else:
        changed = io.BytesIO()
        with np.load(io.BytesIO(content)) as loaded:
            np.savez(changed, **damaged(dict(loaded), case))
        write_cached(file, changed.getvalue())
    array_cache._cached.cache_clear()
    assert np.array_equal(principal_directions(tiny(0)).vectors, first.vectors)
    assert "is damaged and made again" in caplog.text
    assert read_cached(file, 1 << 20) == content
    array_cache._cached.cache_clear()


def test_a_cache_that_cannot_be_written_is_not_needed(nothing_kept: Path) -> None:
    (nothing_kept / "measured").write_text("a file where a folder is needed")
    assert len(principal_directions(tiny(0)).vectors) == 8
    array_cache._cached.cache_clear()


def test_clusters_of_channels_are_numbered_by_size() -> None:
    groups = channel_clusters(tiny(0), "b8.conv1", 3)
    sizes = np.bincount(groups)
    assert len(groups) == 5
    assert sizes.tolist() == sorted(sizes, reverse=True)
    assert sizes.min() > 0
    assert np.array_equal(channel_clusters(tiny(0), "b8.conv1", 1), np.zeros(5))
    assert sorted(channel_clusters(tiny(0), "b8.conv1", 5)) == [0, 1, 2, 3, 4]


def test_similar_channels_are_one_cluster() -> None:
    generator = tiny(0)
    tensors = dict(generator.tensors)
    for name in ("weight", "bias"):
        twin = tensors[f"b8.conv1.{name}"].clone()
        twin[3] = 2 * twin[1]  # the same map, and twice as strong before demodulation
        tensors[f"b8.conv1.{name}"] = twin
    made = StyleGAN2Generator.from_tensors(generator.table, tensors, name="twins")
    groups = channel_clusters(made, "b8.conv1", 4)
    assert groups[1] == groups[3]


@pytest.mark.parametrize(("layer", "count"), [("b8.torgb", 2), ("b8.conv1", 6), ("b8.conv1", 0)])
def test_invalid_clusters(layer: str, count: int) -> None:
    with pytest.raises(ValueError, match=r"not one|clusters are possible"):
        channel_clusters(tiny(0), layer, count)
