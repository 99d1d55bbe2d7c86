"""The speed of layers by memory layout, order of padding and chunk of rows, as ratios within one run.

    OMP_NUM_THREADS=1 python -m bench.speed.layers

Each line is one layer. `ms` is the time of the first way. The other numbers are ratios to it, and below 1 is faster.
Up-sampling: NCHW with padding after the transposed convolution (the usual way); the same in channels-last; with padded
input. Plain: NCHW; channels-last; by Winograd's algorithm. `sums`: the filter as sums of neighbours, against one
depthwise convolution. `chunked/whole`: the layer of `network.styled_conv` in chunks of rows, against all rows at once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn import winograd
from fgraph.stylegan.nn.resampling import smooth
from fgraph.stylegan.tables import chunk_sizes

REPEATS = 9
LAYERS = [  # rows, in, out, size of the input, up
    (1, 512, 512, 32, 2),
    (1, 512, 256, 64, 2),
    (1, 256, 128, 128, 2),
    (4, 512, 512, 32, 2),
    (8, 128, 64, 8, 2),
    (8, 64, 32, 16, 2),
    (8, 32, 16, 32, 2),
    (64, 32, 16, 32, 2),
    (1, 512, 512, 32, 1),
    (1, 512, 512, 64, 1),
    (1, 256, 256, 128, 1),
    (1, 128, 128, 256, 1),
    (8, 64, 64, 16, 1),
    (8, 32, 32, 32, 1),
    (8, 16, 16, 64, 1),
    (64, 32, 32, 32, 1),
]


def channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def filtered(y: Tensor) -> Tensor:
    return smooth(y, gain=64.0)


def pad_after(x: Tensor, weight: Tensor) -> Tensor:
    return filtered(F.pad(F.conv_transpose2d(x, weight, stride=2), (1, 1, 1, 1)))


def sum_neighbours(y: Tensor) -> Tensor:
    return network._add_neighbours(network._add_neighbours(y, 2), 3)


def pad_before(x: Tensor, weight: Tensor, fir: Callable[[Tensor], Tensor] = filtered) -> Tensor:
    return fir(F.conv_transpose2d(F.pad(x, (1, 1, 1, 1)), weight, stride=2, padding=1))


def by_winograd(x: Tensor, transformed: Tensor) -> Tensor:
    height, width = x.shape[2:]
    made = network.empty_maps((len(x), transformed.shape[2], height, width), x)
    for band, part in winograd.convolve_bands(channels_last(F.pad(x, (1, 1, 1, 1))), transformed, height, width):
        made[:, :, band] = part
    return made


def medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the medians of CPU milliseconds; the ways take turns, so that other work affects all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(REPEATS + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            if turn:
                times[name].append((time.process_time() - start) * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


def convolutions(x: Tensor, weight: Tensor, up: int) -> dict[str, Callable[[], object]]:
    last = channels_last(x)
    if up == 1:
        fast, transformed = network.lay_out(weight, 1), winograd.transform_weight(weight)
        return {
            "NCHW": lambda: F.conv2d(x, weight, padding=1),
            "channels-last": lambda: F.conv2d(last, fast, padding=1),
            "Winograd": lambda: by_winograd(last, transformed),
        }
    transposed = weight.transpose(0, 1).contiguous()
    fast = network.lay_out(weight, 2).transpose(0, 1)
    return {
        "NCHW": lambda: pad_after(x, transposed),
        "channels-last": lambda: pad_after(last, fast),
        "pad input": lambda: pad_before(last, fast),
        "sums": lambda: pad_before(last, fast, sum_neighbours),
    }


def layer(x: Tensor, weight: Tensor, up: int, limit: int) -> Callable[[], object]:
    weight, rows = network.lay_out(weight, up), x.shape[0]
    style, bias, energy = torch.rand(rows, x.shape[1]), torch.rand(weight.shape[0]), network.energy(weight)
    size = x.shape[2] * up
    noise, last = torch.randn(1, 1, size, size), channels_last(x)

    def run() -> None:
        chunk_sizes.CHUNK_BYTES = limit
        network.styled_conv(last, weight, style, bias, noise=noise, strength=bias[0], up=up, weight_energy=energy)

    return run


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    limit = chunk_sizes.CHUNK_BYTES
    for rows, inputs, outputs, size, up in LAYERS:
        x = torch.randn(rows, inputs, size, size)
        weight = torch.randn(outputs, inputs, 3, 3) / (inputs * 9) ** 0.5
        times = medians(convolutions(x, weight, up))
        whole = medians({"whole": layer(x, weight, up, 1 << 40), "chunked": layer(x, weight, up, limit)})
        first = times["NCHW"]
        ratios = "  ".join(f"{name} {value / first:.2f}" for name, value in times.items() if name != "NCHW")
        what = f"{rows:3d} rows {inputs:4d} -> {outputs:4d}, {size:3d} px, up {up}"
        print(f"{what}: NCHW {first:8.2f} ms  {ratios}  | layer chunked/whole {whole['chunked'] / whole['whole']:.2f}")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
