"""A pretrained StyleGAN3 generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from fgraph.stylegan.generators.statistics import map_z, style_moments, w_moments
from fgraph.stylegan.nn import stylegan2 as common
from fgraph.stylegan.nn import stylegan3 as network
from fgraph.stylegan.tables.stylegan3 import PLACE, AliasFreeLayer, AliasFreeTable

Sides = Sequence[tuple[int, int, int, int]]  # top, left, bottom, right


@dataclass(frozen=True, eq=False, repr=False)
class AliasFreeGenerator:
    """A StyleGAN3 generator, T or R. It never changes; rows never meet in it.

    It has no noise and no constant: its input is a function on the whole plane, so a wider image is made of a larger
    piece of it (`synthesise` with a size), and content is moved by a transform of that plane, not by shifting maps.
    """

    table: AliasFreeTable
    name: str
    digest: str
    tensors: Mapping[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)
    path: Path | None = None  # the file it was loaded from

    def __repr__(self) -> str:
        return f"AliasFreeGenerator({self.name!r}, {self.table.architecture}, {self.table.size} pixels)"

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return self.tensors["input.weight"].device

    @property
    def dtype(self) -> torch.dtype:
        """The type of its tensors."""
        return self.tensors["input.weight"].dtype

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> AliasFreeGenerator:
        """The same generator on another device or in another type."""
        device, dtype = torch.device(device or self.device), dtype or self.dtype
        if (device, dtype) == (self.device, self.dtype):
            return self
        with torch.inference_mode(False):
            return replace(self, tensors={key: value.to(device, dtype) for key, value in self.tensors.items()})

    def with_half(self, half: torch.dtype | None) -> AliasFreeGenerator:
        """The same generator: its layers all run in the type of its tensors."""
        return self

    def with_compiled(self, backend: str | None) -> AliasFreeGenerator:
        """The same generator: its layers are not compiled, for where a tile stands would be part of what is."""
        return self

    @property
    def w_mean(self) -> Tensor:
        """The mean of w, [w_dim]."""
        return self.tensors["w_mean"]

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """`w` [rows, w_dim] of `z` [rows, z_dim] and, for a conditional generator, classes `c` [rows, c_dim].

        Raises:
            ValueError: the code has another width, as where a class is missing.
        """
        code = z if c is None else torch.cat([z, c.to(z)], dim=1)
        if code.shape[1] != self.table.code_width:
            classes = f" and {self.table.c_dim} for the class, one-hot" if self.table.c_dim else ""
            raise ValueError(f"a code has {code.shape[1]} numbers; expected are {self.table.z_dim} for z{classes}")
        return map_z(self.table, self.tensors, code)

    def truncate(self, w: Tensor, psi: float | Sequence[float] | Tensor, cutoff: int | None = None) -> Tensor:
        """`w_mean + psi * (w - w_mean)`, on the first `cutoff` rows of W+ only where one is given; then it is W+."""
        if cutoff is not None and w.ndim == 2:
            w = w[:, None].expand(-1, self.table.num_ws, -1)
        weight = torch.as_tensor(psi, dtype=w.dtype, device=w.device).reshape(-1, *[1] * (w.ndim - 1))
        truncated = self.w_mean + weight * (w - self.w_mean)
        return truncated if cutoff is None else torch.cat([truncated[:, :cutoff], w[:, cutoff:]], dim=1)

    def affine(self, w: Tensor) -> Tensor:
        """Raw styles S [rows, style_length] of `w` [rows, w_dim] or W+ [rows, num_ws, w_dim]: place, then layers."""
        weight, bias = self.affine_parts
        if w.ndim == 2:
            return common.affine(w, weight, bias)
        parts = [(w[:, one.ws_index], one.style_slice) for one in self.table.layers[1:]]
        return torch.cat([common.affine(row, weight[part], bias[part]) for row, part in parts], dim=1)

    @property
    def affine_parts(self) -> tuple[Tensor, Tensor]:
        """The affines of all layers as one: weight [style_length, w_dim], without its gain, and bias [style_length]."""
        names = [layer.name for layer in self.table.layers[1:]]
        weights = [self.tensors[f"{name}.affine.weight"] for name in names]
        return torch.cat(weights), torch.cat([self.tensors[f"{name}.affine.bias"] for name in names])

    def style_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [style_length] of raw styles, for z of 10,000 seeded samples."""
        return self._statistics

    @cached_property
    def _statistics(self) -> tuple[Tensor, Tensor]:
        if "style_mean" in self.tensors and "style_std" in self.tensors:
            return self.tensors["style_mean"], self.tensors["style_std"]
        with torch.inference_mode(False), torch.no_grad():
            tensors = {key: value.to("cpu", torch.float32) for key, value in self.tensors.items()}
            affines = [part.cpu().float() for part in self.affine_parts]
            mean, std = style_moments(*w_moments(self.table, tensors), *affines)
            return mean.to(self.tensors["input.weight"]), std.to(self.tensors["input.weight"])

    # Synthesis

    def features(self, plane: Tensor, place: Tensor, size: tuple[int, int], regions: Sides | None = None) -> Tensor:
        """The Fourier features that the first layer reads, [rows, C, height, width].

        Args:
            plane: [rows, 2, 3], from places of the picture, whose middle is 0 and whose unit is one image, to places of
                the plane, before the generator's own transform.
            place: the styles of the input, [rows, 4].
            size: height and width in samples, of the whole map.
            regions: which part of the map to make, of each row; all of one size.
        """
        own = self.tensors["input.transform"]
        moved = own[:2, :2] @ plane  # [rows, 2, 3]
        moved = torch.cat([moved[:, :, :2], moved[:, :, 2:] + own[:2, 2:]], dim=2)
        top, left, bottom, right = zip(*(regions or [(0, 0, *size)]), strict=True)
        rate = self.table.input_rate
        y = network.places(size[0], top, bottom[0] - top[0], rate, place)
        x = network.places(size[1], left, right[0] - left[0], rate, place)
        return network.fourier_features(self.table, self.tensors, place, moved, (y, x))

    def filtered(self, layer: AliasFreeLayer, x: Tensor, style: Tensor, tiles: network.Tiles | None = None) -> Tensor:
        """One layer after the input: `x` [rows, I, h, w] -> [rows, O, h', w']; the last makes the image."""
        made = network.layer_output(layer, self.tensors, x, style, tiles)
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
        """Images [rows, C, height, width] of raw styles S [rows, style_length], not clamped.

        There is no noise: `noise` is here so that generators of both kinds are called alike. `transform` [3, 3] or
        [rows, 3, 3] takes places of the image to places of the plane (its own, unless given); a wider or higher image
        shows more of the plane, around the same centre.

        Raises:
            ValueError: the size is not one that comes to whole samples at every layer.
        """
        size = (self._samples(height), self._samples(width))
        own = self.tensors["input.transform"]
        matrix = own if transform is None else transform.to(styles)
        y, x = (network.places(n, [0], n, self.table.input_rate, styles) for n in size)
        maps = network.fourier_features(
            self.table, self.tensors, styles[:, :PLACE], matrix.expand(len(styles), 3, 3), (y, x)
        )
        for layer in self.table.filtered:
            maps = self.filtered(layer, maps, styles[:, layer.style_slice])
        return maps

    def _samples(self, pixels: int | None) -> int:
        """Samples of the input for so many pixels of the image."""
        if pixels is None:
            return self.table.input_size
        step = self.table.size // self.table.input_rate
        more = (pixels - self.table.size) / step
        if pixels < 1 or more != int(more) or self.table.input_size + more < 1:
            near = self.table.size + round((pixels - self.table.size) / step) * step
            raise ValueError(f"{pixels} pixels do not come to whole samples of the input; {near} do")
        return self.table.input_size + int(more)
