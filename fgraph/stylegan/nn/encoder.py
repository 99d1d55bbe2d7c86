"""Encoders as pure functions of tensors: images -> codes.

Runtime and training call these functions. Formulas: Richardson et al. 2021, "Encoding in Style" (pSp); Tov et al. 2021,
"Designing an Encoder for StyleGAN Image Manipulation" (e4e); Alaluf et al. 2021, "ReStyle". Names of tensors are the
same as in these programs, without the prefix `encoder.`.

Half precision. Convolutions of a backbone and of heads run in float16 or bfloat16; normalisation, activations, residual
sums and the dense layers stay in full precision, so that sums over many blocks neither round nor overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.discriminator import project
from fgraph.stylegan.tables.base import Size
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.encoder import COARSE, FLAT, MIDDLE, Block, Content, EncoderTable, HeadedTable

Tensors = Mapping[str, Tensor]
Reconstruct = Callable[[Tensor], Tensor]  # codes -> images

_EPSILON = 1e-5  # epsilon of a normalisation
_SLOPE = 0.01  # slope of leaky ReLU in the heads


@dataclass(frozen=True, eq=False, repr=False)
class Encoder:
    """An encoder: its table, its tensors, and the mean of w, to which its results are relative."""

    table: EncoderTable
    tensors: Tensors
    mean: Tensor | None = None  # [w_dim] or [styles, w_dim]; None: the mean of w of the generator

    def __repr__(self) -> str:
        return f"Encoder({self.table.size[0]}x{self.table.size[1]} pixels, {len(self.tensors)} tensors)"

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Encoder:
        """Return the same encoder on another device or in another type."""
        with torch.inference_mode(False):
            moved = {name: value.to(device, dtype) for name, value in self.tensors.items()}
        return replace(self, tensors=moved, mean=None if self.mean is None else self.mean.to(device, dtype))

    def encode(
        self,
        images: Tensor,
        mean: Tensor,
        reconstruct: Reconstruct,
        iterations: int = 1,
        *,
        rows: int | None = None,
        half: torch.dtype | None = None,
    ) -> Tensor:
        """Return the codes of images: W+ [rows, styles, w_dim], or W [rows, w_dim].

        Args:
            images: [rows, C, height, width] in [-1, 1], of any size.
            mean: the generator's mean of w [w_dim], for an encoder without its own mean.
            reconstruct: codes -> images, which a residual encoder compares with the given images.
            iterations: the calls of a residual encoder.
            rows: the number of rows of W+ to keep, from the first; None: all.
            half: the type of the convolutions of a backbone; None: the type of the tensors.
        """
        table = self.table
        start = (mean if self.mean is None else self.mean).to(images)
        if table.styles:
            start = start.expand(table.styles, table.w_dim)[:rows]
        elif start.ndim == 2:
            start = start[0]
        x = resize(cut_content(images, table.content), table.size)
        if not table.is_residual:
            codes = self._run(x, rows, half)
            return codes + start if table.adds_mean else codes
        codes = start.expand(len(images), *start.shape)
        for _ in range(iterations):
            made = shrink(table, reconstruct(codes))
            codes = codes + self._run(torch.cat([x, made], dim=1), rows, half)
        return codes

    def _run(self, x: Tensor, rows: int | None, half: torch.dtype | None) -> Tensor:
        found = run(self.table, self.tensors, x, half)
        return found.view(len(x), -1, self.table.w_dim)[:, :rows] if self.table.styles else found


def cut_content(images: Tensor, content: Content) -> Tensor:
    """Return the part of images [rows, C, height, width] that an encoder reads.

    `middle` leaves out an eighth at the top and at the bottom of square images, as programs for cars do: their models
    make 512 x 512 pixels, of which 384 lines show something. Other images are read whole.
    """
    height, width = images.shape[2:]
    if content == "whole" or height != width:
        return images
    edge = height // 8
    return images[:, :, edge : height - edge]


def resize(images: Tensor, size: Size) -> Tensor:
    """Return images [rows, C, height, width] in another size, by the bilinear filter of Pillow."""
    if tuple(images.shape[2:]) == tuple(size):
        return images
    return F.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)


def shrink(table: EncoderTable, images: Tensor) -> Tensor:
    """Return reconstructions at the size of the encoder's input; for published encoders, averaged over areas."""
    images = cut_content(images, table.content)
    if isinstance(table.network, DiscriminatorTable):
        return resize(images, table.size)
    return F.adaptive_avg_pool2d(images, table.size)


def run(table: EncoderTable, tensors: Tensors, x: Tensor, half: torch.dtype | None = None) -> Tensor:
    """Return the output [rows, outputs] of the network for its input [rows, channels, *size]."""
    if isinstance(table.network, DiscriminatorTable):
        return project(table.network, tensors, x)
    return _Headed(table.network, tensors, half).run(x)


