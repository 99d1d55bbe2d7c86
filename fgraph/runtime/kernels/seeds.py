"""Random numbers from seeds, drawn on the CPU, so that they are the same on every device and in every batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from fgraph._geometry.blur import blur_axis, gaussian_taps, kernel_for

Floats = NDArray[np.float32]


@lru_cache(maxsize=1024)
def draw_codes(draw: str, seed: int, count: int, smooth: float, width: int) -> Floats:
    """Return z [count, width] as published programs draw it: `torch` as SOAT, `numpy` as NVlabs and SOAT's panorama.

    With `smooth` > 0 the codes are smoothed along the rows by a circular Gaussian of that σ, cut at 4 σ as
    `scipy.ndimage.gaussian_filter` cuts it, and divided by the root of their mean square (SOAT's panorama).
    """
    if draw == "torch":
        z = torch.randn([count, width], generator=torch.Generator().manual_seed(seed)).numpy()
    else:
        z = np.random.RandomState(seed).randn(count, width).astype(np.float32)
    if smooth > 0:
        taps = gaussian_taps(smooth, kernel_for(smooth))
        z = blur_axis(z, taps, 0, "circular").astype(np.float32)
        z = z / np.sqrt(np.mean(np.square(z)))
    z.flags.writeable = False
    return z


def codes_of_seeds(seeds: Iterable[int], width: int) -> torch.Tensor:
    """Return the codes that `sample` draws for seeds by default, z [seeds, width]."""
    return torch.from_numpy(np.concatenate([draw_codes("torch", seed, 1, 0.0, width) for seed in seeds]))


def keyed_noise(seed: int, key: int, layer: str, height: int, width: int) -> Floats:
    """Return standard normal noise, [height, width], which depends on seed, row key and layer only."""
    digest = hashlib.blake2b(f"{seed}/{key}/{layer}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
    return generator.standard_normal((height, width), dtype=np.float32)


def seeded_noise(rows: int, height: int, width: int) -> Floats:
    """Return the noise between the ends of a map that is wider than its buffer, [rows, 1, height, width].

    By the published rule, a CPU generator seeded with the width draws the numbers (SOAT, NoiseInjection). A copy of the
    buffer lies over either end.
    """
    return torch.zeros([rows, 1, height, width]).normal_(generator=torch.Generator().manual_seed(width)).numpy()
