"""The features of a drag: a forward pass up to one layer, and samples of its map.

Points lie on the lattice of the image's pixels, whose coordinates are real numbers: (0, 0) is the centre of the
upper left pixel. Between the samples of a map, features are interpolated twice, as if the map were resized to the image
(bilinear, edges repeated) and then sampled (bilinear). Only the samples that are needed are computed.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.tables.base import Layer

_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # corners of a pixel, x before y


@lru_cache(maxsize=64)
def constant(values: Hashable, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return nested tuples of numbers as a tensor; it is cached, so it is sent to a device once."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype).to(device)


@dataclass(frozen=True)
class FeatureMaps:
    """The output of a layer for a batch, without its margin, with the size of the image that it belongs to."""

    values: Tensor  # [rows, C, h, w]
    image_size: tuple[int, int]  # height, width

    def detach(self) -> FeatureMaps:
        """Return the same maps without a graph."""
        return FeatureMaps(self.values.detach(), self.image_size)

    def at_pixels(self, pixels: Tensor) -> Tensor:
        """Return the features at whole pixels of the image.

        Args:
            pixels: [rows, n, 2], x and y; beyond the image, edges are repeated.

        Returns:
            [rows, C, n].
        """
        height, width = self.image_size
        scale = constant((2 / width, 2 / height), pixels.device, pixels.dtype)
        grid = ((pixels + 0.5) * scale - 1)[:, None]  # [rows, 1, n, 2]
        sampled = F.grid_sample(self.values, grid, padding_mode="border", align_corners=False)
        return sampled[:, :, 0]

    def at(self, places: Tensor) -> Tensor:
        """Return the features at real coordinates [rows, n, 2]: [rows, C, n]; pixels beyond the image are 0."""
        low = places.floor()
        share = places - low
        corners = [low + corner for corner in constant(_CORNERS, places.device, places.dtype)]
        share_x, share_y = share.unbind(-1)
        weights = torch.stack(
            [(1 - share_x) * (1 - share_y), share_x * (1 - share_y), (1 - share_x) * share_y, share_x * share_y]
        )
        sampled = self.at_pixels(torch.cat(corners, dim=1))
        sampled = sampled.view(*sampled.shape[:2], 4, -1)  # [rows, C, 4, n]
        weights = weights * torch.stack([self.inside(corner) for corner in corners])
        made: Tensor = (sampled * weights.transpose(0, 1)[:, None]).sum(dim=2)
        return made

    def inside(self, places: Tensor) -> Tensor:
        """Return which places [..., 2] lie between pixels of the image."""
        height, width = self.image_size
        x, y = places.unbind(-1)
        inside: Tensor = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        return inside

    def resized(self) -> Tensor:
        """Return the maps at the size of the image, bilinear."""
        return F.interpolate(self.values, size=self.image_size, mode="bilinear", align_corners=False)


def compute_features(
    generator: Generator, styles: Tensor, layer: Layer, noise: Literal["const", "none"] = "none"
) -> FeatureMaps:
    """Run the layers up to `layer` for raw styles S [rows, style_length].

    Without noise, features move with what they show; noise stays in its place.
    """
    made = generator.activation(styles, layer, noise)
    y, x = (margin // 2 for margin in layer.margin)
    height, width = made.shape[2:]
    return FeatureMaps(made[:, :, y : height - y, x : width - x], generator.table.size)