@dataclass(frozen=True, eq=False, repr=False)
class _Headed:
    """The forward pass of a published encoder."""

    table: HeadedTable
    tensors: Tensors
    half: torch.dtype | None

    def run(self, x: Tensor) -> Tensor:
        """Return the results of all heads, end to end, [rows, outputs]."""
        table = self.table
        maps = self._backbone(x)
        if table.head == "pooled":
            return _equal_linear(maps[-1].mean(dim=(2, 3)), self.tensors, "linear")
        if table.head == "flat":
            return self._flat(maps[-1])
        fine, middle, _ = table.levels if table.head == "pyramid" else (0, 0, 0)
        x = maps[-1]
        rows: list[Tensor] = []
        for row in range(len(table.depths)):
            if table.head == "pyramid" and row in (COARSE, MIDDLE):
                name, lateral = ("latlayer1", maps[middle]) if row == COARSE else ("latlayer2", maps[fine])
                x = self._add(x, self._conv(lateral, name))
            rows.append(self._head(row, x))
        if table.progressive:
            rows = [rows[0], *(rows[0] + one for one in rows[1:])]
        return torch.cat(rows, dim=1)

    def _backbone(self, x: Tensor) -> list[Tensor]:
        """Return the output of every block that a head or a later block reads."""
        unit = self._ir_unit if self.table.backbone == "ir-se" else self._basic_unit
        stem = ("input_layer.0", "input_layer.1", "input_layer.2")
        if self.table.backbone == "resnet":
            stem = ("conv1", "bn1", "relu")
        stride = 2 if self.table.backbone == "resnet" else 1
        x = F.prelu(self._normalise(self._conv(x, stem[0], stride), stem[1]), self.tensors[f"{stem[2]}.weight"])
        kept = set(self.table.levels) if self.table.head == "pyramid" else set()
        maps = []
        for index, block in enumerate(self.table.blocks):
            x = unit(x, f"body.{index}", block)
            maps.append(x if index in kept or index == len(self.table.blocks) - 1 else x[:0])
        return maps

    def _ir_unit(self, x: Tensor, name: str, block: Block) -> Tensor:
        """Run a block of IR-SE50: a residual of two convolutions, with squeeze and excitation, and a shortcut."""
        shortcut = x[:, :, :: block.stride, :: block.stride]
        if block.projects:
            shortcut = self._conv(x, f"{name}.shortcut_layer.0", block.stride)
            shortcut = self._normalise(shortcut, f"{name}.shortcut_layer.1")
        part = f"{name}.res_layer"
        x = self._conv(self._normalise(x, f"{part}.0"), f"{part}.1")
        x = self._conv(F.prelu(x, self.tensors[f"{part}.2.weight"]), f"{part}.3", block.stride)
        x = self._normalise(x, f"{part}.4")
        squeezed = F.relu(F.conv2d(x.mean(dim=(2, 3), keepdim=True), self.tensors[f"{part}.5.fc1.weight"]))
        return x * F.conv2d(squeezed, self.tensors[f"{part}.5.fc2.weight"]).sigmoid() + shortcut

    def _basic_unit(self, x: Tensor, name: str, block: Block) -> Tensor:
        """Run a basic block of a ResNet (He et al. 2016)."""
        shortcut = x
        if block.projects:
            shortcut = self._conv(x, f"{name}.downsample.0", block.stride)
            shortcut = self._normalise(shortcut, f"{name}.downsample.1")
        x = F.relu(self._normalise(self._conv(x, f"{name}.conv1", block.stride), f"{name}.bn1"))
        return F.relu(self._normalise(self._conv(x, f"{name}.conv2"), f"{name}.bn2") + shortcut)

    def _head(self, row: int, x: Tensor) -> Tensor:
        """Return the result of the head of a row of W+, [rows, w_dim]."""
        for layer in range(self.table.depths[row]):
            x = F.leaky_relu(self._conv(x, f"styles.{row}.convs.{2 * layer}", 2), _SLOPE)
        return _equal_linear(x.flatten(1), self.tensors, f"styles.{row}.linear")

    def _flat(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self._normalise(x, "output_layer_2.0"), FLAT).flatten(1)
        x = F.linear(x, self.tensors["output_layer_2.3.weight"], self.tensors["output_layer_2.3.bias"])
        return _equal_linear(x, self.tensors, "linear")

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Convolve with padding that keeps the size, in half precision if it is on; the result is in full precision."""
        weight, bias = self.tensors[f"{name}.weight"], self.tensors.get(f"{name}.bias")
        kind = self.half or weight.dtype
        bias = None if bias is None else bias.to(kind)
        made = F.conv2d(x.to(kind), weight.to(kind), bias, stride=stride, padding=weight.shape[2] // 2)
        return made.to(weight.dtype)

    def _normalise(self, x: Tensor, name: str) -> Tensor:
        mean, variance, weight, bias = (
            self.tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, variance, weight, bias, eps=_EPSILON)

    @staticmethod
    def _add(x: Tensor, lateral: Tensor) -> Tensor:
        """Enlarge a map to the size of another, with aligned corners, and add both."""
        return F.interpolate(x, size=lateral.shape[2:], mode="bilinear", align_corners=True) + lateral


def _equal_linear(x: Tensor, tensors: Tensors, name: str) -> Tensor:
    weight = tensors[f"{name}.weight"]
    return F.linear(x, weight * (1 / math.sqrt(weight.shape[1])), tensors[f"{name}.bias"])
