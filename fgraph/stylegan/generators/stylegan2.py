"""A pretrained generator: its tensors, its layer table, and one method for each thing that can be run of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from fgraph.stylegan.generators.completion import complete_tensors
from fgraph.stylegan.generators.derived import Derived
from fgraph.stylegan.generators.digest import content_digest
from fgraph.stylegan.generators.statistics import map_z
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn.compiled import PLAIN, LayerFunctions, compile_layers
from fgraph.stylegan.nn.half import half_from
from fgraph.stylegan.nn.winograd import suits
from fgraph.stylegan.tables.stylegan2 import Layer, LayerTable
from fgraph.stylegan.tables.tensors import check_shapes

Noise = Literal["const", "none"] | Sequence[Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class Generator:
    """A StyleGAN2 generator. It never changes; rows never meet in it, so a row's result does not depend on its batch.

    Make one with `load_generator`, or from tensors in memory with `Generator.from_tensors`.
    """

    table: LayerTable
    name: str
    digest: str  # SHA-256 of the tensors it was loaded from; the same after `to`
    tensors: Mapping[str, Tensor]  # names and shapes: fgraph.stylegan.tables.tensors
    metadata: dict[str, str] = field(default_factory=dict)
    half: torch.dtype | None = None  # what layers of high resolution run in, where that is not `dtype`
    path: Path | None = None  # the file it was loaded from
    functions: LayerFunctions = PLAIN  # what its layers are computed by

    @classmethod
    def from_tensors(
        cls,
        table: LayerTable,
        tensors: Mapping[str, Tensor],
        *,
        name: str = "memory",
        digest: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Generator:
        """A generator of tensors under our names; noise and mean of w are made where they are lacking.

        Lacking noise is drawn with a seed for each layer, and `metadata["noise"]` says so ("seeded", else "stored").

        Raises:
            ModelError: tensors are missing or disagree with the table.
        """
        check_shapes({key: tuple(value.shape) for key, value in tensors.items()}, table, name)
        digest = digest or content_digest(tensors)
        own, drawn = complete_tensors(table, tensors)
        facts = {"noise": "stored", **(metadata or {})} | ({"noise": "seeded"} if drawn else {})
        return cls(table, name, digest, own, facts)

    def __repr__(self) -> str:
        return f"Generator({self.name!r}, {self.table.size} pixels, {self.dtype}, {self.device}, {self.digest[:12]})"

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return self.tensors["const"].device

    @property
    def dtype(self) -> torch.dtype:
        """The type of its tensors."""
        return self.tensors["const"].dtype

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Generator:
        """The same generator on another device or in another type."""
        device, dtype = torch.device(device or self.device), dtype or self.dtype
        if (device, dtype) == (self.device, self.dtype):
            return self
        with torch.inference_mode(False):
            return replace(self, tensors={key: value.to(device, dtype) for key, value in self.tensors.items()})

    def with_half(self, half: torch.dtype | None) -> Generator:
        """The same generator whose layers of high resolution (`fgraph.stylegan.nn.half`) run in float16 or bfloat16."""
        return self if half == self.half else replace(self, half=half)

    def with_compiled(self, backend: str | None) -> Generator:
        """The same generator with its layers through this backend of torch.compile; None: as they are.

        Raises:
            FgraphError: torch has no such backend, or cannot compile here at all.
        """
        functions = PLAIN if backend is None else compile_layers(backend)
        return self if functions is self.functions else replace(self, functions=functions)

    # Latents

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """`w` [rows, w_dim] of `z` [rows, z_dim] and, for a conditional generator, classes `c` [rows, c_dim].

        Classes are one-hot, or mixtures of such; they may also stand behind z in one tensor [rows, code_width].

        Raises:
            ValueError: the code has another width, as where a class is missing.
        """
        code = z if c is None else torch.cat([z, c.to(z)], dim=1)
        if code.shape[1] != self.table.code_width:
            classes = f" and {self.table.c_dim} for the class, one-hot" if self.table.c_dim else ""
            raise ValueError(f"a code has {code.shape[1]} numbers; expected are {self.table.z_dim} for z{classes}")
        return map_z(self.table, self.tensors, code)

    @property
    def w_mean(self) -> Tensor:
        """The mean of w, [w_dim]: what truncation draws towards."""
        return self.tensors["w_mean"]

    def truncate(self, w: Tensor, psi: float | Sequence[float] | Tensor, cutoff: int | None = None) -> Tensor:
        """`w_mean + psi * (w - w_mean)`, with one psi or one for each row.

        Args:
            w: [rows, w_dim] or W+ [rows, num_ws, w_dim].
            psi: 1 leaves w as it is, 0 is the mean; any number will do.
            cutoff: truncate only the first so many rows of W+; then the result is W+.
        """
        if cutoff is not None and w.ndim == 2:
            w = w[:, None].expand(-1, self.table.num_ws, -1)
        weight = torch.as_tensor(psi, dtype=w.dtype, device=w.device).reshape(-1, *[1] * (w.ndim - 1))
        truncated = self.w_mean + weight * (w - self.w_mean)
        return truncated if cutoff is None else torch.cat([truncated[:, :cutoff], w[:, cutoff:]], dim=1)

    def affine(self, w: Tensor) -> Tensor:
        """Raw styles S [rows, style_length] of `w` [rows, w_dim] or W+ [rows, num_ws, w_dim].

        Raises:
            ValueError: `w` has another shape.
        """
        weight, bias = self._derived.affine
        if w.ndim == 2 and w.shape[1] == self.table.w_dim:
            return network.affine(w, weight, bias)
        if w.ndim != 3 or w.shape[1:] != (self.table.num_ws, self.table.w_dim):
            expected = f"[rows, {self.table.w_dim}] or [rows, {self.table.num_ws}, {self.table.w_dim}]"
            raise ValueError(f"w has shape {list(w.shape)}; expected is {expected}")
        layers = self.table.layers[1:]
        return torch.cat(
            [network.affine(w[:, at.ws_index], weight[at.style_slice], bias[at.style_slice]) for at in layers], dim=1
        )

    @property
    def affine_parts(self) -> tuple[Tensor, Tensor]:
        """The affines of all layers as one: weight [style_length, w_dim], without its gain, and bias [style_length]."""
        return self._derived.affine

    def style_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [style_length] of raw styles, for z of 10,000 seeded samples."""
        return self._derived.style_statistics

    # Synthesis

    def const(self) -> Tensor:
        """The constant input, [1, C, 4, 4]."""
        return self.tensors["const"]

    def noise_const(self, layer: Layer) -> Tensor:
        """The constant noise of a conv, [1, 1, r, r], to be multiplied by the layer's strength (which `conv` does)."""
        return self.tensors[f"{layer.name}.noise"]

    def conv(  # noqa: PLR0917 - callers name the last ones
        self,
        layer: Layer,
        x: Tensor,
        style: Tensor,
        noise: Tensor | None,
        wrap_x: bool = False,
        wrap_y: bool = False,
        *,
        padded: bool = False,
        out: Tensor | None = None,
    ) -> Tensor:
        """One conv layer, with noise, bias and activation: `x` [rows, I, H, W] -> [rows, O, H * up, W * up].

        `style` is [rows, I], raw; `noise` [rows or 1, 1, H * up, W * up], unscaled, or None. Where `wrap_x` or
        `wrap_y`, the layer reads round that edge; with `padded`, `x` carries one pixel of context on each of its four
        sides, which is read but not produced. Otherwise zeros lie beyond the edges. In a resnet block the first layer
        makes its residual beside the activation, as O further channels, and the second adds it: see `Layer.state_in`.
        With `out`, the result is written there.
        """
        x, residual = _split_residual(layer, x, padded)
        noisy = layer.noise_index is not None
        rest: Any = {
            "noise": noise,
            "strength": self.tensors[f"{layer.name}.noise_strength"] if noisy else None,
            "up": layer.up,
            "wrap_x": wrap_x,
            "wrap_y": wrap_y,
            "padded": padded,
            "activation": self.table.activation,
            "gain": math.sqrt(0.5) if residual is not None else 1.0,
            "clamp": self.table.clamp,
            "residual": residual,
        }
        bias = self.tensors[f"{layer.name}.bias"]
        if half := self._half(layer):
            made = self.functions.half_conv(x, self._derived.half_weight(layer, half), style, bias, **rest)
        else:
            weight, energy = self.tensors[f"{layer.name}.weight"], self._derived.energy(layer)
            size = [length - 2 * padded for length in x.shape[2:]]
            if self.functions is PLAIN and suits(weight, layer.up, size) and not weight.requires_grad:
                rest["transformed"] = self._derived.transformed_weight(layer)
            room = None if out is None else out[:, : layer.out_channels]
            made = self.functions.styled_conv(
                x.to(weight.dtype), weight, style, bias, weight_energy=energy, out=room, **rest
            )
            if out is not None and layer.residual != "made":
                return out
        if layer.residual == "made":
            made = torch.cat([made, self._made_residual(layer, x, wrap_x, wrap_y, padded)], dim=1)  # [rows, 2 O, ...]
        return made if out is None else out.copy_(made)

    def _made_residual(self, layer: Layer, x: Tensor, wrap_x: bool, wrap_y: bool, padded: bool) -> Tensor:
        weight = self.tensors[f"{layer.name}.residual.weight"]
        dtype = self._half(layer) or weight.dtype
        return self.functions.residual_path(x.to(dtype), weight.to(dtype), wrap_x, wrap_y, padded=padded)

    def torgb(self, layer: Layer, x: Tensor, style: Tensor, skip: Tensor | None) -> Tensor:
        """The accumulated skip [rows, 3, H, W]: RGB of `x` [rows, I, H, W], added to `skip`, already of that size."""
        weight, bias = self.tensors[f"{layer.name}.weight"], self.tensors[f"{layer.name}.bias"]
        if half := self._half(layer):
            rgb = self.functions.half_to_rgb(x, weight, style, bias, dtype=half, clamp=self.table.clamp)
            return rgb if skip is None else rgb + skip
        return self.functions.to_rgb(x.to(weight.dtype), weight, style, bias, skip, clamp=self.table.clamp)

    def synthesise(
        self, styles: Tensor, noise: Noise = "const", *, wrap_x: bool = False, wrap_y: bool = False
    ) -> Tensor:
        """Images [rows, 3, size, size] of raw styles S [rows, style_length], not clamped.

        `noise` is "const", "none", or a tensor for each conv in order.
        """
        x = self.const().expand(styles.shape[0], -1, -1, -1)
        skip: Tensor | None = None
        for layer in self.table.layers[1:]:
            style = styles[:, layer.style_slice]
            if layer.kind == "conv":
                x = self.conv(layer, x, style, self._noise(layer, noise), wrap_x, wrap_y)
                if layer.up == 2 and skip is not None:
                    skip = network.upsample_skip(skip, wrap_x, wrap_y)
            else:
                skip = self.torgb(layer, x, style, skip)
        assert skip is not None
        return skip

    def _noise(self, layer: Layer, noise: Noise) -> Tensor | None:
        if layer.noise_index is None or noise == "none":
            return None
        if isinstance(noise, str):
            return self.noise_const(layer)
        return noise[layer.noise_index]

    def _half(self, layer: Layer) -> torch.dtype | None:
        """What a layer runs in, if that is not the type of the tensors."""
        return self.half if layer.resolution >= half_from(self.table.size) else None

    @cached_property
    def _derived(self) -> Derived:
        return Derived(self.table, self.tensors)


def _split_residual(layer: Layer, x: Tensor, padded: bool) -> tuple[Tensor, Tensor | None]:
    """What a layer convolves, and what it adds to its result: the further channels, without the context."""
    if layer.residual != "added":
        return x, None
    residual = x[:, layer.in_channels :]
    return x[:, : layer.in_channels], residual[:, :, 1:-1, 1:-1] if padded else residual
