"""How many rows of a StyleGAN3 layer are worked on at once, and what memory that takes. Without torch."""

from __future__ import annotations

from fgraph.stylegan.alias_free.table import AliasFreeLayer

_NUMBERS = 1 << 21  # at the rate of the activation: 8 MiB in fp32


def chunk_rows(layer: AliasFreeLayer, read: tuple[int, int]) -> int:
    """Rows at a time for maps of which `read` pixels (height, width) are read."""
    return max(1, _NUMBERS // _most(layer, read))


def chunk_bytes(layer: AliasFreeLayer, read: tuple[int, int], made: tuple[int, int], rows: int) -> int:
    """The most bytes, in fp32, that working on `rows` rows takes at once beside what is read and made."""
    count = min(rows, chunk_rows(layer, read))
    inner = layer.in_channels * read[0] * read[1] + 3 * _most(layer, read)
    joined = layer.out_channels * made[0] * made[1] * rows if count < rows else 0
    return 4 * (inner * count + joined)


def _most(layer: AliasFreeLayer, read: tuple[int, int]) -> int:
    """Numbers of one row at the rate of its activation."""
    return layer.out_channels * (read[0] * layer.up_factor) * (read[1] * layer.up_factor)
