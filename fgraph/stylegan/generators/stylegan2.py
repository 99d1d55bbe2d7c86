"""A pretrained StyleGAN2 generator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import torch
from torch import Tensor

from fgraph._cached import cached_property
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.completion import complete_tensors
from fgraph.stylegan.generators.derived import DerivedWeights
from fgraph.stylegan.generators.digest import content_digest
from fgraph.stylegan.nn.compiled import PLAIN, LayerFunctions, compile_layers
from fgraph.stylegan.nn.half import half_from
from fgraph.stylegan.nn.stylegan2 import upsample_skip
from fgraph.stylegan.nn.winograd import suits
from fgraph.stylegan.tables.base import Layer
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes

Noise = Literal["const", "none"] | Sequence[Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class StyleGAN2Generator(Generator):
    """A StyleGAN2 generator.

    Make one with `load_generator`, or from tensors in memory with `from_tensors`.
    `fgraph.stylegan.tables.stylegan2_tensors` lists the names and shapes of the tensors.
    """

    table: StyleGAN2Table
    half: torch.dtype | None = None  # the type of layers of high resolution, if it differs from `dtype`
    functions: LayerFunctions = PLAIN  # the implementations of its layers

    @classmethod
    def from_tensors(
        cls,
        table: StyleGAN2Table,
        tensors: Mapping[str, Tensor],
        *,
        name: str = "memory",
        digest: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> StyleGAN2Generator:
        """Return a generator of tensors under fgraph's names; missing noise and a missing mean of w are made.

        Missing noise is drawn from a seed for each layer; then `metadata["noise"]` is "seeded", otherwise "stored".

        Raises:
            ModelError: tensors are missing or disagree with the table.
        """
        check_shapes({key: tuple(value.shape) for key, value in tensors.items()}, table, name)
        digest = digest or content_digest(tensors)
        completed, drawn = complete_tensors(table, tensors)
        facts = {"noise": "stored", **(metadata or {})} | ({"noise": "seeded"} if drawn else {})
        return cls(table, name, digest, completed, facts)

    def with_half(self, half: torch.dtype | None) -> Self:
        """Return the same generator with its layers of high resolution in float16 or bfloat16 (see `nn.half`)."""
        return self if half == self.half else self._variant(half=half)

    def with_compiled(self, backend: str | None) -> Self:
        """Return the same generator with its layers compiled by a backend of torch.compile, or without compilation.

        Raises:
            FgraphError: torch has no such backend, or cannot compile here at all.
        """
        functions = PLAIN if backend is None else compile_layers(backend)
        return self if functions is self.functions else self._variant(functions=functions)

    def _variant(self, **changes: Any) -> Self:
        """Return the same generator with one other field; it is cached, so that runs do not derive its values again."""
        (change,) = changes.items()
        if change not in self._variants:
            made = replace(self, **changes)
            made.__dict__["_derived"] = self._derived  # the tensors are the same
            self._variants[change] = made
        return self._variants[change]

    # Synthesis

    def const(self) -> Tensor:
        """Return the constant input, [1, C, h, w], of the size of the base."""
        return self.tensors["const"]

    def noise_const(self, layer: Layer) -> Tensor:
        """Return the constant noise of a conv, [1, 1, h, w], without the layer's strength, which `conv` applies."""
        return self.tensors[f"{layer.name}.noise"]

    def conv(  # noqa: PLR0917 - callers pass the last ones by name
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
        """Run one conv layer, with noise, bias and activation: `x` [rows, I, H, W] -> [rows, O, H * up, W * up].

        Args:
            layer: a conv layer.
            x: the activation.
            style: [rows, I], raw.
            noise: [rows or 1, 1, H * up, W * up], unscaled, or None.
            wrap_x: whether the layer reads round the left and right edges; otherwise zeros lie beyond them.
            wrap_y: the same for the top and bottom edges.
            padded: whether `x` has one pixel of context on each side, which is read but not produced.
            out: where to write the result.

        In a resnet block, the first layer returns its residual as O further channels after the activation, and the
        second layer adds it (see `Layer.state_in`).
        """
        x, residual = _split_residual(layer, x, padded)
        rest: dict[str, Any] = {
            "noise": noise,
            "strength": self.tensors.get(f"{layer.name}.noise_strength"),
            "up": layer.up,
            "wrap_x": wrap_x,
            "wrap_y": wrap_y,
            "padded": padded,
            "activation": self.table.activation,
            "gain": math.sqrt(0.5) if residual is not None else 1.0,
            "clamp": self.table.clamp,
            "residual": residual,
        }
        if layer.residual != "made":
            return self._styled_conv(layer, x, style, rest, out)
        made = self._styled_conv(layer, x, style, rest, None if out is None else out[:, : layer.out_channels])
        made = torch.cat([made, self._made_residual(layer, x, wrap_x, wrap_y, padded)], dim=1)  # [rows, 2 O, ...]
        return made if out is None else out.copy_(made)

    def _styled_conv(self, layer: Layer, x: Tensor, style: Tensor, rest: dict[str, Any], out: Tensor | None) -> Tensor:
        """Run a conv layer in its precision, without the residual that it returns; write into `out` if given."""
        bias = self.tensors[f"{layer.name}.bias"]
        if half := self._half(layer):
            return self.functions.half_conv(x, self._derived.half_weight(layer, half), style, bias, out=out, **rest)
        weight, energy = self.tensors[f"{layer.name}.weight"], self._derived.energy(layer)
        size = [length - 2 * rest["padded"] for length in x.shape[2:]]
        if self.functions is PLAIN and suits(weight, layer.up, size) and not weight.requires_grad:
            rest["transformed"] = self._derived.transformed_weight(layer)
        return self.functions.styled_conv(
            x.to(weight.dtype), weight, style, bias, weight_energy=energy, out=out, **rest
        )

    def _made_residual(self, layer: Layer, x: Tensor, wrap_x: bool, wrap_y: bool, padded: bool) -> Tensor:
        weight = self.tensors[f"{layer.name}.residual.weight"]
        dtype = self._half(layer) or weight.dtype
        return self.functions.residual_path(x.to(dtype), weight.to(dtype), wrap_x, wrap_y, padded=padded)

    def result_type(self, layer: Layer) -> torch.dtype:
        """Return the type of the results of a layer; RGB has full precision."""
        return (layer.kind == "conv" and self._half(layer)) or self._reference.dtype

    def torgb(self, layer: Layer, x: Tensor, style: Tensor, skip: Tensor | None) -> Tensor:
        """Return `skip`, already of the right size, plus RGB of `x` [rows, I, H, W]: [rows, C, H, W]."""
        weight, bias = self.tensors[f"{layer.name}.weight"], self.tensors[f"{layer.name}.bias"]
        if half := self._half(layer):
            rgb = self.functions.half_to_rgb(x, weight, style, bias, dtype=half, clamp=self.table.clamp)
            return rgb if skip is None else rgb + skip
        return self.functions.to_rgb(x.to(weight.dtype), weight, style, bias, skip, clamp=self.table.clamp)

    def synthesise(
        self, styles: Tensor, noise: Noise = "const", *, wrap_x: bool = False, wrap_y: bool = False
    ) -> Tensor:
        """Return images [rows, C, height, width] of raw styles S [rows, style_length], not clamped.

        `noise` is "const", "none", or a tensor for each conv in order.
        """
        x = self.const().expand(styles.shape[0], -1, -1, -1)
        skip: Tensor | None = None
        for layer in self.table.layers[1:]:
            style = styles[:, layer.style_slice]
            if layer.kind == "conv":
                x = self.conv(layer, x, style, self._noise(layer, noise), wrap_x, wrap_y)
                if layer.up == 2 and skip is not None:
                    skip = upsample_skip(skip, wrap_x, wrap_y)
            else:
                skip = self.torgb(layer, x, style, skip)
        assert skip is not None
        return skip

    def activation(  # noqa: D102 - as in the base class
        self, styles: Tensor, layer: Layer, noise: Literal["const", "none"] = "const"
    ) -> Tensor:
        x = self.const().expand(styles.shape[0], -1, -1, -1)
        for one in self.table.layers[1 : layer.index + 2]:
            if one.kind == "conv":
                x = self.conv(one, x, styles[:, one.style_slice], self._noise(one, noise))
        return x[:, : layer.out_channels]

    def _noise(self, layer: Layer, noise: Noise) -> Tensor | None:
        if layer.noise_index is None or noise == "none":
            return None
        if isinstance(noise, str):
            return self.noise_const(layer)
        return noise[layer.noise_index]

    def _half(self, layer: Layer) -> torch.dtype | None:
        """Return the type of a layer, if it differs from the type of the tensors."""
        if self.half is None:
            return None
        return self.half if layer.resolution >= half_from(self.table.resolution) else None

    @cached_property
    def _derived(self) -> DerivedWeights:
        return DerivedWeights(self.tensors)

    @cached_property
    def _variants(self) -> dict[tuple[str, Any], Self]:
        return {}


def _split_residual(layer: Layer, x: Tensor, padded: bool) -> tuple[Tensor, Tensor | None]:
    """Return the convolved channels, and the residual in the further channels, without the context."""
    if layer.residual != "added":
        return x, None
    residual = x[:, layer.in_channels :]
    return x[:, : layer.in_channels], residual[:, :, 1:-1, 1:-1] if padded else residual
