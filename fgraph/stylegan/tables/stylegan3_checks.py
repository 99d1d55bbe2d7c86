"""Checks that a layer table is one of a StyleGAN3 generator that fgraph runs. Without torch."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from fgraph._errors import ModelError, show
from fgraph.stylegan.tables import spans
from fgraph.stylegan.tables.base import Layer, Shape, extent
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, StyleGAN3Table, optional_shapes, required_shapes

MOST_LAYERS, LARGEST, WIDEST, LONGEST = 64, 8192, 8192, 256  # published: 15, 1044 pixels, 1024 channels, 12 taps


def check_stylegan3(found: Mapping[str, Shape], table: StyleGAN3Table, where: str) -> None:
    """Compare the shapes in a file with the shapes that its table requires.

    Raises:
        ModelError: tensors are missing, unknown, or of another shape.
    """
    required = required_shapes(table)
    known = required | optional_shapes(table)
    faults = [f"it lacks {name}" for name in required if name not in found]
    faults += [f"it holds {show(name)}, which is unknown" for name in found if name not in known]
    faults += [
        f"{name} is {list(shape)}, but the others imply {list(known[name])}"
        for name, shape in found.items()
        if name in known and shape != known[name]
    ]
    if faults:
        raise ModelError(
            f"{where}: {'; '.join(faults[:5])}; expected a whole StyleGAN3 generator of {table.extent} pixels"
        )


def check_chain(table: StyleGAN3Table, where: str) -> None:
    """Refuse layers that do not fit the previous layer, or whose maps do not fit the plane.

    Raises:
        ModelError: channels, sampling rates, sizes or names do not make a generator.
    """
    if min(table.features, *table.input_size, table.input_rate, table.filtered[-1].resolution) < 1:
        raise ModelError(f"{where}: its input has no samples, or no features")
    names = [layer.name for layer in table.layers]
    for before, layer in pairwise(table.layers[1:]):
        assert isinstance(layer, StyleGAN3Layer)
        makes_image = layer is table.filtered[-1]
        if makes_image != (layer.kind == "torgb") or names.count(layer.name) > 1:
            raise ModelError(f"{where}: {show(layer.name)} occurs twice, or makes the image before the last layer")
        _check_follows(before, layer, where)
    last = table.filtered[-1]
    if last.out_size != table.size or last.resolution != max(table.size):
        raise ModelError(
            f"{where}: its last layer makes {extent(last.out_size)} pixels at {last.resolution} a unit; the image has "
            f"{table.extent}"
        )
    for layer in table.layers[1:]:
        assert isinstance(layer, StyleGAN3Layer)
        whole = all(side * layer.resolution % table.resolution == 0 for side in table.size)
        if min(layer.margin) < 0 or any(side % 2 for side in layer.margin) or layer.resolution % table.input_rate:
            whole = False
        if not whole:
            raise ModelError(
                f"{where}: {show(layer.name)} has {extent(layer.out_size)} pixels at {layer.resolution} a unit; "
                "expected a margin of equal sides around a whole number of pixels, and sampling rates that are "
                "multiples of the first"
            )


def _check_follows(before: Layer, layer: StyleGAN3Layer, where: str) -> None:
    if layer.in_channels != before.out_channels or layer.in_rate != before.resolution:
        raise ModelError(
            f"{where}: its layer {show(layer.name)} reads {layer.in_channels} channels at {layer.in_rate} samples a "
            f"unit, {show(before.name)} makes {before.out_channels} at {before.resolution}"
        )
    if min(layer.out_channels, *layer.out_size, layer.taps, layer.up_factor, layer.down_factor) < 1:
        raise ModelError(f"{where}: its layer {show(layer.name)} makes nothing")
    read = [before.size[axis] + before.margin[axis] for axis in (spans.Y, spans.X)]
    made = (spans.size_made(layer, spans.Y, read[0]), spans.size_made(layer, spans.X, read[1]))
    if made != layer.out_size or layer.in_rate * layer.up_factor != layer.resolution * layer.down_factor:
        raise ModelError(
            f"{where}: its layer {show(layer.name)} makes {extent(made)} pixels instead of {extent(layer.out_size)}, "
            "or its factors do not lead from one sampling rate to the other"
        )
