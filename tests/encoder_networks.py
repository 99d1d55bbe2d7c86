"""Narrow encoders of every published layout, with seeded weights, as the checkpoints that their programs write."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from fgraph.stylegan.checkpoints.encoder_file import residual_encoder_table, save_encoder
from fgraph.stylegan.checkpoints.families.published_encoders import published_shapes
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.nn.encoder import Encoder
from fgraph.stylegan.tables.base import Shape
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.encoder import Backbone, Block, Head, HeadedTable

WIDTH, STYLES = 32, 8  # w_dim, and the rows of W+ of a generator of 32 pixels
_FOLDERS: list[TemporaryDirectory[str]] = []
_GROUPS = ((16, 16), (16, 20), (20, 24), (24, 32))  # inner and outer channels of two blocks each


@cache
def tiny_encoder(styles: int, w_dim: int) -> str:
    """Return the file of an encoder for tiny models with this W+, which reads images at 8 pixels."""
    table = residual_encoder_table(((4, 4), (8, 3)), image_channels=3, styles=styles, w_dim=w_dim, iterations=1)
    assert isinstance(table.network, DiscriminatorTable)
    path = _folder() / f"tiny_{styles}_{w_dim}.safetensors"
    save_encoder(Encoder(table, initial_tensors(table.network, seed=2), torch.linspace(-1, 1, w_dim)), path, {})
    return str(path)


@cache
def _folder() -> Path:
    _FOLDERS.append(TemporaryDirectory(prefix="encoders-"))  # removed with the process
    return Path(_FOLDERS[-1].name)


@dataclass(frozen=True)
class Published:
    """A published encoder: the `encoder_type` of its options, and its layout."""

    kind: str
    backbone: Backbone
    head: Head
    channels: int = 3
    progressive: bool = False

    @property
    def table(self) -> HeadedTable:
        """The table of the narrow network."""
        blocks: list[Block] = []
        for inner, outer in _GROUPS:
            strided = inner != outer or self.backbone == "ir-se"
            blocks += [Block(inner, outer, 2 if strided else 1), Block(outer, outer, 1)]
        depths = {"pyramid": (4,) * 3 + (5,) * 4 + (6,), "single": (4,) * STYLES}.get(self.head, ())
        return HeadedTable(self.backbone, self.channels, 16, tuple(blocks), self.head, WIDTH, depths, self.progressive)

    @property
    def outputs(self) -> int:
        """The number of values in a code."""
        return WIDTH if self.head == "pooled" else STYLES * WIDTH


PUBLISHED = {
    "psp": Published("GradualStyleEncoder", "ir-se", "pyramid"),
    "psp_w": Published("BackboneEncoderUsingLastLayerIntoW", "ir-se", "pooled"),
    "psp_wplus": Published("BackboneEncoderUsingLastLayerIntoWPlus", "ir-se", "flat"),
    "e4e": Published("Encoder4Editing", "ir-se", "pyramid", progressive=True),
    "restyle_psp": Published("BackboneEncoder", "ir-se", "single", 6),
    "restyle_psp_resnet": Published("ResNetBackboneEncoder", "resnet", "single", 6),
    "restyle_e4e": Published("ProgressiveBackboneEncoder", "ir-se", "single", 6, progressive=True),
    "restyle_e4e_resnet": Published("ResNetProgressiveBackboneEncoder", "resnet", "single", 6, progressive=True),
    "restyle_fpn_resnet": Published("ResNetGradualStyleEncoder", "resnet", "pyramid", 6),
    "stylegan3_psp": Published("BackboneEncoder", "ir-se", "single", 6),
    "stylegan3_e4e": Published("ResNetProgressiveBackboneEncoder", "resnet", "single", 6, progressive=True),
}


def seeded(shapes: Mapping[str, Shape]) -> dict[str, Tensor]:
    """Return weights that follow from their names: the same in any network that has a tensor of this name and shape."""
    tensors = {}
    for name, shape in shapes.items():
        digest = hashlib.sha256(name.encode()).digest()
        draw = torch.Generator().manual_seed(int.from_bytes(digest[:4], "little"))
        if name.endswith("running_var"):
            tensors[name] = torch.rand(shape, generator=draw) + 0.5
        elif name.endswith(("running_mean", "bias")):
            tensors[name] = torch.randn(shape, generator=draw) * 0.1
        elif len(shape) == 1:
            tensors[name] = torch.rand(shape, generator=draw) * 0.5 + 0.25
        else:
            gain = 1.0 if "linear" in name else math.sqrt(2 / math.prod(shape[1:]))
            tensors[name] = torch.randn(shape, generator=draw) * gain
    return tensors


def seeded_pictures(height: int, width: int, channels: int) -> Tensor:
    """Return two smooth pictures, [2, channels, height, width]."""
    draw = torch.Generator().manual_seed(height * 1000 + width + channels)
    small = torch.rand(2, channels, 12, 12, generator=draw) * 2 - 1
    return torch.nn.functional.interpolate(small, size=(height, width), mode="bilinear", align_corners=False)


def checkpoint(path: Path, name: str, mean: Tensor | None = None, **opts: Any) -> Path:
    """Write the checkpoint of an encoder, as its program does."""
    published = PUBLISHED[name]
    tensors = seeded(published_shapes(published.table, published.outputs))
    state = {f"encoder.{key}": value for key, value in tensors.items()}
    state |= {f"encoder.{key.removesuffix('weight')}num_batches_tracked": torch.tensor(7) for key in ("bn1.weight",)}
    content: dict[str, Any] = {"state_dict": state, "opts": {"encoder_type": published.kind, **opts}}
    torch.save(content if mean is None else {**content, "latent_avg": mean}, path)
    return path
