"""Running a layer a few rows at a time, so that what lies between its steps stays in the cache.

Large temporaries also cost fresh pages of memory each time. On wide batches chunks take up to half the time of
a layer away (`bench/speed/layers.py`), and results do not depend on them: rows never meet inside a layer.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fgraph.stylegan.tables import chunk_sizes


def is_recorded() -> bool:
    """Whether operations are recorded, for gradients or by torch.compile: then layers run whole, nothing in place."""
    return torch.is_grad_enabled() or torch.compiler.is_compiling()


def rows_per_chunk(x: Tensor, weight: Tensor, up: int) -> int:
    """How many rows of `x` [rows, I, H, W] to run at a time through a layer with `weight` [O, I, k, k].

    All of them while operations are recorded, since then everything is kept anyway, and on other devices than the CPU,
    where one large call is better.
    """
    if is_recorded() or x.device.type != "cpu":
        return x.shape[0]
    return chunk_sizes.chunk_rows(x.shape[1:], weight.shape[0], up, x.element_size())


def bands_of(maps: Tensor) -> Iterator[slice]:
    """The lines of maps [rows, C, H, W] that are worked on at a time; all of them on other devices than the CPU."""
    height = maps.shape[2]
    line_bytes = maps[:, :, :1].numel() * maps.element_size()
    count = chunk_sizes.band_lines(line_bytes) if maps.device.type == "cpu" else height
    for start in range(0, height, count):
        yield slice(start, min(height, start + count))
