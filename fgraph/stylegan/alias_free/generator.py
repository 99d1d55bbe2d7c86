"""A pretrained StyleGAN3 generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from fgraph.stylegan import network as common
from fgraph.stylegan.alias_free import network
from fgraph.stylegan.alias_free.table import AliasFreeTable
from fgraph.stylegan.statistics import map_z


@dataclass(frozen=True, eq=False, repr=False)
class AliasFreeGenerator:
    """A StyleGAN3 generator, T or R. It never changes; rows never meet in it.

    It has no noise and no constant: its input is a function on the whole plane, so a wider image is made of a larger
    piece of it (`synthesise` with a size), and content is moved by a transform of that plane, not by shifting maps.
    """

    table: AliasFreeTable
    name: str
    digest: str
    tensors: dict[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)

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
        if code.shape[1] != self.table.mapping.code_width:
            raise ValueError(f"a code has {code.shape[1]} numbers; expected are {self.table.mapping.code_width}")
        return map_z(self.table.mapping, self.tensors, code)

    def truncate(self, w: Tensor, psi: float | Sequence[float] | Tensor, cutoff: int | None = None) -> Tensor:
        """`w_mean + psi * (w - w_mean)`, on the first `cutoff` rows of W+ only where one is given; then it is W+."""
        if cutoff is not None and w.ndim == 2:
            w = w[:, None].expand(-1, self.table.num_ws, -1)
        weight = torch.as_tensor(psi, dtype=w.dtype, device=w.device).reshape(-1, *[1] * (w.ndim - 1))
        truncated = self.w_mean + weight * (w - self.w_mean)
        return truncated if cutoff is None else torch.cat([truncated[:, :cutoff], w[:, cutoff:]], dim=1)

    def affine(self, w: Tensor) -> Tensor:
        """Raw styles S [rows, style_length] of `w` [rows, w_dim] or W+ [rows, num_ws, w_dim]: place, then layers."""
        ws = w[:, None].expand(-1, self.table.num_ws, -1) if w.ndim == 2 else w
        names = ["input", *(layer.name for layer in self.table.layers)]
        parts = [
            common.affine(ws[:, i], self.tensors[f"{name}.affine.weight"], self.tensors[f"{name}.affine.bias"])
            for i, name in enumerate(names)
        ]
        return torch.cat(parts, dim=1)

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
        matrix = self.tensors["input.transform"] if transform is None else transform.to(styles)
        x = network.fourier_features(self.table, self.tensors, styles[:, :4], matrix, size)
        for layer in self.table.layers:
            x = network.layer_output(layer, self.tensors, x, styles[:, layer.style_slice])
        return x * self.table.output_scale

    def _samples(self, pixels: int | None) -> int:
        """Samples of the input for so many pixels of the image."""
        if pixels is None:
            return self.table.input_size
        more = (pixels - self.table.size) * self.table.input_rate / self.table.size
        if pixels < 1 or more != int(more) or self.table.input_size + more < 1:
            step = round(self.table.size / self.table.input_rate)
            near = self.table.size + round((pixels - self.table.size) / step) * step
            raise ValueError(f"{pixels} pixels do not come to whole samples of the input; {near} do")
        return self.table.input_size + int(more)
