"""What a generator computes once from its tensors, then keeps.

All of it is made outside inference mode, so that it can take part in a backward pass, and afresh each time where the
tensors are being trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor

from fgraph.stylegan.generators.statistics import style_moments, w_moments
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn.half import HalfWeight
from fgraph.stylegan.nn.winograd import transform_weight
from fgraph.stylegan.tables.stylegan2 import Layer, LayerTable


class Derived:
    """Kept values of one set of tensors."""

    def __init__(self, table: LayerTable, tensors: Mapping[str, Tensor]) -> None:
        self._table = table
        self._tensors = tensors
        self._energies: dict[int, Tensor] = {}
        self._transformed: dict[int, Tensor] = {}
        self._halves: dict[tuple[int, torch.dtype], HalfWeight] = {}

    def energy(self, layer: Layer) -> Tensor:
        """`network.energy` of a layer's weight, [O, I]."""
        weight = self._tensors[f"{layer.name}.weight"]
        if weight.requires_grad:
            return network.energy(weight)
        if layer.index not in self._energies:
            with torch.inference_mode(False), torch.no_grad():
                self._energies[layer.index] = network.energy(weight)
        return self._energies[layer.index]

    def transformed_weight(self, layer: Layer) -> Tensor:
        """A layer's weight for Winograd's algorithm, [36, I, O]."""
        if layer.index not in self._transformed:
            self._transformed[layer.index] = transform_weight(self._tensors[f"{layer.name}.weight"].detach())
        return self._transformed[layer.index]

    def half_weight(self, layer: Layer, dtype: torch.dtype) -> HalfWeight:
        """A layer's weight as `half.half_conv` takes it."""
        weight = self._tensors[f"{layer.name}.weight"]
        if weight.requires_grad:
            return HalfWeight.of(weight, layer.up, dtype)
        if (layer.index, dtype) not in self._halves:
            with torch.inference_mode(False), torch.no_grad():
                self._halves[layer.index, dtype] = HalfWeight.of(weight, layer.up, dtype)
        return self._halves[layer.index, dtype]

    @property
    def affine(self) -> tuple[Tensor, Tensor]:
        """The affines of all layers as one: weight [S, D], bias [S]."""
        trained = self._tensors[f"{self._table.layers[1].name}.affine.weight"].requires_grad
        return self._join_affines() if trained else self._kept_affine

    @cached_property
    def style_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [S] of raw styles: those stored, or else measured."""
        if "style_mean" in self._tensors and "style_std" in self._tensors:
            return self._tensors["style_mean"], self._tensors["style_std"]
        with torch.inference_mode(False), torch.no_grad():
            tensors = {key: value.to("cpu", torch.float32) for key, value in self._tensors.items()}
            moments = w_moments(self._table, tensors)
            mean, std = style_moments(*moments, *(part.cpu() for part in self.affine))
            return mean.to(self._tensors["const"]), std.to(self._tensors["const"])

    @cached_property
    def _kept_affine(self) -> tuple[Tensor, Tensor]:
        with torch.inference_mode(False), torch.no_grad():
            return self._join_affines()

    def _join_affines(self) -> tuple[Tensor, Tensor]:
        names = [layer.name for layer in self._table.layers[1:]]
        weights = [self._tensors[f"{name}.affine.weight"] for name in names]
        return torch.cat(weights), torch.cat([self._tensors[f"{name}.affine.bias"] for name in names])
