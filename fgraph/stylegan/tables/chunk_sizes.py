"""How much of a layer runs at a time, without torch: plans predict memory with it."""

from __future__ import annotations

from collections.abc import Sequence

CHUNK_BYTES = 4 << 20  # of the widest temporary; 1 to 4 MiB measured alike, 16 MiB and more slower
BAND_BYTES = 1 << 20  # of the lines that are finished together: they stay in the cache from step to step
_LEAST_LINES = 4
WINOGRAD_TILE = 4  # results of a tile of `fgraph.stylegan.nn.winograd`, on each axis
_WINOGRAD_WIDTH = 128  # channels and
_WINOGRAD_PIXELS = 256  # pixels from which it is faster: below, its transforms cost more than they save
_WINOGRAD_NUMBERS = 1 << 16  # tiles at a time by channels: 9 MiB of each of what it makes


def chunk_rows(shape: Sequence[int], outputs: int, up: int, item: int = 4) -> int:
    """How many rows of an activation, each of shape [C, H, W], a layer takes at a time; `item` bytes a number."""
    row_bytes = max(outputs * up * up, shape[0]) * shape[1] * shape[2] * item
    return max(1, CHUNK_BYTES // max(1, row_bytes))


def band_lines(line_bytes: int) -> int:
    """How many lines of a result are finished at a time."""
    return max(_LEAST_LINES, BAND_BYTES // max(1, line_bytes))


def is_winograd(inputs: int, outputs: int, size: Sequence[int]) -> bool:
    """Whether a 3x3 convolution to maps of this height and width runs by Winograd's algorithm on a CPU.

    It depends on what a row is alone, so that no row's result depends on its batch.
    """
    return min(inputs, outputs) >= _WINOGRAD_WIDTH and size[0] * size[1] >= _WINOGRAD_PIXELS


def winograd_lines(rows: int, across: int, channels: int) -> int:
    """How many lines of tiles are transformed at a time, of `rows` maps which are `across` tiles wide."""
    return max(1, _WINOGRAD_NUMBERS // (rows * across * channels))


def winograd_bytes(rows: int, inputs: int, outputs: int, size: Sequence[int], item: int = 4) -> int:
    """Bytes that Winograd's algorithm takes for maps of this height and width, beside its input and result."""
    down, across = (-(-length // WINOGRAD_TILE) for length in size)
    tiles = rows * across * min(down, winograd_lines(rows, across, max(inputs, outputs)))
    spectrum, made = (WINOGRAD_TILE + 2) ** 2, WINOGRAD_TILE**2
    return item * tiles * (2 * spectrum * inputs + (spectrum + 2 * made) * outputs)
