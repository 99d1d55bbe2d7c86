"""The sizes of the pieces that a StyleGAN3 layer is filtered in, and the memory that it takes. Without torch."""

from __future__ import annotations

from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer

_NUMBERS = 1 << 20  # at the rate of the activation: 4 MiB in fp32
_GROUP = 16  # channels in a block of the CPU library's convolutions


def chunk_planes(height: int, width: int) -> int:
    """Return the number of maps of this size that are filtered at a time."""
    return max(1, _NUMBERS // (height * width * _GROUP)) * _GROUP


def layer_bytes(layer: StyleGAN3Layer, read: tuple[int, int], made: tuple[int, int], rows: int) -> int:
    """Return the most bytes, in fp32, that a layer takes at once besides its input and output."""
    edge = layer.taps - 1
    styled = layer.in_channels * read[0] * read[1]
    convolved = layer.out_channels * (read[0] + edge) * (read[1] + edge)
    height, width = (read[0] + edge) * layer.up_factor, (read[1] + edge) * layer.up_factor
    planes = min(rows * layer.out_channels, chunk_planes(height, width))
    result = rows * layer.out_channels * made[0] * made[1]
    # The library copies the input and output of a convolution to a layout of its own.
    return 4 * max(2 * rows * (styled + convolved) - result, rows * convolved + 4 * planes * height * width)
