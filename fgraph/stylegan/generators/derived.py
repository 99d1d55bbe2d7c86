"""Values that a StyleGAN2 generator derives from its weights once, and keeps.

They are computed outside inference mode, so that they can take part in a backward pass. While the weights are trained,
the values are computed at each use.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph.stylegan.nn.half import HalfWeight
from fgraph.stylegan.nn.stylegan2 import energy
from fgraph.stylegan.nn.winograd import transform_weight
from fgraph.stylegan.tables.base import Layer


class DerivedWeights:
    """The derived values of one set of tensors."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors
        self._energies: dict[int, Tensor] = {}
        self._transformed: dict[int, Tensor] = {}
        self._halves: dict[tuple[int, torch.dtype], HalfWeight] = {}

    def energy(self, layer: Layer) -> Tensor:
        """Return `energy` of a layer's weight, [O, I]."""
        weight = self._tensors[f"{layer.name}.weight"]
        if weight.requires_grad:
            return energy(weight)
        if layer.index not in self._energies:
            with torch.inference_mode(False), torch.no_grad():
                self._energies[layer.index] = energy(weight)
        return self._energies[layer.index]

    def transformed_weight(self, layer: Layer) -> Tensor:
        """Return a layer's weight for Winograd's algorithm, [36, I, O]."""
        if layer.index not in self._transformed:
            self._transformed[layer.index] = transform_weight(self._tensors[f"{layer.name}.weight"].detach())
        return self._transformed[layer.index]

    def half_weight(self, layer: Layer, dtype: torch.dtype) -> HalfWeight:
        """Return a layer's weight as `half_conv` takes it."""
        weight = self._tensors[f"{layer.name}.weight"]
        if weight.requires_grad:
            return HalfWeight.of(weight, layer.up, dtype)
        if (layer.index, dtype) not in self._halves:
            with torch.inference_mode(False), torch.no_grad():
                self._halves[layer.index, dtype] = HalfWeight.of(weight, layer.up, dtype)
        return self._halves[layer.index, dtype]
