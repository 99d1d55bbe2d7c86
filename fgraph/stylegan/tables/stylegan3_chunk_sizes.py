"""How many maps of a StyleGAN3 layer are filtered at once, and what memory a layer takes. Without torch."""

from __future__ import annotations

from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer

_NUMBERS = 1 << 20  # at the rate of the activation: 4 MiB in fp32
_GROUP = 16  # channels that a convolution of the CPU's library takes together


def chunk_planes(height: int, width: int) -> int:
    """How many maps of so many pixels are filtered at a time."""
    return max(1, _NUMBERS // (height * width * _GROUP)) * _GROUP


def layer_bytes(layer: StyleGAN3Layer, read: tuple[int, int], made: tuple[int, int], rows: int) -> int:
    """The most bytes, in fp32, that a layer takes at once beside what it reads and makes."""
    edge = layer.taps - 1
    styled = layer.in_channels * read[0] * read[1]
    convolved = layer.out_channels * (read[0] + edge) * (read[1] + edge)
    high, wide = (read[0] + edge) * layer.up_factor, (read[1] + edge) * layer.up_factor
    planes = min(rows * layer.out_channels, chunk_planes(high, wide))
    result = rows * layer.out_channels * made[0] * made[1]
    # A convolution's library lays out what it reads and makes in its own way first.
    return 4 * max(2 * rows * (styled + convolved) - result, rows * convolved + 4 * planes * high * wide)
