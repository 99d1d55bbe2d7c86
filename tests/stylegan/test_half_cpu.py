"""Half-precision layers on a CPU compute the layers of full precision, in whatever way their shapes ask for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn import half, half_cpu, stylegan2
from fgraph.stylegan.nn.finishing import Finish
from fgraph.stylegan.nn.half import HalfWeight, half_conv
from fgraph.stylegan.nn.half_cpu import HalfLayer, lines_of
from fgraph.stylegan.tables import chunk_sizes
from tests.rounding import assert_summed, likely

pytestmark = pytest.mark.numeric

INPUTS, OUTPUTS, ROWS = 6, 4, 3
TERMS = 9 * INPUTS + 16 + 8  # of the convolution, the filter and the steps after them


def maps(*shape: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else drawn


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("size", [(3, 5), (1, 1), (4, 70)])
def test_lines_join_to_a_transposed_convolution(padded: bool, size: tuple[int, int]) -> None:
    x, weight = maps(2, INPUTS, *size), maps(OUTPUTS, INPUTS, 3, 3, seed=1)
    inside = F.pad(x, (1, 1, 1, 1))
    expected = F.conv_transpose2d(inside, weight.transpose(0, 1), stride=2, padding=1)
    made = half_cpu._doubled(inside if padded else x, lines_of(weight), None, padded=padded)
    assert_summed(made, expected, 9 * INPUTS)


@pytest.mark.parametrize("width", [5, 80])
def test_padding_a_wide_map_once_more_changes_nothing(width: int) -> None:
    x, weight, bias = maps(1, INPUTS, 4, width), maps(OUTPUTS, INPUTS, 3, 3, seed=1), maps(OUTPUTS, seed=2)
    assert_summed(half_cpu._plain(x, weight, bias, padded=True), F.conv2d(x, weight, bias), 9 * INPUTS)


@pytest.mark.parametrize("is_folded", [False, True])
@pytest.mark.parametrize("up", [1, 2])
@pytest.mark.parametrize("edges", ["none", "x", "y", "xy", "padded"])
@pytest.mark.parametrize("rows_at_once", [1, ROWS])
def test_a_layer_is_the_layer_of_full_precision(
    edges: str, up: int, is_folded: bool, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64 instead of half precision, so that all ways agree except for roundings of float64."""
    for module in (half, stylegan2):
        monkeypatch.setattr(module, "EPSILON", 1e-30)  # of numbers that `half` divides by their largest first
    monkeypatch.setattr(half_cpu, "rows_per_chunk", lambda *_: rows_at_once)
    monkeypatch.setattr(half_cpu, "_WORTH", 0 if is_folded else 1 << 30)
    folds: list[int] = []
    folded = HalfLayer.folded
    monkeypatch.setattr(HalfLayer, "folded", lambda *given: folds.append(given[1]) or folded(*given))  # type: ignore[func-returns-value]
    rest = arguments(edges, up)
    x, weight, style, bias = operands(edges)
    with torch.inference_mode():
        expected = stylegan2.styled_conv(x, weight, style, bias, **rest)
        scaled = HalfWeight.of(weight, up, torch.float64)
        made = half_conv(x, scaled, style, bias, **rest)
        room = torch.full_like(expected, torch.nan)
        half_conv(x, scaled, style, bias, out=room, **rest)
    assert_summed(made, expected, TERMS)
    torch.testing.assert_close(room, made, rtol=0, atol=0)
    assert made.is_contiguous(memory_format=torch.channels_last)
    assert folds == ([0, 1, 2] * 2 if is_folded and rows_at_once == 1 else [])
    assert ("lines" in vars(scaled)) == (up == 2 and not folds)  # lines that no row reads are not made


def operands(edges: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    context = 2 * (edges == "padded")
    x = maps(ROWS, INPUTS, 6 + context, 5 + context)
    return x, maps(OUTPUTS, INPUTS, 3, 3, seed=1), 1 + maps(ROWS, INPUTS, seed=2), maps(OUTPUTS, seed=3)


def arguments(edges: str, up: int) -> dict[str, Any]:
    size = (6 * up, 5 * up)
    return {
        "noise": maps(ROWS, 1, *size, seed=4), "strength": torch.tensor(0.3, dtype=torch.float64), "up": up,
        "wrap_x": "x" in edges, "wrap_y": "y" in edges, "padded": edges == "padded", "activation": "lrelu",
        "gain": 0.5, "clamp": 1.5, "residual": maps(ROWS, OUTPUTS, *size, seed=5),
    }  # fmt: skip


def test_a_result_that_is_in_its_place_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `run_rows` calls the steps of a layer that folds and has no noise: in place, in two views of one tensor."""
    total, offset = maps(1, OUTPUTS, 6, 5), torch.zeros(1, OUTPUTS, 1, 1)
    expected = F.leaky_relu(total, 0.2).clamp(-1, 1)
    monkeypatch.setattr(Tensor, "copy_", None)
    with torch.inference_mode():
        steps = Finish(None, offset, noise=None, activation="lrelu", gain=1.0, clamp=1.0, residual=None)
        steps(total[:, :, 2:], slice(0, 1), slice(2, 6), total[:, :, 2:])
    assert torch.equal(total[:, :, 2:], expected[:, :, 2:])


@pytest.mark.parametrize("is_folded", [False, True])
@pytest.mark.parametrize("up", [1, 2])
def test_a_row_does_not_depend_on_its_batch(up: int, is_folded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that run one by one."""
    monkeypatch.setattr(chunk_sizes, "CHUNK_BYTES", 1)
    monkeypatch.setattr(half_cpu, "_WORTH", 0 if is_folded else 1 << 30)
    x, weight, style, bias = operands("none")
    rest = arguments("none", up) | {"noise": None, "residual": None}
    scaled = HalfWeight.of(weight.float(), up, torch.bfloat16)
    with torch.inference_mode():
        together = half_conv(x.float(), scaled, style.float(), bias.float(), **rest)
        alone = half_conv(x[1:2].float(), scaled, style[1:2].float(), bias.float(), **rest)
    torch.testing.assert_close(together[1:2], alone, rtol=0, atol=0)


def test_the_noise_of_a_layer_without_a_scale_is_added_once() -> None:
    """`Finish` without demodulation, into another tensor."""
    x, (_, weight, style, bias) = maps(1, INPUTS, 6, 5), operands("none")
    rest = arguments("none", 1) | {"noise": maps(1, 1, 6, 5, seed=4), "residual": None, "clamp": None}
    with torch.inference_mode():
        scaled = HalfWeight.of(weight, 1, torch.float64)
        quiet = half_conv(x, scaled, style[:1], bias, **rest | {"noise": None, "activation": "linear"})
        loud = half_conv(x, scaled, style[:1], bias, **rest | {"activation": "linear"})
    expected = (rest["noise"] * rest["strength"] * rest["gain"]).expand_as(loud)
    assert float((loud - quiet - expected).abs().max()) < likely(2, float(loud.abs().max()), "float64")
