"""A pretrained generator of either architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph._cached import cached_property
from fgraph.stylegan.generators.statistics import map_z, style_moments, w_moments
from fgraph.stylegan.nn.stylegan2 import scaled_weight
from fgraph.stylegan.tables.base import Layer, Table


@dataclass(frozen=True, eq=False, repr=False)
class Generator(ABC):
    """A generator: its layer table, its tensors, and one method for each computation that a plan asks for.

    A generator never changes. No computation mixes rows, so the result for a row does not depend on its batch.
    """

    table: Table
    name: str
    digest: str  # SHA-256 of the tensors as loaded; `to` does not change it
    tensors: Mapping[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)
    path: Path | None = None  # path of the file
    origin: Generator | None = None  # the same generator on the CPU, if this one has been moved from there

    def __repr__(self) -> str:
        facts = (
            f"{self.table.architecture}, {self.table.extent} pixels, {self.dtype}, {self.device}, {self.digest[:12]}"
        )
        return f"{type(self).__name__}({self.name!r}, {facts})"

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return self._reference.device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the tensors."""
        return self._reference.dtype

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Self:
        """Return the same generator on another device or in another type.

        A generator that has been moved from the CPU returns there without a copy: nothing is read back from a device. A
        generator on the CPU keeps its last copy on a device.
        """
        device, dtype = torch.device(device or self.device), dtype or self.dtype
        if (device, dtype) == (self.device, self.dtype):
            return self
        if self.origin is not None and device.type == "cpu":
            return self.origin.to(dtype=dtype)  # type: ignore[return-value]
        origin = self.origin if self.device.type != "cpu" else None if device.type == "cpu" else self
        if origin is not self:
            return self._converted(device, dtype, origin)
        if (device, dtype) not in self._moved:
            self._moved.clear()
            self._moved[device, dtype] = self._converted(device, dtype, origin)
        return self._moved[device, dtype]

    def _converted(self, device: torch.device, dtype: torch.dtype, origin: Generator | None) -> Self:
        with torch.inference_mode(False):
            tensors = {key: value.to(device, dtype) for key, value in self.tensors.items()}
            return replace(self, tensors=tensors, origin=origin)

    @cached_property
    def _moved(self) -> dict[tuple[torch.device, torch.dtype], Self]:
        """The same generator on the device that it was moved to last, so that each run does not move it again."""
        return {}

    def with_half(self, half: torch.dtype | None) -> Self:
        """Return the same generator with its layers of high resolution in float16 or bfloat16, if it supports that."""
        return self

    def with_compiled(self, backend: str | None) -> Self:
        """Return the same generator with its layers compiled by a backend of torch.compile, if it supports that.

        `None` returns a generator without compiled layers.
        """
        return self

    # Latents

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Map `z` [rows, z_dim] and, for a conditional generator, classes `c` [rows, c_dim] to `w` [rows, w_dim].

        Classes are one-hot, or mixtures of one-hot vectors. `z` may hold them too, as its last columns: [rows,
        code_width].

        Raises:
            ValueError: the code has another width, for example because the class is missing.
        """
        code = z if c is None else torch.cat([z, c.to(z)], dim=1)
        if code.shape[1] != self.table.code_width:
            classes = f" and {self.table.c_dim} for the class, one-hot" if self.table.c_dim else ""
            raise ValueError(f"a code has {code.shape[1]} numbers; expected {self.table.z_dim} for z{classes}")
        return map_z(self.table, self.tensors, code)

    @property
    def w_mean(self) -> Tensor:
        """The mean of w, [w_dim], the centre of truncation; the mean over all classes if each class has a mean."""
        mean = self.tensors["w_mean"]
        return mean.mean(dim=0) if self.table.class_means else mean

    def centre(self, c: Tensor | None = None) -> Tensor:
        """Return the centre of truncation of classes `c` [rows, c_dim]: [rows, w_dim], or [w_dim] for all rows.

        It differs by row if the generator has a mean for each class (StyleGAN-XL). The centre of a mixture of classes
        is the mixture of their means.
        """
        if c is None or not self.table.class_means:
            return self.w_mean
        return c.to(self.tensors["w_mean"]) @ self.tensors["w_mean"]

    def truncate(
        self,
        w: Tensor,
        psi: float | Sequence[float] | Tensor,
        cutoff: int | None = None,
        c: Tensor | None = None,
    ) -> Tensor:
        """Return `w_mean + psi * (w - w_mean)`, with one psi or one for each row.

        Args:
            w: [rows, w_dim] or W+ [rows, num_ws, w_dim].
            psi: 1 leaves w as it is, 0 gives the mean; any other number is valid.
            cutoff: the number of rows of W+ to truncate, from the first; the result is then W+.
            c: the classes of the rows, [rows, c_dim]; see `centre`.
        """
        if cutoff is not None and w.ndim == 2:
            w = w[:, None].expand(-1, self.table.num_ws, -1)
        weight = torch.as_tensor(psi, dtype=w.dtype, device=w.device).reshape(-1, *[1] * (w.ndim - 1))
        centre = self.centre(c)  # [w_dim] or [rows, w_dim]
        centre = centre[:, None] if centre.ndim == 2 and w.ndim == 3 else centre
        truncated = centre + weight * (w - centre)
        return truncated if cutoff is None else torch.cat([truncated[:, :cutoff], w[:, cutoff:]], dim=1)

    def affine(self, w: Tensor) -> Tensor:
        """Return raw styles S [rows, style_length] of `w` [rows, w_dim] or W+ [rows, num_ws, w_dim].

        Raises:
            ValueError: `w` has another shape.
        """
        weight, bias = self._scaled_affines()
        if w.ndim == 2 and w.shape[1] == self.table.w_dim:
            return F.linear(w, weight, bias)
        if w.ndim != 3 or w.shape[1:] != (self.table.num_ws, self.table.w_dim):
            expected = f"[rows, {self.table.w_dim}] or [rows, {self.table.num_ws}, {self.table.w_dim}]"
            raise ValueError(f"w has shape {list(w.shape)}; expected {expected}")
        parts = [(w[:, layer.ws_index], layer.style_slice) for layer in self.table.layers[1:]]
        return torch.cat([F.linear(row, weight[part], bias[part]) for row, part in parts], dim=1)

    @property
    def affine_parts(self) -> tuple[Tensor, Tensor]:
        """The affine layers, concatenated: weight [style_length, w_dim], without its gain, and bias [style_length]."""
        return self._join_affines()

    def _scaled_affines(self) -> tuple[Tensor, Tensor]:
        """Return `affine_parts` with the gain of the weight."""
        trained = self.tensors[f"{self.table.layers[1].name}.affine.weight"].requires_grad
        return self._scale_affines() if trained else self._kept_affines

    def style_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation [style_length] of raw styles, for z of 10,000 seeded samples."""
        return self._statistics

    @cached_property
    def _statistics(self) -> tuple[Tensor, Tensor]:
        if "style_mean" in self.tensors and "style_std" in self.tensors:
            return self.tensors["style_mean"], self.tensors["style_std"]
        with torch.inference_mode(False), torch.no_grad():
            host = self.to("cpu", torch.float32)
            mean, std = style_moments(*w_moments(self.table, host.tensors), *host.affine_parts)
            return mean.to(self._reference), std.to(self._reference)

    @property
    def _reference(self) -> Tensor:
        """A tensor that has the device and the type of all tensors."""
        return self.tensors["mapping.0.weight"]

    @cached_property
    def _kept_affines(self) -> tuple[Tensor, Tensor]:
        with torch.inference_mode(False), torch.no_grad():
            return self._scale_affines()

    def _scale_affines(self) -> tuple[Tensor, Tensor]:
        weight, bias = self._join_affines()
        return scaled_weight(weight), bias

    def _join_affines(self) -> tuple[Tensor, Tensor]:
        names = [layer.name for layer in self.table.layers[1:]]
        weights = [self.tensors[f"{name}.affine.weight"] for name in names]
        return torch.cat(weights), torch.cat([self.tensors[f"{name}.affine.bias"] for name in names])

    # Synthesis

    @abstractmethod
    def synthesise(self, styles: Tensor, noise: Any = ...) -> Tensor:
        """Return images [rows, C, height, width] of raw styles S [rows, style_length], not clamped."""

    @abstractmethod
    def activation(self, styles: Tensor, layer: Layer, noise: Literal["const", "none"] = "const") -> Tensor:
        """Return the output [rows, C, h, w] of a conv layer for raw styles S [rows, style_length].

        The noise is constant or absent, in a model that has noise. Only the layers up to this one run. The map includes
        its margin, if the layer has one.
        """
