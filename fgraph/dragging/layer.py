"""The layer whose features a drag compares. This module does not import torch."""

from __future__ import annotations

from fgraph._errors import nearest
from fgraph.dragging.settings import DragError
from fgraph.stylegan.tables.base import Layer, Table

_WIDEST = 128  # pixels of the published feature map


def feature_layer(table: Table, name: str | None) -> Layer:
    """Return the layer whose output is compared: a named one, or the last convolution of at most 128 pixels.

    Raises:
        DragError: the table has no such layer, or it makes no features.
    """
    convs = [layer for layer in table.layers if layer.kind == "conv"]
    if name is None:
        return [layer for layer in convs if layer.resolution <= _WIDEST][-1]
    for layer in convs:
        if layer.name == name:
            return layer
    hint = nearest(name, [layer.name for layer in convs])
    raise DragError(f"layer: '{name}' is not a convolution of this model" + (f" ({hint})" if hint else ""))


def share_of_pass(table: Table, layer: Layer) -> float:
    """Return the share of a forward pass that ends at a layer, by the multiplications of its convolutions."""

    def work(layers: tuple[Layer, ...]) -> int:
        return sum(one.in_channels * one.out_channels * (one.resolution // one.up) ** 2 for one in layers)

    convs = tuple(one for one in table.layers[1:] if one.kind == "conv")
    return work(tuple(one for one in convs if one.index <= layer.index)) / work(convs)
