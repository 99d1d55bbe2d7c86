"""Rows are independent, chunks do not change results, and gradients flow."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.tables import chunk_sizes
from tests.rounding import assert_summed, likely, network_terms

pytestmark = pytest.mark.numeric


def test_a_row_does_not_depend_on_its_batch(small: StyleGAN2Generator, styles: Tensor) -> None:
    with torch.no_grad():
        together = small.synthesise(styles)
        for i, row in enumerate(styles):
            assert_summed(together[i : i + 1], small.synthesise(row[None]), network_terms(small.table))


@pytest.mark.parametrize("space", ["w", "w+"])
def test_styles_have_the_bits_of_their_affine_layers(small: StyleGAN2Generator, space: str) -> None:
    """A generator keeps the weights with their gain, which does not show."""
    table = small.table
    w = torch.randn(2, *[table.num_ws] * (space == "w+"), table.w_dim, generator=torch.Generator().manual_seed(0))
    weight, bias = small.affine_parts
    parts = [(layer.ws_index, layer.style_slice) for layer in table.layers[1:]]
    expected = (
        network.affine(w, weight, bias)
        if space == "w"
        else torch.cat([network.affine(w[:, row], weight[part], bias[part]) for row, part in parts], dim=1)
    )
    torch.testing.assert_close(small.affine(w), expected, rtol=0, atol=0)


def test_chunks_do_not_show(small: StyleGAN2Generator, styles: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = [
        torch.randn(5, 1, layer.resolution, layer.resolution) for layer in small.table.layers if layer.kind == "conv"
    ]
    with torch.no_grad():
        whole = small.synthesise(styles, noise)
        calls = []
        monkeypatch.setattr(chunk_sizes, "CHUNK_BYTES", 1 << 17)
        rows_per_chunk = network.rows_per_chunk  # type: ignore[attr-defined]
        monkeypatch.setattr(network, "rows_per_chunk", lambda *a: calls.append(rows_per_chunk(*a)) or calls[-1])  # type: ignore[func-returns-value]
        assert_summed(small.synthesise(styles, noise), whole, network_terms(small.table))
    assert {chunk for chunk in calls if chunk < 5} == {1, 2, 4}  # five rows are cut whole, evenly and unevenly


def test_results_are_channels_last(small: StyleGAN2Generator, styles: Tensor) -> None:
    with torch.no_grad():
        layer = small.table.layers[1]
        x = small.const().expand(2, -1, -1, -1)
        y = small.conv(layer, x, styles[:2, layer.style_slice], small.noise_const(layer))
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_gradients_reach_styles_and_noise(small: StyleGAN2Generator, styles: Tensor) -> None:
    """The gradient agrees with a difference quotient, whose step is too small to cross many kinks of ReLUs."""
    generator = small.to(dtype=torch.float64)
    s = styles[:1].double().requires_grad_()
    noise = [
        generator.noise_const(layer).clone().requires_grad_() for layer in small.table.layers if layer.kind == "conv"
    ]
    generator.synthesise(s, noise).square().mean().backward()
    assert all(n.grad is not None and n.grad.abs().max() > 0 for n in noise)
    direction = torch.randn(s.shape, dtype=s.dtype, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ahead, behind = (generator.synthesise(s + h * direction, noise).square().mean() for h in (1e-7, -1e-7))
    slope = (s.grad * direction).sum()  # type: ignore[operator]
    # The quotient divides the rounding of two losses by 2e-7; the next term of the series is near 1e-14.
    rounding = likely(network_terms(small.table), ahead.item(), "float64") / 2e-7
    assert slope.item() == pytest.approx(((ahead - behind) / 2e-7).item(), abs=rounding)


def test_gradients_reach_weights(small: StyleGAN2Generator, styles: Tensor) -> None:
    """Cached values of tensors are not used while the tensors are trained."""
    trained = {key: value.clone().requires_grad_() for key, value in small.tensors.items()}
    generator = type(small)(small.table, "trained", "", trained)
    for _ in range(2):
        generator.synthesise(generator.affine(generator.map(torch.randn(1, 64)))).mean().backward()
    unused = {"w_mean"}
    assert {key for key, value in trained.items() if value.grad is None} == unused
    with torch.no_grad():
        before = generator.synthesise(styles[:1])
        trained["b4.conv1.weight"].mul_(torch.linspace(0, 1, 32)[None, :, None, None])
        assert (generator.synthesise(styles[:1]) - before).abs().max() > 1e-3


def test_use_in_inference_mode_leaves_gradients_possible(goldens: Path) -> None:
    from fgraph.stylegan.loading import load_stylegan2

    with torch.inference_mode():
        generator = load_stylegan2(goldens / "soat64_a.pt")
        s = generator.affine(generator.map(torch.randn(1, 64)))
        generator.synthesise(s)
    leaf = s.clone().requires_grad_()
    generator.synthesise(leaf).mean().backward()
    w = torch.randn(1, 64, requires_grad=True)
    generator.affine(w).sum().backward()
    assert leaf.grad.abs().max() > 0  # type: ignore[union-attr]
    assert w.grad.abs().max() > 0  # type: ignore[union-attr]
