"""How much of a layer runs at a time, without torch: plans predict memory with it."""

from __future__ import annotations

from collections.abc import Sequence

CHUNK_BYTES = 4 << 20  # of the widest temporary; 1 to 4 MiB measured alike, 16 MiB and more slower
BAND_BYTES = 1 << 20  # of the lines that are finished together: they stay in the cache from step to step
_LEAST_LINES = 4


def chunk_rows(shape: Sequence[int], outputs: int, up: int, item: int = 4) -> int:
    """How many rows of an activation, each of shape [C, H, W], a layer takes at a time; `item` bytes a number."""
    row_bytes = max(outputs * up * up, shape[0]) * shape[1] * shape[2] * item
    return max(1, CHUNK_BYTES // max(1, row_bytes))


def band_lines(line_bytes: int) -> int:
    """How many lines of a result are finished at a time."""
    return max(_LEAST_LINES, BAND_BYTES // max(1, line_bytes))
