"""Running a layer a few rows at a time, so that what lies between its steps stays in the cache.

Large temporaries also cost fresh pages of memory each time. On wide batches chunks take up to half the time of
a layer away (`bench/layers.py`), and results do not depend on them: rows never meet inside a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

CHUNK_BYTES = 4 << 20  # of the widest temporary; 1 to 4 MiB measured alike, 16 MiB and more slower
BAND_BYTES = 1 << 20


def rows_per_chunk(x: Tensor, weight: Tensor, up: int) -> int:
    """How many rows of `x` [rows, I, H, W] to run at a time through a layer with `weight` [O, I, k, k].

    All of them while gradients are recorded, since then everything is kept anyway, and on other devices than the CPU,
    where one large call is better.
    """
    if torch.is_grad_enabled() or x.device.type != "cpu":
        return x.shape[0]
    widest = max(weight.shape[0] * up * up, weight.shape[1])
    row_bytes = widest * x.shape[2] * x.shape[3] * x.element_size()
    return max(1, CHUNK_BYTES // max(1, row_bytes))


def in_chunks(run: Callable[[slice], Tensor], rows: int, chunk: int) -> Tensor:
    """`run` over all rows, `chunk` of them at a time; `run(slice)` returns [rows of the slice, O, H, W]."""
    if rows <= chunk:
        return run(slice(0, rows))
    first = run(slice(0, chunk))
    shape = (rows, *first.shape[1:])
    result = torch.empty(shape, dtype=first.dtype, device=first.device, memory_format=torch.channels_last)
    result[:chunk] = first
    for start in range(chunk, rows, chunk):
        result[start : start + chunk] = run(slice(start, start + chunk))
    return result


def bands_of(maps: Tensor) -> Iterator[slice]:
    """The lines of maps [rows, C, H, W] that are worked on at a time; all of them on other devices than the CPU."""
    height = maps.shape[2]
    line_bytes = maps[:, :, :1].numel() * maps.element_size()
    count = height if maps.device.type != "cpu" else max(4, BAND_BYTES // max(1, line_bytes))
    for start in range(0, height, count):
        yield slice(start, min(height, start + count))
