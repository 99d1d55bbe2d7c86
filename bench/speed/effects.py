"""The time of the effects of style channels, by batched runs and by StyleCLIP's way, extrapolated to a large model.

    OMP_NUM_THREADS=1 python -m bench.speed.effects

StyleCLIP makes two whole images of each channel and sample. `fgraph effects` runs a sample up to a layer once, and
continues from there with the images of all channels of the layer. Both take the features of images from
EfficientNet-Lite0, a small network in place of CLIP. Some channels of each convolution are measured for one sample, in
turns. The times of config-f at 1024 pixels are extrapolated from the time of one image, by the floating-point
operations of the layers that each way runs. Writes docs/reference/measurements/effects.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

import fgraph
from bench.harness import machine
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import config_f
from fgraph.api.effects import Images, layer_graph, measured_layers
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.tables.base import Layer, Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes
from fgraph.training.features import load_features

MODEL = "landscape"
SAMPLES = 100
CHANNELS = 8  # measured channels of each layer
TURNS = 3
GROUP = 20  # channels of a 1024-pixel model whose images are in one run
SIZES = (None, 256, 128)  # pixels of the images; None: whole
LARGE = config_f(1024)


@dataclass(frozen=True)
class Times:
    """CPU seconds of a layer for the measured channels and one sample."""

    layer: Layer
    batched: float
    whole: float


@dataclass(frozen=True)
class Work:
    """Images of all channels for one sample, and the floating-point operations of the layers in whole images."""

    images: int
    operations: float


def flops(table: Table, start: int, stop: int) -> int:
    """Return the floating-point operations of the layers with σ indices in [start, stop), as `forward_flops` counts."""
    total = 0
    for layer in table.layers[1:]:
        if start <= layer.index < stop:
            pixels = layer.size[0] * layer.size[1] // layer.up**2
            taps = 9 if layer.kind == "conv" else 1
            total += 2 * taps * layer.in_channels * layer.out_channels * pixels
    return total


def work(table: Table, pixels: int | None, *, shared: bool) -> Work:
    """Return the work of a way for one sample; `shared` runs the layers before a layer once in a group."""
    stop = next((one.index for one in table.layers if one.kind == "torgb" and one.resolution == pixels), table.last) + 1
    images, total = 0, 0.0
    for layer in measured_layers(table, pixels):
        before = flops(table, 0, layer.index)
        runs = -(-layer.in_channels // GROUP) if shared else 2 * layer.in_channels
        total += 2 * layer.in_channels * flops(table, layer.index, stop) + runs * before
        images += 2 * layer.in_channels
    return Work(images, total / flops(table, 0, table.last + 1))


def measure(generator: Generator, features: Callable[[Images], object]) -> list[Times]:
    """Measure both ways for each convolution; they take turns."""
    table = generator.table
    styles = generator.affine(
        generator.map(torch.randn(1, table.code_width, generator=torch.Generator().manual_seed(0)))
    )
    style = styles[0].detach().numpy()
    deviations = generator.style_statistics()[1].numpy()
    found = []
    for layer in measured_layers(table, None):
        rows = np.repeat(style[None], 2 * CHANNELS, axis=0)
        for number in range(2 * CHANNELS):
            at = layer.style_start + number // 2
            rows[number, at] += (10 * (number % 2) - 5) * deviations[at]
        nodes = {"code": {"op": "latent", "space": "s", "value": rows}, "image": {"op": "decode", "of": "code"}}
        graphs = {
            "batched": layer_graph(generator, layer, style, rows),
            "whole": {"models": {"main": generator}, "nodes": nodes, "outputs": ["image"]},
        }
        seconds: dict[str, list[float]] = {name: [] for name in graphs}
        for turn in range(TURNS + 1):
            for name, graph in graphs.items():
                start = time.process_time()
                features(fgraph.run(graph, device="cpu")["image"].array)
                if turn:  # the first warms up
                    seconds[name].append(time.process_time() - start)
        found.append(Times(layer, *(statistics.median(seconds[name]) for name in ("batched", "whole"))))
    return found


def extrapolate(seen: float, large: float) -> list[str]:
    """Return a line for each way at 1024 pixels, from the seconds of an image's features and of an image."""
    ways = [("whole images, each from the start", work(LARGE, None, shared=False))]
    for pixels in SIZES:
        size = "whole images" if pixels is None else f"`--pixels {pixels}`"
        ways.append((f"`fgraph effects`, {size}", work(LARGE, pixels, shared=True)))
    return [
        f"| {name} | {one.images // 2:,} | {one.images * SAMPLES:,} | {one.operations / ways[0][1].operations:.0%} | "
        f"{(one.operations * large + one.images * seen) * SAMPLES / 3600:,.0f} |"
        for name, one in ways
    ]


