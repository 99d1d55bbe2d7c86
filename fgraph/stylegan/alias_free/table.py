"""What is known of a StyleGAN3 generator without torch: its layers, and how large each of their maps is.

A layer's map is larger than the image, by a margin that edges fade into; pixel i of a map of n, sampled at s a unit,
stands at (i + 0.5 - n / 2) / s, and the image is the square from -0.5 to 0.5 (Karras et al. 2021, alias-free GAN).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fgraph.stylegan.layers import LayerTable


@dataclass(frozen=True)
class AliasFreeLayer:
    """One layer: what it reads and makes, and how it is resampled around its activation."""

    name: str  # as NVlabs has it, such as L3_36_512
    in_channels: int
    out_channels: int
    in_rate: int  # samples a unit of what it reads
    out_rate: int
    out_size: int  # of what it makes, pixels
    taps: int  # of its convolution: 3 in T, 1 in R and in the last layer
    is_torgb: bool
    up: int
    down: int
    padding: tuple[int, int, int, int]  # left, right, top, bottom, after up-sampling; negative crops
    clamp: float | None
    style_start: int

    @property
    def style_slice(self) -> slice:
        """Where its styles stand in a row of S."""
        return slice(self.style_start, self.style_start + self.in_channels)


@dataclass(frozen=True)
class AliasFreeTable:
    """The layers of one generator, in order, after the Fourier features that they start from."""

    mapping: LayerTable  # of a StyleGAN2 with the same mapping network
    size: int
    image_channels: int
    features: int  # Fourier features
    input_size: int  # samples along each side
    input_rate: float  # samples a unit
    bandwidth: float
    output_scale: float
    layers: tuple[AliasFreeLayer, ...]

    @property
    def architecture(self) -> str:
        """`stylegan3-t`, or `stylegan3-r`, which turns with its input."""
        return "stylegan3-r" if all(layer.taps == 1 for layer in self.layers) else "stylegan3-t"

    @property
    def z_dim(self) -> int:
        """Length of z."""
        return self.mapping.z_dim

    @property
    def c_dim(self) -> int:
        """Classes of a conditional generator."""
        return self.mapping.c_dim

    @property
    def w_dim(self) -> int:
        """Length of w."""
        return self.mapping.w_dim

    @property
    def mapping_layers(self) -> int:
        """Layers of the mapping."""
        return self.mapping.mapping_layers

    @property
    def num_ws(self) -> int:
        """Rows of a W+ code: the first places the features, each layer reads one more."""
        return len(self.layers) + 1

    @cached_property
    def style_length(self) -> int:
        """Length of a row of S: rotation and translation (4), then each layer's styles."""
        return 4 + sum(layer.in_channels for layer in self.layers)


def required_shapes(table: AliasFreeTable, filters: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The tensors of a generator, by our names; `filters` are those that layers resample with, of any length."""
    widths, depth = table.mapping.widths, table.mapping_layers
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(depth):
        shapes |= {f"mapping.{i}.weight": (widths[i + 1], widths[i]), f"mapping.{i}.bias": (widths[i + 1],)}
    if table.c_dim:
        width = table.mapping.embed_width
        shapes |= {"mapping.embed.weight": (width, table.c_dim), "mapping.embed.bias": (width,)}
    shapes |= {
        "input.affine.weight": (4, table.w_dim), "input.affine.bias": (4,), "input.transform": (3, 3),
        "input.freqs": (table.features, 2), "input.phases": (table.features,),
        "input.weight": (table.features, table.features),
    }  # fmt: skip
    for layer in table.layers:
        shapes |= {
            f"{layer.name}.weight": (layer.out_channels, layer.in_channels, layer.taps, layer.taps),
            f"{layer.name}.bias": (layer.out_channels,),
            f"{layer.name}.affine.weight": (layer.in_channels, table.w_dim),
            f"{layer.name}.affine.bias": (layer.in_channels,),
            f"{layer.name}.magnitude_ema": (),
        }
    return shapes | filters
