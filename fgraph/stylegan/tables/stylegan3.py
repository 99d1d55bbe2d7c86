"""The layer table of StyleGAN3, without torch.

A layer's map exceeds the image by a margin. Pixel i of a map of n pixels, with s samples a unit, is at
(i + 0.5 - n / 2) / s; a square image reaches from -0.5 to 0.5 (Karras et al. 2021, alias-free GAN). The unit of an
image that isn't square is its resolution in pixels: an image of 512x256 reaches from -0.5 to 0.5 along y, and from
-0.25 to 0.25 along x (StyleGAN-Human).

A pass starts from `const`, which is the plane itself, not sampled yet. `input` (σ index 0) samples Fourier features on
the plane, at a position that its 4 styles rotate and translate. The other layers follow; the last one makes the image.
The σ index of a layer is also its row of W+.
"""

from __future__ import annotations

from dataclasses import dataclass

from fgraph._cached import cached_property
from fgraph.stylegan.tables.base import CONST, Layer, Size, Table

PLACE = 4  # styles of the input: cosine and sine of a rotation, x and y of a translation


MAPPING_FIELDS = (  # the fields of the mapping, in both tables
    "z_dim", "w_dim", "mapping_layers", "c_dim", "embed_width", "mapping_widths", "mapping_rate", "mapping_activation",
    "class_means",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StyleGAN3Layer(Layer):
    """A layer of StyleGAN3: its inputs and outputs, and the change of sampling rate around its activation.

    Its `resolution` is the sampling rate of its output, in pixels a unit. The last layer has that of the image.
    """

    in_rate: int  # samples a unit of the input
    out_size: Size  # pixels of the output with its margin, on a canvas of one image
    taps: int = 1  # taps of its convolution: 3 in T, 1 in R and in the last layer
    up_factor: int = 1  # up-sampling from the input to the activation
    down_factor: int = 1  # down-sampling from the activation to the output
    up_taps: int = 1  # taps of the filters; 1 for no filter
    down_taps: int = 1
    radial: bool = False  # whether the second filter is two-dimensional
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # left, right, top, bottom, after up-sampling; negative crops
    clamp: float | None = None

    @property
    def margin(self) -> Size:
        """Pixels by which its maps exceed the canvas along y and x, half of them on each side."""
        return self.out_size[0] - self.size[0], self.out_size[1] - self.size[1]

    @property
    def block(self) -> str:
        """The short name: `L3` for `L3_36_512`."""
        return self.name.partition("_")[0]

    @property
    def halo(self) -> int:
        """The pixels of its input, each way, that one pixel of its output depends on, at most."""
        reach = self.up_taps + self.down_taps - 2
        return self.taps - 1 + -(-reach // self.up_factor)


@dataclass(frozen=True)
class StyleGAN3Table(Table):
    """The layers of a StyleGAN3 generator."""

    size: Size
    image_channels: int
    features: int  # Fourier features
    input_size: Size  # samples along y and x
    input_rate: int  # samples a unit
    bandwidth: float
    output_scale: float
    filtered: tuple[StyleGAN3Layer, ...]  # the layers after the input, in order
    z_dim: int
    w_dim: int
    mapping_layers: int
    c_dim: int = 0
    embed_width: int = 0
    mapping_widths: tuple[int, ...] = ()
    mapping_rate: float = 0.01
    mapping_activation: str = "lrelu"
    class_means: bool = False

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The plane, the input, then the filtered layers."""
        rate = self.input_rate
        size = size_at(self.size, rate, self.filtered[-1].resolution)
        plane = Layer("const", CONST, "const", rate, 1, 0, 0, 0, 0, None, size=size)
        start = StyleGAN3Layer(
            "input",
            0,
            "input",
            rate,
            1,
            PLACE,
            self.features,
            0,
            0,
            None,
            in_rate=rate,
            out_size=self.input_size,
            size=size,
        )
        return (plane, start, *self.filtered)

    @property
    def is_stylegan3(self) -> bool:
        """True."""
        return True

    @property
    def _listed(self) -> str:
        return f"const, input, {self.filtered[0].block} to {self.filtered[-1].block}, which makes the image"

    @property
    def architecture(self) -> str:
        """`stylegan3-t`, or `stylegan3-r`, which is equivariant to rotation."""
        return "stylegan3-r" if all(layer.taps == 1 for layer in self.filtered) else "stylegan3-t"

    @cached_property
    def forward_flops(self) -> int:
        """The floating-point operations of the convolutions and filters of one forward pass."""
        start = 2 * self.features**2 * self.input_size[0] * self.input_size[1]
        sizes = [self.input_size, *(layer.out_size for layer in self.filtered)]
        pairs = zip(self.filtered, sizes, strict=False)
        return start + sum(layer_flops(layer, size, layer.out_size) for layer, size in pairs)


def size_at(image: Size, rate: int, resolution: int) -> Size:
    """Return height and width of an image at a sampling rate, without a margin; `resolution` belongs to the image."""
    return image[0] * rate // resolution, image[1] * rate // resolution


def layer_flops(layer: StyleGAN3Layer, read: tuple[int, int], made: tuple[int, int]) -> int:
    """Return the floating-point operations of a layer from a map of `read` to one of `made` (height, width)."""
    pixels = (read[0] + layer.taps - 1) * (read[1] + layer.taps - 1)
    total = 2 * layer.taps**2 * layer.in_channels * layer.out_channels * pixels
    height, width = made[0] * layer.down_factor, made[1] * layer.down_factor  # the size of the activation
    if layer.up_taps > 1:
        lines = -(-height // layer.up_factor)
        total += 2 * layer.up_taps // layer.up_factor * layer.out_channels * (lines * width + height * width)
    if layer.down_taps > 1:
        taps = (
            layer.down_taps**2 * made[0] * made[1] if layer.radial else layer.down_taps * (height + made[0]) * made[1]
        )
        total += 2 * taps * layer.out_channels
    return total


def required_shapes(table: StyleGAN3Table) -> dict[str, tuple[int, ...]]:
    """Return the tensors that every generator of this table has, by fgraph's names."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(table.mapping_layers):
        shapes[f"mapping.{i}.weight"] = (table.widths[i + 1], table.widths[i])
        shapes[f"mapping.{i}.bias"] = (table.widths[i + 1],)
    if table.c_dim:
        width = table.embed_width
        shapes |= {"mapping.embed.weight": (width, table.c_dim), "mapping.embed.bias": (width,)}
    shapes |= {
        "input.affine.weight": (PLACE, table.w_dim), "input.affine.bias": (PLACE,), "input.transform": (3, 3),
        "input.freqs": (table.features, 2), "input.phases": (table.features,),
        "input.weight": (table.features, table.features),
    }  # fmt: skip
    for layer in table.filtered:
        shapes |= _layer_shapes(layer, table.w_dim)
    return shapes | ({"w_mean": table.mean_shape} if table.class_means else {})


def optional_shapes(table: StyleGAN3Table) -> dict[str, tuple[int, ...]]:
    """Return the tensors that are measured if a file lacks them."""
    return {"w_mean": table.mean_shape, "style_mean": (table.style_length,), "style_std": (table.style_length,)}


def _layer_shapes(layer: StyleGAN3Layer, w_dim: int) -> dict[str, tuple[int, ...]]:
    name = layer.name
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (layer.out_channels, layer.in_channels, layer.taps, layer.taps),
        f"{name}.bias": (layer.out_channels,),
        f"{name}.affine.weight": (layer.in_channels, w_dim),
        f"{name}.affine.bias": (layer.in_channels,),
        f"{name}.magnitude_ema": (),
    }
    if layer.up_taps > 1:
        shapes[f"{name}.up_filter"] = (layer.up_taps,)
    if layer.down_taps > 1:
        shapes[f"{name}.down_filter"] = (layer.down_taps,) * (2 if layer.radial else 1)
    return shapes
