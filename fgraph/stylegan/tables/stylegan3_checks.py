"""Checks that a layer table is one of a StyleGAN3 generator that fgraph runs. Without torch."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from fgraph._errors import ModelError, show
from fgraph.stylegan.tables import spans
from fgraph.stylegan.tables.base import Layer, Shape
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, StyleGAN3Table, optional_shapes, required_shapes

MOST_LAYERS, LARGEST, WIDEST, LONGEST = 64, 8192, 8192, 256  # published: 15, 1044 pixels, 1024 channels, 12 taps


def check_stylegan3(found: Mapping[str, Shape], table: StyleGAN3Table, where: str) -> None:
    """Compare the shapes in a file with those that its table requires.

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
            f"{where}: {'; '.join(faults[:5])}; expected a whole StyleGAN3 generator of {table.size} pixels"
        )


def check_chain(table: StyleGAN3Table, where: str) -> None:
    """Refuse layers that do not follow each other, or whose maps do not fit the plane.

    Raises:
        ModelError: channels, sampling rates, sizes or names do not make a generator.
    """
    if min(table.features, table.input_size, table.input_rate) < 1:
        raise ModelError(f"{where}: its input has no samples, or no features")
    names = [layer.name for layer in table.layers]
    for before, layer in pairwise(table.layers[1:]):
        assert isinstance(layer, StyleGAN3Layer)
        makes_image = layer is table.filtered[-1]
        if makes_image != (layer.kind == "torgb") or names.count(layer.name) > 1:
            raise ModelError(f"{where}: {show(layer.name)} occurs twice, or makes the image before the last layer")
        _check_follows(before, layer, where)
    for layer in table.layers[1:]:
        if layer.margin < 0 or layer.margin % 2 or layer.resolution % table.input_rate:
            raise ModelError(
                f"{where}: {show(layer.name)} has {layer.resolution + layer.margin} pixels at {layer.resolution} a "
                "unit; expected a margin of equal sides, and sampling rates that are multiples of the first"
            )
    last = table.layers[-1]
    if last.resolution != table.size or last.margin:
        raise ModelError(f"{where}: its last layer makes {last.resolution} pixels; the image has {table.size}")


def _check_follows(before: Layer, layer: StyleGAN3Layer, where: str) -> None:
    if layer.in_channels != before.out_channels or layer.in_rate != before.resolution:
        raise ModelError(
            f"{where}: its layer {show(layer.name)} reads {layer.in_channels} channels at {layer.in_rate} samples a "
            f"unit, {show(before.name)} makes {before.out_channels} at {before.resolution}"
        )
    if min(layer.out_channels, layer.out_size, layer.taps, layer.up_factor, layer.down_factor) < 1:
        raise ModelError(f"{where}: its layer {show(layer.name)} makes nothing")
    sizes = {spans.size_made(layer, axis, before.resolution + before.margin) for axis in (spans.Y, spans.X)}
    if sizes != {layer.out_size} or layer.in_rate * layer.up_factor != layer.resolution * layer.down_factor:
        raise ModelError(
            f"{where}: its layer {show(layer.name)} makes {sorted(sizes)} pixels instead of {layer.out_size}, or its "
            "factors do not lead from one sampling rate to the other"
        )
