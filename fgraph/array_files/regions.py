"""Channels of StyleSpace by the region of the image that they change, from StyleSpace's `semantic_top_32`.

The file is a list with an array [channels, regions] for each layer of styles, ToRGB layers included. A number is the
share of images in which the region has the largest change relative to its area (Wu et al. 2021, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fgraph.array_files.pickled import read_layers

_LEAST_SHARE, _LEAST_GAP = 0.5, 0.25  # bounds for a channel that belongs to a region, as in StyleSpace's program


def read_regions(path: Path, regions: Sequence[int] = ()) -> dict[int, list[tuple[int, int, float]]]:
    """Return the channels of each region as σ index, channel and share, the largest share first.

    With several `regions`, their shares are summed, and the key is the first region. By default, each region is a key.

    Raises:
        ValueError: the file cannot be read, holds something else, or has no such region.
    """
    layers = [layer.array for layer in read_layers(path)]
    counts = {layer.shape[1:] for layer in layers}
    if len(counts) != 1 or len(count := counts.pop()) != 1 or count[0] < 2:
        raise ValueError(
            f"{path} is not the semantic_top_32 of StyleSpace: an array [channels, regions] for each layer"
        )
    if unknown := [one for one in regions if not 0 <= one < count[0]]:
        raise ValueError(f"{path} has {count[0]} regions, from 0; there is no region {unknown[0]}")
    wanted = [list(regions)] if regions else [[one] for one in range(count[0])]
    return {group[0]: _channels(layers, group) for group in wanted}


def _channels(layers: Sequence[np.ndarray], group: Sequence[int]) -> list[tuple[int, int, float]]:
    """Return the channels whose share in a group of regions is large, and larger than in any other region."""
    found = []
    for index, shares in enumerate(layers):
        together = shares[:, group].sum(axis=1)
        others = np.delete(shares, group, axis=1).max(axis=1, initial=0)
        for channel in np.flatnonzero((together > _LEAST_SHARE) & (together - others > _LEAST_GAP)):
            found.append((index, int(channel), float(together[channel])))
    return sorted(found, key=lambda one: -one[2])
