"""Execution of a layer a few rows at a time, so that its temporaries stay in the processor's cache.

Large temporaries also cost fresh pages of memory each time. On wide batches, chunks save up to half the time of a layer
(`bench/speed/layers.py`). Results do not depend on chunks, because no layer mixes rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fgraph.stylegan.tables import chunk_sizes


def is_recorded() -> bool:
    """Return whether operations are recorded, for gradients or by torch.compile; if so, layers run whole."""
    return torch.is_grad_enabled() or torch.compiler.is_compiling()


def rows_per_chunk(x: Tensor, weight: Tensor, up: int) -> int:
    """Return the number of rows of `x` [rows, I, H, W] to run at a time through a layer with `weight` [O, I, k, k].

    It is all rows while operations are recorded, because then all temporaries are kept, and on devices other than the
    CPU, where one large call is faster.
    """
    if is_recorded() or x.device.type != "cpu":
        return x.shape[0]
    return chunk_sizes.chunk_rows(x.shape[1:], weight.shape[0], up, x.element_size())


def bands_of(maps: Tensor) -> Iterator[slice]:
    """Yield the lines of maps [rows, C, H, W] to finish at a time; all lines on devices other than the CPU."""
    height = maps.shape[2]
    line_bytes = maps[:, :, :1].numel() * maps.element_size()
    count = chunk_sizes.band_lines(line_bytes) if maps.device.type == "cpu" else height
    for start in range(0, height, count):
        yield slice(start, min(height, start + count))
