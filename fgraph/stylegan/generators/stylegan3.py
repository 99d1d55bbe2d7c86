"""A pretrained StyleGAN3 generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.nn.stylegan3 import Tiles, fourier_features, layer_output, places
from fgraph.stylegan.tables.base import Layer
from fgraph.stylegan.tables.stylegan3 import PLACE, StyleGAN3Layer, StyleGAN3Table

Sides = Sequence[tuple[int, int, int, int]]  # top, left, bottom, right


@dataclass(frozen=True, eq=False, repr=False)
class StyleGAN3Generator(Generator):
    """A StyleGAN3 generator, T or R.

    It has no noise and no constant input. Its input is a function on the whole plane: a wider image samples a larger
    part of the plane (`synthesise` with a size), and a transform of the plane moves the content. Its layers all run in
    the type of its tensors. They are not compiled, because the position of a tile would become part of the compiled
    code.
    """

    table: StyleGAN3Table

    # Synthesis

    def features(self, plane: Tensor, place: Tensor, size: tuple[int, int], regions: Sides | None = None) -> Tensor:
        """Return the Fourier features that the first layer reads, [rows, C, height, width].

        Args:
            plane: [rows, 2, 3], from positions in the picture (the centre is 0, the unit is one image) to positions in
                the plane, before the generator's own transform.
            place: the styles of the input, [rows, 4].
            size: height and width of the whole map, in samples.
            regions: the part of the map to compute for each row; all of one size.
        """
        stored = self.tensors["input.transform"]
        moved = stored[:2, :2] @ plane  # [rows, 2, 3]
        moved = torch.cat([moved[:, :, :2], moved[:, :, 2:] + stored[:2, 2:]], dim=2)
        top, left, bottom, right = zip(*(regions or [(0, 0, *size)]), strict=True)
        rate = self.table.input_rate
        y = places(size[0], top, bottom[0] - top[0], rate, place)
        x = places(size[1], left, right[0] - left[0], rate, place)
        return fourier_features(self.table, self.tensors, place, moved, (y, x))

    def filtered(self, layer: StyleGAN3Layer, x: Tensor, style: Tensor, tiles: Tiles | None = None) -> Tensor:
        """Run one layer after the input: `x` [rows, I, h, w] -> [rows, O, h', w']; the last layer returns the image."""
        made = layer_output(layer, self.tensors, x, style, tiles)
        return made * self.table.output_scale if layer.kind == "torgb" else made

    def synthesise(
        self,
        styles: Tensor,
        noise: object = "none",
        *,
        transform: Tensor | None = None,
        height: int | None = None,
        width: int | None = None,
    ) -> Tensor:
        """Return images [rows, C, height, width] of raw styles S [rows, style_length], not clamped.

        Args:
            styles: raw styles.
            noise: ignored, because StyleGAN3 has none; it exists so that both architectures have the same signature.
            transform: [3, 3] or [rows, 3, 3], from positions in the image to positions in the plane; by default, the
                generator's own.
            height: the height in pixels; a higher image shows more of the plane, around the same centre.
            width: the width in pixels.

        Raises:
            ValueError: the size is not a whole number of samples at every layer.
        """
        size = (self._samples(0, height), self._samples(1, width))
        matrix = self.tensors["input.transform"] if transform is None else transform.to(styles)
        return self._run(styles, matrix, size, self.table.filtered)

    def activation(  # noqa: D102 - as in the base class
        self, styles: Tensor, layer: Layer, noise: Literal["const", "none"] = "const"
    ) -> Tensor:
        transform = self.tensors["input.transform"]
        return self._run(styles, transform, self.table.input_size, self.table.filtered[: layer.index])

    def _run(
        self, styles: Tensor, transform: Tensor, size: tuple[int, int], layers: Sequence[StyleGAN3Layer]
    ) -> Tensor:
        """Sample the plane, and run layers."""
        y, x = (places(n, [0], n, self.table.input_rate, styles) for n in size)
        matrix = transform.expand(len(styles), 3, 3)
        maps = fourier_features(self.table, self.tensors, styles[:, :PLACE], matrix, (y, x))
        for layer in layers:
            maps = self.filtered(layer, maps, styles[:, layer.style_slice])
        return maps

    def _samples(self, axis: int, pixels: int | None) -> int:
        """Return the samples of the input along an axis for a number of pixels of the image."""
        samples, size = self.table.input_size[axis], self.table.size[axis]
        if pixels is None:
            return samples
        step = self.table.resolution // self.table.input_rate
        more = (pixels - size) / step
        if pixels < 1 or more != int(more) or samples + more < 1:
            near = size + round((pixels - size) / step) * step
            raise ValueError(f"{pixels} pixels are not a whole number of samples of the input: use {near}")
        return samples + int(more)