def page(table: Table, found: Sequence[Times], seen: float, large: float) -> str:
    """Return the page; `seen` is the seconds of the features of an image, `large` those of an image of config-f."""
    images = 2 * CHANNELS
    measured = [
        f"| {one.layer.name} | {one.layer.in_channels} | {1000 * one.batched / images:.1f} | "
        f"{1000 * one.whole / images:.1f} | {one.whole / one.batched:.1f} |"
        for one in found
    ]
    hours = [
        sum(getattr(one, name) / CHANNELS * one.layer.in_channels for one in found) * SAMPLES / 3600
        for name in ("batched", "whole")
    ]
    return f"""\
# Effects of style channels

`python -m bench.speed.effects` wrote this page: {machine.versions()}, {machine.processor()}, one thread.
[Text directions](../../how-to/directions.md#text-directions) explains what is measured.

## A small model

CPU milliseconds for one image of the bundled `{MODEL}` ({table.extent} pixels) and its features by EfficientNet-Lite0,
a small network in place of CLIP: {CHANNELS} channels of each layer, one sample, median of {TURNS} turns. *Batched* is
`fgraph effects`. *Whole* runs each image from the first layer, as StyleCLIP's program does, but in one batch.

| layer | channels | batched, ms | whole, ms | ratio |
| --- | --- | --- | --- | --- |
{chr(10).join(measured)}

The features take {1000 * seen:.1f} ms of each time in the table. All channels and {SAMPLES} samples take
{hours[0]:.2f} hours batched and {hours[1]:.2f} hours whole.

## Extrapolated: config-f at 1024 pixels

One image of config-f takes {large:.1f} s on this processor. The hours are not measured. They follow from this speed,
from the floating-point operations of the layers that each way runs, and from the time of the features. They are for
{SAMPLES} samples, with {GROUP} channels in each run.

| way | channels | images | operations | CPU hours |
| --- | --- | --- | --- | --- |
{chr(10).join(extrapolate(seen, large))}

Most channels are in early layers, but most operations are in the later layers of high resolution. So it saves little at
1024 pixels to run the layers before a channel only once. CLIP reads 224 pixels. `--pixels` stops at the RGB of an
earlier block, and measures the channels up to that block. StyleCLIP also measured only the channels up to 128 pixels.
"""


def large_seconds() -> float:
    """Return the CPU seconds of an image of config-f at 1024 pixels, with random weights."""
    draw = torch.Generator().manual_seed(0)
    tensors = {name: torch.randn(shape, generator=draw) for name, shape in required_shapes(LARGE).items()}
    generator = StyleGAN2Generator.from_tensors(LARGE, tensors, name="config-f")
    nodes = {"code": {"op": "sample", "seed": 0, "truncation": 0.5}, "image": {"op": "decode", "of": "code"}}
    plan = fgraph.compile({"models": {"main": generator}, "nodes": nodes, "outputs": ["image"]}, device="cpu")
    seconds = []
    for _ in range(TURNS):
        start = time.process_time()
        fgraph.run(plan)
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    """Measure and write the page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    network = load_features("efficientnet-lite0")

    def features(images: Images) -> object:
        with torch.no_grad():
            return network.see(torch.from_numpy(images), 64)[-1].mean(dim=(2, 3)).numpy()

    generator = fgraph.load_generator(MODEL)
    with torch.no_grad():
        found = measure(generator, features)
    images = np.zeros((2 * CHANNELS, 3, *generator.table.size), np.float32)
    features(images)
    start = time.process_time()
    features(images)
    seen = (time.process_time() - start) / len(images)
    path = MEASUREMENTS / "effects.md"
    path.write_text(page(generator.table, found, seen, large_seconds()), encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
