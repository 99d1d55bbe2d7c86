"""Tiny random StyleGAN3 generators, made in memory by the published formulas (Karras et al. 2021, appendix C)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal

import numpy as np
import torch

from fgraph.stylegan.generators.digest import content_digest
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.tables.base import Size
from fgraph.stylegan.tables.stylegan3 import PLACE, StyleGAN3Layer, StyleGAN3Table, required_shapes

Kind = Literal["t", "r", "n"]  # n: T, with images half as wide as high, as in StyleGAN-Human
TAPS = 6  # of a filter, at the lower rate


@cache
def tiny_stylegan3(seed: int, kind: Kind = "t", classes: int = 0) -> StyleGAN3Generator:
    """Return a 32-pixel generator of two layers, a critical one and the last. The seed does not change its table."""
    return random_stylegan3(seed, *design(kind, classes))


def random_stylegan3(seed: int, table: StyleGAN3Table, filters: dict[str, torch.Tensor]) -> StyleGAN3Generator:
    """Return a generator of this table with random tensors."""
    draw = torch.Generator().manual_seed(seed)
    tensors = {name: _tensor(name, shape, draw) for name, shape in required_shapes(table).items()}
    tensors |= filters
    tensors["input.freqs"] = torch.randn(table.features, 2, generator=draw) * 0.7
    tensors["w_mean"] = 0.3 * torch.randn(table.w_dim, generator=draw)
    letter = table.architecture[-1] if table.size[0] == table.size[1] else "n"
    return StyleGAN3Generator(table, f"tiny_{letter}{seed}", content_digest(tensors), tensors)


@cache
def design(  # noqa: PLR0917 - callers name the last ones
    kind: Kind, classes: int = 0, size: int = 32, depth: int = 3, critical: int = 1, margin: int = 4, channels: int = 4
) -> tuple[StyleGAN3Table, dict[str, torch.Tensor]]:
    """Return the table of a generator, and the filters of its layers."""
    return _chain(kind, _specified(size, depth, critical, margin, (2.0, 2**2.1)), depth - critical, classes, channels)


@cache
def superresolution(classes: int = 0) -> tuple[StyleGAN3Table, dict[str, torch.Tensor]]:
    """Return table and filters of a StyleGAN-XL of 32 pixels: a stem of 16 without its critical layers, then a head."""
    stem = [one[:2] for one in _specified(16, 4, 2, 4, (2.0, 2**2.1))]
    head = _specified(32, 3, 2, 4, (float(stem[0][-1]), float(stem[1][-1])))
    head[2][0] = stem[2][-1]  # the head starts at the rate of the stem
    head[3][0] = stem[3][-1]
    both: Specs = [np.concatenate(pair) for pair in zip(stem, head, strict=True)]
    return _chain("t", both, 3, classes, 4, first_of_head=2)


Specs = list[Any]  # arrays with an entry for each layer: cutoffs, stopbands, sampling rates, sizes


def _specified(size: int, depth: int, critical: int, margin: int, first: tuple[float, float]) -> Specs:
    exponents = np.minimum(np.arange(depth + 1) / (depth - critical), 1)
    cutoffs = first[0] * (size / 2 / first[0]) ** exponents
    stops = first[1] * (size / 2 * 2**0.3 / first[1]) ** exponents
    rates = np.exp2(np.ceil(np.log2(np.minimum(2 * stops, size)))).astype(int)
    sizes = rates + 2 * margin
    sizes[-2:] = size
    return [cutoffs, stops, rates, sizes]


def _chain(  # noqa: PLR0917 - as above
    kind: Kind, specs: Specs, first_critical: int, classes: int, channels: int, first_of_head: int | None = None
) -> tuple[StyleGAN3Table, dict[str, torch.Tensor]]:
    cutoffs, stops, rates, sizes = specs
    size, depth = int(sizes[-1]), len(sizes) - 1
    widths = np.maximum(stops, rates / 2) - cutoffs

    def shape(side: Any) -> Size:
        return int(side), int(side) >> (kind == "n")

    layers: list[StyleGAN3Layer] = []
    filters: dict[str, torch.Tensor] = {}
    for index in range(depth + 1):
        before, last = max(index - 1, 0), index == depth
        made = 3 if last else channels - index % 2
        taps = 1 if last or kind == "r" else 3
        middle = max(rates[before], rates[index]) * (1 if last else 2)
        up, down = middle // rates[before], middle // rates[index]
        up_taps, down_taps = (1 if last or factor == 1 else TAPS * factor for factor in (up, down))
        radial = kind == "r" and down_taps > 1 and index < first_critical
        padding: list[int] = []
        for narrow in (kind == "n", False):
            total = ((sizes[index] >> narrow) - 1) * down + 1 - ((sizes[before] >> narrow) + taps - 1) * up
            total += up_taps + down_taps - 2
            padding += [(total + up) // 2, total - (total + up) // 2]
        number = index + (first_of_head is not None and index >= first_of_head)  # StyleGAN-XL skips one number
        name = f"L{number}_{sizes[index]}_{made}"
        layers.append(
            StyleGAN3Layer(
                name=name, index=index + 1, kind="torgb" if last else "conv", resolution=int(rates[index]),
                up=int(rates[index] // rates[before]), in_channels=layers[-1].out_channels if layers else channels,
                out_channels=made, style_start=layers[-1].style_slice.stop if layers else PLACE, ws_index=index + 1,
                noise_index=None, in_rate=int(rates[before]), size=shape(rates[index]),
                out_size=shape(sizes[index]), taps=taps, up_factor=int(up),
                down_factor=int(down), up_taps=int(up_taps), down_taps=int(down_taps), radial=radial,
                padding=tuple(map(int, padding)), clamp=256.0,
            )
        )  # fmt: skip
        for end, count, at, two in (("up", up_taps, before, False), ("down", down_taps, index, radial)):
            if count > 1:
                filters[f"{name}.{end}_filter"] = low_pass(int(count), cutoffs[at], 2 * widths[at], middle, two)
    table = StyleGAN3Table(
        size=shape(size), image_channels=3, features=channels, input_size=shape(sizes[0]), input_rate=int(rates[0]),
        bandwidth=float(cutoffs[0]), output_scale=0.25, filtered=tuple(layers), z_dim=8, w_dim=8, mapping_layers=2,
        c_dim=classes, embed_width=8 if classes else 0,
    )  # fmt: skip
    return table, filters


def low_pass(taps: int, cutoff: float, width: float, rate: float, radial: bool) -> torch.Tensor:
    """Return a Kaiser-windowed sinc, or in two dimensions a jinc; it sums to 1."""
    attenuation = 2.285 * (taps - 1) * math.pi * width / (rate / 2) + 7.95
    beta = 0.1102 * (attenuation - 8.7) if attenuation > 50 else 0.0
    if 21 < attenuation <= 50:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    x, window = (np.arange(taps) - (taps - 1) / 2) / rate, np.kaiser(taps, beta)
    if not radial:
        values = np.sinc(2 * cutoff * x) * window
        return torch.from_numpy(values / values.sum()).float()
    radius = torch.from_numpy(np.hypot(*np.meshgrid(x, x))) * math.pi
    values = torch.special.bessel_j1(2 * cutoff * radius).numpy() / radius.numpy() * np.outer(window, window)
    return torch.from_numpy(values / values.sum()).float()


def _tensor(name: str, shape: tuple[int, ...], draw: torch.Generator) -> torch.Tensor:  # noqa: PLR0911
    value: Any = torch.randn(shape, generator=draw)
    if name.startswith("mapping"):
        return value if "embed" in name else value * 100  # the learning rate multiplier is not in the tensors
    if name == "input.affine.weight":
        return 0.3 * value
    if name == "input.affine.bias":
        return torch.tensor([1.0, 0.0, 0.0, 0.0]) + 0.1 * value
    if name == "input.transform":
        return torch.eye(3) + torch.tensor([[0.0, 0.1, 0.05], [-0.1, 0.0, 0.1], [0.0, 0.0, 0.0]])
    if name.endswith("magnitude_ema"):
        return 0.6 + 0.2 * value.abs()
    if name.endswith("_3.weight"):
        return 0.8 * value  # of the last layer, which is not demodulated: images come out near 1
    if name.endswith("affine.bias"):
        return 1 + 0.3 * value
    return 0.2 * value if name.endswith("bias") else value
