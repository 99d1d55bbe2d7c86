"""The effects of style channels: equal to those of images made one by one, with shared work in batched runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.api import effects as measuring
from fgraph.api.effects import EffectSettings, layer_graph, measure_effects
from fgraph.cli import main
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.channel_effects import effects_of
from tests.networks import tiny
from tests.rounding import assert_no_worse

pytestmark = pytest.mark.numeric

G = tiny(0)
CONVS = [layer for layer in G.table.layers[1:] if layer.kind == "conv"]
PROJECTION = np.random.RandomState(3).randn(3 * 16 * 16, 7)
SETTINGS = EffectSettings(samples=2, strength=3.0, truncation=0.7, cutoff=4, seed=5)


def features(images: np.ndarray) -> Any:
    return images.reshape(len(images), -1).astype(np.float64) @ PROJECTION


def mirrored(generator: StyleGAN2Generator, axes: tuple[int, ...]) -> StyleGAN2Generator:
    """Return the generator of mirrored images, which adds the same numbers in another order."""
    tensors = {name: one.flip(axes) if one.ndim == 4 else one for name, one in generator.tensors.items()}
    return StyleGAN2Generator.from_tensors(generator.table, tensors)


def one_by_one(generator: StyleGAN2Generator, axes: tuple[int, ...] = ()) -> np.ndarray:
    """Return the effects as StyleCLIP's SingleChannel.py finds them: two whole images for each channel and sample.

    The images are mirrored along `axes` before they are measured.
    """
    mean, deviation = generator.style_statistics()
    z = torch.cat([torch.randn(1, 8, generator=torch.Generator().manual_seed(seed)) for seed in (5, 6)]).to(mean)
    with torch.no_grad():
        styles = generator.affine(generator.truncate(generator.map(z), 0.7, 4))
        seen = []
        for layer in CONVS:
            for at in range(layer.style_start, layer.style_start + layer.in_channels):
                for sign in (-1, 1):
                    moved = styles.clone()
                    moved[:, at] = mean[at] + sign * 3 * deviation[at]
                    seen.append(features(generator.synthesise(moved).clamp(-1, 1).flip(axes).numpy()))
    both = np.array(seen).reshape(-1, 2, 2, 7)  # [channels, low or high, samples, F]
    return effects_of(both[:, 0], both[:, 1])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_effects_equal_those_of_images_made_one_by_one() -> None:
    counted: list[int] = []
    found = measure_effects(G, features, "own", SETTINGS, device="cpu", advance=counted.append)
    assert found.shape == (sum(layer.in_channels for layer in CONVS), 7)
    assert sum(counted) == 4 * len(found)
    references = [one_by_one(mirrored(G, axes), axes) for axes in ((), (2,), (3,), (2, 3))]
    assert_no_worse(found, references, one_by_one(G.to(dtype=torch.float64)))


def test_layers_that_are_cached_are_not_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = measure_effects(G, features, "cached", SETTINGS, layers=2, device="cpu")
    calls: list[str] = []
    real = measuring._Measurement.of

    def counted(self: Any, layer: Any) -> Any:
        calls.append(layer.name)
        return real(self, layer)

    monkeypatch.setattr(measuring._Measurement, "of", counted)
    again = measure_effects(G, features, "cached", SETTINGS, layers=3, device="cpu")
    assert calls == [CONVS[2].name]
    np.testing.assert_array_equal(again[: len(first)], first)


def test_a_sample_runs_once_up_to_the_layer() -> None:
    rows = np.repeat(np.arange(6, dtype=np.float32)[:, None], G.table.style_length, axis=1)
    plan = fgraph.compile(layer_graph(G, CONVS[3], rows[0], rows), device="cpu")
    counts = {getattr(step.op, "layer").name: step.rows for step in plan.steps if step.op.name == "conv"}  # noqa: B009
    assert counts == {"b4.conv1": 1, "b8.conv0": 1, "b8.conv1": 1, "b16.conv0": 6, "b16.conv1": 6}


def test_images_of_an_earlier_block() -> None:
    seen: list[tuple[int, ...]] = []

    def features_of_rgb(images: np.ndarray) -> Any:
        seen.append(images.shape[1:])
        return images.reshape(len(images), -1).astype(np.float64) @ PROJECTION[: 3 * 8 * 8]

    settings = EffectSettings(samples=1, pixels=8)
    found = measure_effects(G, features_of_rgb, "small", settings, device="cpu")
    assert set(seen) == {(3, 8, 8)}
    assert len(found) == sum(layer.in_channels for layer in CONVS if layer.resolution <= 8)
    whole = measure_effects(G, features, "own", EffectSettings(samples=1, pixels=16), device="cpu")
    np.testing.assert_array_equal(whole, measure_effects(G, features, "own", EffectSettings(samples=1), device="cpu"))
    with pytest.raises(fgraph.FgraphError, match=r"this model \(skip, 16 pixels\) has no RGB of this size"):
        measure_effects(G, features, "own", EffectSettings(pixels=12), device="cpu")


def test_features_must_fit() -> None:
    with pytest.raises(fgraph.FgraphError, match=r"features of 1 images have shape \[3\]; expected \[rows, F\]"):
        measure_effects(G, lambda images: np.zeros(3), "bad", SETTINGS, device="cpu")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("see.py").write_text("def see(images):\n    return images.mean(axis=(2, 3))\n")
    arguments = ["effects", "--model", "landscape", "--target", "out/fs3.npy", "--samples", "1", "--layers", "1"]
    assert main([*arguments, "--features", "see.py:see", "--device", "cpu"]) == 0
    table = fgraph.load_generator("landscape").table
    count = table.at(0).in_channels
    assert f"out/fs3.npy  {count} channels, 3 features, 1 samples" in capsys.readouterr().out
    found = np.load("out/fs3.npy")
    assert (found.shape, found.dtype) == ((count, 3), np.float32)
    for features_given, message in (
        ("see.py:nothing", "has no function 'nothing'"),
        ("see", "expected clip"),
    ):
        assert main([*arguments, "--features", features_given]) == 2
        assert message in capsys.readouterr().err


def test_the_command_without_clip(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    from fgraph.runtime.kernels import clip

    monkeypatch.setitem(sys.modules, "open_clip", None)
    clip.load_clip.cache_clear()
    assert main(["effects", "--model", "landscape", "--target", "fs3.npy"]) == 2
    assert "pip install 'fgraph-gan[clip]'" in capsys.readouterr().err
