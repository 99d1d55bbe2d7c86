"""The contents of a model file of any format: a layer table, and the place of each tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fgraph._errors import ModelError, show
from fgraph._limits import DRAWN_FREE, DRAWN_RATIO
from fgraph._sizes import in_words
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.base import Shape, Table, extent
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import optional_shapes

if TYPE_CHECKING:
    from torch import Tensor

Format = Literal[
    "safetensors", "rosinality", "nvlabs", "tensorflow", "mmgeneration", "genforce", "basicsr", "paddlegan"
]
WEIGHT_TYPES = ("float32", "float16", "bfloat16", "float64")
LARGEST_BLOCKS = 11  # 4096 pixels
_LONGEST_BASE = 64  # pixels of the constant; published ones have 2 to 8
_MOST_PIXELS = 4096 * 4096  # most pixels of the image, because noise that a file lacks is drawn
_WIDEST = 8192  # channels of a layer: published ones have 512, or 1024
_LONGEST_CODE = 4096  # numbers; published codes have 512
_DEEPEST = 64  # layers of the mapping; published ones have 8, or 2
_MOST_CLASSES = 1 << 15


@dataclass(frozen=True)
class Weight:
    """A tensor in a model file, with its shape in fgraph."""

    stored: StoredTensor
    shape: Shape  # after `change`
    change: Callable[[Tensor], Tensor] | None = None  # converts the file's layout to fgraph's, except dimensions of 1

    def load(self, scratch: Tensor | None = None) -> Tensor:
        """Return the tensor in the type that the file has; with `scratch`, it may be a view of that memory.

        Raises:
            PickleRefused: the tensor's type is not a type of weights, or a number is not finite.
        """
        import torch

        if self.stored.dtype not in WEIGHT_TYPES:
            raise PickleRefused(f"holds {self.stored.dtype} numbers; weights are {', '.join(WEIGHT_TYPES)}")
        value = self.stored.load(scratch)
        if value.numel() and not all(map(math.isfinite, map(float, torch.aminmax(value)))):
            raise PickleRefused("holds numbers that are not finite")
        value = value if self.change is None else self.change(value)
        return value.reshape(self.shape)


@dataclass(frozen=True)
class Contents:
    """The contents of a model file."""

    format: Format
    table: Table
    weights: Mapping[str, Weight]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def check_size(self, available: int, where: str) -> None:
        """Refuse a file that could take many times its size in memory: its tensors share bytes, or it lacks much noise.

        Raises:
            ModelError: the tensors are larger than the file, or too much noise would be drawn.
        """
        stored = [weight.stored for weight in self.weights.values()]
        if max(sum(one.nbytes for one in stored), sum(one.bytes_read for one in stored)) > available:
            raise ModelError(f"{where}: its tensors share their numbers and are larger than the file; save it again")
        known = optional_shapes(self.table) if isinstance(self.table, StyleGAN2Table) else {}
        noise = {name: shape for name, shape in known.items() if name.endswith(".noise")}
        drawn = sum(4 * math.prod(shape) for name, shape in noise.items() if name not in self.weights)
        if drawn > max(DRAWN_FREE, DRAWN_RATIO * available):
            raise ModelError(
                f"{where}: has {in_words(available)} and lacks {in_words(drawn)} of noise; at most "
                f"{in_words(DRAWN_FREE)}, or {DRAWN_RATIO} times the file, are drawn: save it with its noise"
            )


def check_numbers(table: StyleGAN2Table, where: str) -> None:
    """Refuse a table whose resolutions or widths are outside the range of real generators.

    Raises:
        ModelError: a number is out of range.
    """
    resolutions = [resolution for resolution, _ in table.channels]
    if len(resolutions) > LARGEST_BLOCKS:
        raise ModelError(
            f"{where}: has {len(resolutions)} blocks, of {show(resolutions[-1])} pixels; at most 4096 are allowed"
        )
    if not resolutions or resolutions != [4 << i for i in range(len(resolutions))]:
        raise ModelError(f"{where}: has the resolutions {show(resolutions)}; expected 4, 8, ..., each twice the last")
    if not all(1 <= side <= _LONGEST_BASE for side in table.base) or math.prod(table.size) > _MOST_PIXELS:
        raise ModelError(
            f"{where}: its constant is {show(extent(table.base))} and its image {show(extent(table.size))}; expected "
            f"sides of 1 to {_LONGEST_BASE}, and as many pixels as 4096x4096 at most"
        )
    if not 1 <= table.mapping_layers <= _DEEPEST:
        raise ModelError(f"{where}: its mapping has {show(table.mapping_layers)} layers; expected 1 to {_DEEPEST}")
    counts = [*(width for _, width in table.channels), *table.widths, table.w_dim, table.image_channels]
    if not all(1 <= count <= _WIDEST for count in counts):
        raise ModelError(f"{where}: its channels or dimensions are out of range (1 to {_WIDEST}): {show(counts, 300)}")
    _check_codes(table, where)


def _check_codes(table: StyleGAN2Table, where: str) -> None:
    if not 0 <= table.z_dim <= _LONGEST_CODE or table.w_dim > _LONGEST_CODE:
        raise ModelError(
            f"{where}: its codes have {show(table.z_dim)} and {show(table.w_dim)} numbers; at most {_LONGEST_CODE} "
            "are allowed"
        )
    if not 0 <= table.c_dim <= _MOST_CLASSES or not 0 <= table.embed_width <= _WIDEST:
        raise ModelError(
            f"{where}: has {show(table.c_dim)} classes, embedded in {show(table.embed_width)} numbers; at most "
            f"{_MOST_CLASSES} classes and {_WIDEST} numbers are allowed"
        )
    if len(table.widths) != table.mapping_layers + 1 or table.widths[-1] != table.w_dim:
        raise ModelError(f"{where}: its mapping has widths {show(table.widths)}; it must end in {table.w_dim}")
    if table.class_means and not table.c_dim:
        raise ModelError(f"{where}: has a mean of w for each class, but no classes")
    if bool(table.c_dim) != bool(table.embed_width):
        raise ModelError(f"{where}: has {table.c_dim} classes, embedded in {table.embed_width} numbers")
