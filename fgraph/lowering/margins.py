"""Edits of maps that are larger than their canvas by a margin, such as maps of StyleGAN3.

Half of the margin is on each side. A crop keeps the pixels beyond its sides as its margin. A shift moves the margin
with the canvas and fills the edge by its mode.
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


def activation_margin(table: Table, features: Features) -> Size:
    """Return the margin along y and x of a pass's activation, which the last layer that made it defines."""
    layer = table.at(features.layer)
    return layer.margin if layer.tensor == "activation" else table.at(layer.index - 1).margin


def canvas_size(build: Build, features: Features) -> Size:
    """Return the canvas size of a pass in pixels of its layer; for a pass on the plane, in pixels of the image."""
    table = build.table(features.model)
    kind = build.type_of(features.activation)
    if not kind.spatial:
        return features.canvas.pixels(table.size)
    margin = activation_margin(table, features)
    return kind.size[0] - margin[0], kind.size[1] - margin[1]


def check_features_edit(build: Build, features: Features, edit: Edit) -> None:
    """Refuse edits of StyleGAN3 features that change the canvas.

    Raises:
        ValueError: a pad, which needs pixels beyond the margin, or a resize, which breaks the band limit.
    """
    table, name = build.table(features.model), type(edit).__name__.lower()
    if isinstance(edit, geometry.Pad | geometry.Resize):
        why = "have no edge to continue from" if name == "pad" else "are limited in frequency, which stretching breaks"
        how = "more of the plane" if name == "pad" else "the plane at other distances"
        raise ValueError(
            f"{name} finds a pass of model '{features.model}' ({table.architecture}) paused at "
            f"{table.at(features.layer).name}, where features {why}; {name} the codes, or the pass at const, "
            f"which then samples {how}"
        )


def with_margins(edits: Sequence[Edit], size: Size, margin: Size) -> Sequence[Edit]:
    """Return the edits of a canvas as edits of its map, which has `size` pixels with the margin.

    Raises:
        SizeError: an amount is not a whole number of pixels of the canvas.
    """
    if not any(margin):
        return edits
    inner = (size[0] - margin[0], size[1] - margin[1])
    edits[0].maps(*inner)  # raises if an amount does not divide, with the amount as the user wrote it
    known = {edit: _with_margin(edit, size, inner) for edit in set(edits)}
    return [known[edit] for edit in edits]


def _with_margin(edit: Edit, size: Size, inner: Size) -> Edit:
    share_y, share_x = (Fraction(inner[axis], size[axis]) for axis in (0, 1))
    if isinstance(edit, geometry.Shift):
        return replace(edit, dy=edit.dy * share_y, dx=edit.dx * share_x)
    if isinstance(edit, geometry.Crop):
        height, width = edit.height * share_y + 1 - share_y, edit.width * share_x + 1 - share_x
        return geometry.Crop(edit.top * share_y, edit.left * share_x, height, width)
    assert isinstance(edit, geometry.Flip), "pads and resizes are refused before"
    return edit


def cut_joint(size: Size, margin: int, axis: int, place: tuple[bool, bool]) -> Edit:
    """Return the crop of a map to its part of a joined canvas: only the first and last parts keep a margin."""
    length = size[axis]
    before, after = ((0 if outer else margin // 2) for outer in place)
    start, part = Fraction(before, length), Fraction(length - before - after, length)
    zero, one = Fraction(0), Fraction(1)
    return geometry.Crop(start, zero, part, one) if axis == 0 else geometry.Crop(zero, start, one, part)
