"""Edits of maps that are larger than their canvas, as those of StyleGAN3 are.

Half of the margin stands on each side. A crop keeps what lies beyond its sides as its own margin; a shift moves the
margin along, and what comes in at its edge is what the edit's mode says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from fgraph import _geometry as geometry
from fgraph._geometry import Edit
from fgraph._geometry.regions import Size
from fgraph.lowering.build import Build
from fgraph.lowering.values import Features
from fgraph.stylegan.tables.base import Table


def activation_margin(table: Table, features: Features) -> int:
    """The margin of a pass's activation: that of the last layer which made it."""
    layer = table.at(features.layer)
    return layer.margin if layer.tensor == "activation" else table.at(layer.index - 1).margin


def canvas_size(build: Build, features: Features) -> Size:
    """Pixels of a pass's canvas where it is paused; on the plane, those of the image."""
    table = build.table(features.model)
    kind = build.type_of(features.activation)
    if not kind.spatial:
        return features.canvas.pixels(table.size)
    margin = activation_margin(table, features)
    return kind.size[0] - margin, kind.size[1] - margin


def check_features_edit(build: Build, features: Features, edit: Edit) -> None:
    """Refuse edits of StyleGAN3 features that make another canvas than there is.

    Raises:
        ValueError: a pad, which they have no continuation for, or a resize, which breaks their band limit.
    """
    table, name = build.table(features.model), type(edit).__name__.lower()
    if isinstance(edit, geometry.Pad | geometry.Resize):
        why = "have no edge to go on from" if name == "pad" else "are limited in frequency, which stretching breaks"
        raise ValueError(
            f"{name} finds a pass of model '{features.model}' ({table.architecture}) paused at "
            f"{table.at(features.layer).name}, where features {why}; {name} the codes, or the pass at const: there it "
            "samples more of the plane, or samples it otherwise"
        )


def with_margins(edits: Sequence[Edit], size: Size, margin: int) -> Sequence[Edit]:
    """The edits of a canvas as edits of its map, `size` pixels with a margin.

    Raises:
        ValueError: the edit makes a canvas that such a map cannot be stretched to.
        SizeError: an amount does not come to whole pixels of the canvas.
    """
    if not margin:
        return edits
    inner = (size[0] - margin, size[1] - margin)
    edits[0].maps(*inner)  # raises where the amounts do not divide, in the words of whoever wrote them
    known = {edit: _with_margin(edit, size, inner) for edit in set(edits)}
    return [known[edit] for edit in edits]


def _with_margin(edit: Edit, size: Size, inner: Size) -> Edit:
    tall, wide = (Fraction(inner[axis], size[axis]) for axis in (0, 1))
    if isinstance(edit, geometry.Shift):
        return replace(edit, dy=edit.dy * tall, dx=edit.dx * wide)
    if isinstance(edit, geometry.Crop):
        height, width = edit.height * tall + 1 - tall, edit.width * wide + 1 - wide
        return geometry.Crop(edit.top * tall, edit.left * wide, height, width)
    assert isinstance(edit, geometry.Flip), "pads and resizes are refused before"
    return edit


def cut_joint(size: Size, margin: int, axis: int, place: tuple[bool, bool]) -> Edit:
    """The crop of a map to what stands on a joined canvas: its margin goes but where it is first, or last, of them."""
    length = size[axis]
    before, after = ((0 if outer else margin // 2) for outer in place)
    start, part = Fraction(before, length), Fraction(length - before - after, length)
    zero, one = Fraction(0), Fraction(1)
    return geometry.Crop(start, zero, part, one) if axis == 0 else geometry.Crop(zero, start, one, part)
