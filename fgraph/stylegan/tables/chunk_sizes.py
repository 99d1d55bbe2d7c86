"""The sizes of the pieces that a layer runs in, for plans that predict memory. Without torch."""

from __future__ import annotations

from collections.abc import Sequence

CHUNK_BYTES = 4 << 20  # bytes of the widest temporary; 1 to 4 MiB are equally fast, 16 MiB and more slower
BAND_BYTES = 1 << 20  # bytes of lines that are finished together, so that they stay in the cache of the processor
_LEAST_LINES = 4
WINOGRAD_TILE = 4  # pixels of the output of a tile of `fgraph.stylegan.nn.winograd`, on each axis
_WINOGRAD_WIDTH = 128  # least channels for which Winograd's algorithm is faster
_WINOGRAD_PIXELS = 256  # least pixels for which it is faster; with fewer, its transforms cost more than it saves
_UNFOLDED = 20_480  # most numbers of a single row that torch unfolds instead of calling oneDNN
_WINOGRAD_NUMBERS = 1 << 16  # tiles times channels in one step: 9 MiB of each temporary


def chunk_rows(shape: Sequence[int], outputs: int, up: int, itemsize: int = 4) -> int:
    """Return the number of rows of an activation that a layer runs at a time.

    Args:
        shape: the shape of a row, [C, H, W].
        outputs: the output channels.
        up: 2 if the layer doubles the resolution, otherwise 1.
        itemsize: the size of a number in bytes.
    """
    row_bytes = max(outputs * up * up, shape[0]) * shape[1] * shape[2] * itemsize
    return max(1, CHUNK_BYTES // max(1, row_bytes))


def band_lines(line_bytes: int) -> int:
    """Return the number of lines of a result that are finished at a time."""
    return max(_LEAST_LINES, BAND_BYTES // max(1, line_bytes))


def is_winograd(inputs: int, outputs: int, size: Sequence[int]) -> bool:
    """Return whether a 3x3 convolution to maps of this height and width runs by Winograd's algorithm on a CPU.

    The answer depends on a single row only, so that no row's result depends on its batch.
    """
    return min(inputs, outputs) >= _WINOGRAD_WIDTH and size[0] * size[1] >= _WINOGRAD_PIXELS


def winograd_lines(rows: int, across: int, channels: int) -> int:
    """Return the lines of tiles that are transformed at a time, of `rows` maps that are `across` tiles wide."""
    return max(1, _WINOGRAD_NUMBERS // (rows * across * channels))


def winograd_bytes(rows: int, inputs: int, outputs: int, size: Sequence[int], itemsize: int = 4) -> int:
    """Return the bytes that Winograd's algorithm takes for maps of this size, besides its input and result."""
    down, across = (-(-length // WINOGRAD_TILE) for length in size)
    tiles = rows * across * min(down, winograd_lines(rows, across, max(inputs, outputs)))
    spectrum, made = (WINOGRAD_TILE + 2) ** 2, WINOGRAD_TILE**2
    return itemsize * tiles * (2 * spectrum * inputs + (spectrum + 2 * made) * outputs)


def conv_bytes(rows: int, numbers: int, weights: int, up: int) -> int:
    """Return the bytes that torch's convolution of 3 x 3 taps takes on a CPU beside its operands and its result.

    oneDNN copies the weights into an order of its own, and a transposed convolution copies them once more. A single row
    of few numbers is unfolded instead, to nine columns for each number. That copy is not counted if it is larger than
    the weights: it takes at most 720 KiB, which matters only to the budget of a tiny generator.

    Args:
        rows: the number of rows of the input.
        numbers: the number of entries of the input, all rows together.
        weights: numbers of the weight.
        up: 2 for a transposed convolution, otherwise 1.
    """
    unfolds = rows == 1 and numbers <= _UNFOLDED
    copied = min(weights, 9 * numbers) if unfolds else weights
    return 4 * (copied if up == 1 else weights + copied)
