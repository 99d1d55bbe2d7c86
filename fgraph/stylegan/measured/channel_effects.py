"""Global directions of texts (Patashnik et al. 2021, "StyleCLIP", section 6), from the effect of each style channel.

The effect of a channel is the mean change of an image's features when the channel rises, scaled to length 1. The
channels are those of all convolutions, in the order of the layers, without ToRGB layers. `fs3.npy` holds the effects of
a model in the space of CLIP, [channels, F].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph.stylegan.tables.base import Layer, Table

Floats = NDArray[np.float64]


def text_vector(vectors: NDArray[Any]) -> Floats:
    """Return the vector [F] of a text: the mean of its unit vectors [F] or [templates, F], scaled to length 1."""
    rows = np.atleast_2d(np.asarray(vectors, np.float64))
    return _normalised(_normalised(rows).mean(axis=0))


def channel_amounts(effects: NDArray[Any], target: Floats, neutral: Floats, beta: float) -> Floats:
    """Return the amount of each channel [channels] for the change from `neutral` to `target`; the largest is 1 or -1.

    Args:
        effects: the effects of the channels, [channels, F].
        target: the vector of the target text, [F].
        neutral: the vector of a neutral text, [F].
        beta: the least cosine with the change of text for which a channel moves.

    Raises:
        ValueError: the texts are equal, or no channel reaches `beta`.
    """
    change = target - neutral
    if not np.linalg.norm(change) > 0:
        raise ValueError("the two texts have the same vector, so that there is no direction between them")
    relevance = np.asarray(effects, np.float64) @ _normalised(change)
    largest = float(np.abs(relevance).max())
    if largest < beta or largest == 0:
        raise ValueError(f"no channel reaches beta {beta}: the largest relevance is {largest:.3g}; take a lower beta")
    amounts: Floats = np.where(np.abs(relevance) < beta, 0.0, relevance) / largest
    return amounts


def effect_layers(table: Table, count: int) -> Sequence[Layer]:
    """Return the first convolutions, which together have `count` channels, one for each effect.

    Raises:
        ValueError: no number of first convolutions has this many channels.
    """
    layers, ends = [], [0]
    for layer in table.layers[1:]:
        if layer.kind == "conv" and ends[-1] < count:
            layers.append(layer)
            ends.append(ends[-1] + layer.in_channels)
    if ends[-1] != count or not layers:
        convs = sum(layer.in_channels for layer in table.layers[1:] if layer.kind == "conv")
        raise ValueError(
            f"there are the effects of {count} channels; the convolutions of this {table.extent}-pixel model have "
            f"{convs}"
        )
    return layers


def place_channels(amounts: Floats, table: Table) -> NDArray[np.float32]:
    """Return amounts of the channels of convolutions as a row of S, [styles]; ToRGB layers have 0."""
    styles, start = np.zeros(table.style_length, np.float32), 0
    for layer in effect_layers(table, len(amounts)):
        styles[layer.style_slice] = amounts[start : start + layer.in_channels]
        start += layer.in_channels
    return styles


def unit_changes(low: NDArray[Any], high: NDArray[Any]) -> Floats:
    """Return the changes of features [..., F] from images with a low to images with a high channel, of length 1."""
    return _normalised(_normalised(np.asarray(high, np.float64)) - _normalised(np.asarray(low, np.float64)))


def effects_of(low: NDArray[Any], high: NDArray[Any]) -> Floats:
    """Return the effect of each channel [channels, F]: the mean of its unit changes over samples, scaled to length 1.

    Args:
        low: features of images with the channel low, [channels, samples, F].
        high: the same with the channel high.
    """
    return _normalised(unit_changes(low, high).mean(axis=1))


def _normalised(rows: Floats) -> Floats:
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-30)
    return scaled
