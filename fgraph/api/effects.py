"""The effects of the style channels of a model on features of its images, which directions of kind text need.

StyleCLIP's SingleChannel.py makes both images of each channel and each sample from the start. Here, a sample runs once
up to a layer, and the images of all channels of the layer continue from there as rows of one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fgraph._errors import FgraphError
from fgraph.api.pipeline import run
from fgraph.stylegan.measured.channel_effects import unit_changes
from fgraph.stylegan.tables.base import Layer, Table

if TYPE_CHECKING:
    from fgraph.stylegan.generators.base import Generator

Images = NDArray[np.float32]
Features = Callable[[Images], NDArray[Any]]  # images [rows, C, H, W] in [-1, 1] -> features [rows, F]
_IMAGES = 256 << 20  # bytes of the images of one run
_MOST_CHANNELS = 64  # most channels of one run


@dataclass(frozen=True)
class EffectSettings:
    """The settings of the measurement; StyleCLIP has the same defaults."""

    samples: int = 100
    strength: float = 5.0  # standard deviations of a channel, up and down from its mean
    truncation: float = 0.7
    cutoff: int = 8  # rows of W+ that are truncated
    seed: int = 0  # seed of the first sample
    pixels: int | None = None  # the block whose RGB are the images, such as 256; None: whole images


def measure_effects(
    generator: Generator,
    features: Features,
    name: str,
    settings: EffectSettings = EffectSettings(),  # it is frozen
    *,
    layers: int | None = None,
    device: str = "auto",
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """Return the effects of the channels of convolutions, [channels, F], as rows of `fs3.npy`.

    Each layer is cached by the digest of the generator, `name` and the settings, so that an interrupted measurement
    resumes. The effect of a channel is the change of the features from `strength` deviations below its mean to as many
    above it. Changes are scaled to length 1, averaged over samples, and scaled to length 1 again.

    Args:
        generator: the generator.
        features: the network that sees the images, such as CLIP.
        name: a name for `features` in the cache.
        settings: samples and strength.
        layers: the number of convolutions, from the first; None: all, or with `pixels` all up to that block.
        device: the device that makes images.
        advance: called with the number of images after each run.

    Raises:
        FgraphError: the features do not have one row for each image, or the model makes no image of `pixels`.
    """
    from fgraph.stylegan.measured.array_cache import cached_arrays

    chosen = measured_layers(generator.table, settings.pixels)[:layers]
    styles = _sample_styles(settings, generator, device)
    measurement = _Measurement(generator, features, settings, styles, device, advance)
    width = measurement.width()
    made = []
    for layer in chosen:
        description = f"effects of {layer.name} on {name}, {settings}, 1"
        schema = {"effects": ("float64", (layer.in_channels, width))}
        found = cached_arrays(generator, description, schema, partial(measurement.arrays, layer))
        made.append(found["effects"])
    return np.concatenate(made)


def measured_layers(table: Table, pixels: int | None) -> Sequence[Layer]:
    """Return the convolutions that the RGB of block `pixels` depends on; for whole images (None), all of them.

    Raises:
        FgraphError: no such block of the model makes RGB.
    """
    last = table.last
    if pixels is not None and pixels != table.resolution:
        rgb = [layer for layer in table.layers[1:] if layer.kind == "torgb" and layer.resolution == pixels]
        if not rgb or table.architecture != "skip":
            raise FgraphError(
                f"pixels={pixels}: this model ({table.architecture}, {table.extent} pixels) has no RGB of this size"
            )
        last = rgb[0].index
    return [layer for layer in table.layers[1:] if layer.kind == "conv" and layer.index <= last]


def _sample_styles(settings: EffectSettings, generator: Generator, device: str) -> NDArray[np.float32]:
    """Return the styles of the samples, [samples, styles]."""
    seeds = list(range(settings.seed, settings.seed + settings.samples))
    code: dict[str, Any] = {"op": "sample", "seed": seeds, "truncation": settings.truncation}
    code["cutoff"] = min(settings.cutoff, generator.table.num_ws)
    if generator.table.c_dim:
        code["class"] = [number % generator.table.c_dim for number in range(settings.samples)]
    nodes = {"code": code, "styles": {"op": "lerp", "a": "code", "b": "code", "space": "s"}}
    document = {"models": {"main": generator}, "nodes": nodes, "outputs": ["styles"]}
    found: NDArray[np.float32] = run(document, device=device)["styles"].array
    return found


def layer_graph(
    generator: Generator,
    layer: Layer,
    style: NDArray[np.float32],
    rows: NDArray[np.float32],
    pixels: int | None = None,
) -> dict[str, Any]:
    """Return the graph of the images of styles that differ from those of one sample at a layer only.

    Args:
        generator: the generator.
        layer: the layer; the pass before it runs once.
        style: the style of the sample, [styles].
        rows: the styles of the images, [rows, styles].
        pixels: the block whose RGB are the images; if it is not the model's last, the output is the pass after this
            RGB.
    """
    before = generator.table.at(layer.index - 1).name if layer.index else "const"
    whole = pixels is None or pixels == generator.table.resolution
    nodes = {
        "base": {"op": "latent", "space": "s", "value": style[None]},
        "trunk": {"op": "tap", "of": "base", "layer": before},
        "edited": {"op": "latent", "space": "s", "value": rows},
        "rest": {"op": "restyle", "of": "trunk", "latent": "edited"},
        "image": {"op": "decode", "of": "rest"} if whole else {"op": "tap", "of": "rest", "layer": f"b{pixels}.torgb"},
    }
    return {"models": {"main": generator}, "nodes": nodes, "outputs": ["image"]}


@dataclass(frozen=True)
class _Measurement:
    """The measurement of one model by one network."""

    generator: Generator
    features: Features
    settings: EffectSettings
    styles: NDArray[np.float32]
    device: str
    advance: Callable[[int], None]

    @property
    def table(self) -> Table:
        return self.generator.table

    @property
    def _last(self) -> Layer:
        """The layer that makes the images."""
        pixels = self.settings.pixels
        return next(one for one in reversed(self.table.layers) if one.resolution == (pixels or self.table.resolution))

    def width(self) -> int:
        """Return the number of features."""
        image = np.zeros((1, self.table.image_channels, *self._last.size), np.float32)
        return int(self._see(image).shape[1])

    def arrays(self, layer: Layer) -> dict[str, NDArray[Any]]:
        """Return the effects of the channels of a layer by the name that they are cached under."""
        return {"effects": self.of(layer)}

    def of(self, layer: Layer) -> NDArray[np.float64]:
        """Return the effects of the channels of a layer, [channels, F]."""
        total: NDArray[np.float64] | None = None
        for style in self.styles:
            parts = [self._changes(layer, style, channels) for channels in self._groups(layer)]
            changes = np.concatenate(parts)
            total = changes if total is None else total + changes
        assert total is not None
        effects: NDArray[np.float64] = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)
        return effects

    def _groups(self, layer: Layer) -> Iterator[range]:
        channels = self.table.image_channels
        if self.settings.pixels is not None:  # the activation of the block comes with its RGB
            channels += self._last.in_channels
        channel_bytes = 2 * channels * self._last.size[0] * self._last.size[1] * 4
        step = max(1, min(_MOST_CHANNELS, _IMAGES // channel_bytes))
        for start in range(0, layer.in_channels, step):
            yield range(start, min(start + step, layer.in_channels))

    def _changes(self, layer: Layer, style: NDArray[np.float32], channels: range) -> NDArray[np.float64]:
        """Return the unit changes of the features for some channels and one sample, [channels, F]."""
        mean, deviation = (one.cpu().float().numpy() for one in self.generator.style_statistics())
        rows = np.repeat(style[None], 2 * len(channels), axis=0)
        for number, channel in enumerate(channels):
            at = layer.style_start + channel
            reach = self.settings.strength * deviation[at]
            rows[2 * number, at], rows[2 * number + 1, at] = mean[at] - reach, mean[at] + reach
        images = self._images(layer, style, rows)
        seen = self._see(images)
        self.advance(len(images))
        return unit_changes(seen[0::2], seen[1::2])

    def _images(self, layer: Layer, style: NDArray[np.float32], rows: NDArray[np.float32]) -> Images:
        graph = layer_graph(self.generator, layer, style, rows, self.settings.pixels)
        made = run(graph, device=self.device)["image"]
        tensors = getattr(made, "tensors", None)  # the tensors of a pass, whose RGB is not clamped
        images: Images = made.array if tensors is None else np.clip(tensors["skip"], -1, 1)
        return images

    def _see(self, images: Images) -> NDArray[Any]:
        seen = np.asarray(self.features(images))
        if seen.ndim != 2 or len(seen) != len(images):
            raise FgraphError(f"features of {len(images)} images have shape {list(seen.shape)}; expected [rows, F]")
        return seen
