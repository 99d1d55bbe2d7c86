"""Lowering of network bending: the T of a `Mapped` carrier at one layer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from fgraph._geometry import Canvas, Edit
from fgraph._geometry.regions import Size
from fgraph.ir.bendings import Bend, Bending, largest_radius
from fgraph.ir.ops import BendChannels
from fgraph.ir.program import Operand
from fgraph.lowering.build import Build
from fgraph.lowering.spatial import edit_tensor
from fgraph.stylegan.tables.base import Layer


def map_tensor(build: Build, value: Operand, moves: Sequence[Edit | Bend], layer: Layer, canvas: Canvas) -> Operand:
    """Emit the edit or bending of a layer's output, one for each row; all rows have one kind."""
    bends = [one for one in moves if isinstance(one, Bend)]
    if bends:
        return bend_tensor(build, value, bends, layer, canvas)
    return edit_tensor(build, value, [one for one in moves if not isinstance(one, Bend)], margin=layer.margin)


def bend_tensor(build: Build, value: Operand, bends: Sequence[Bend], layer: Layer, canvas: Canvas) -> Operand:
    """Emit the bending of channels of a layer's output, one for each row. The channels of a residual do not change.

    Amounts are fractions of the canvas. A margin moves with the canvas, and zeros fill what is beyond it.
    """
    if any(layer.margin):
        scale = _share_of_canvas(build.type_of(value).size, layer.margin)
        bends = [one.rescaled(scale) for one in bends]
    transforms = [one.transform for one in bends]
    name = type(transforms[0]).__name__.lower()
    op = BendChannels(name, largest_radius(transforms), canvas.wrap_x, canvas.wrap_y)
    return build.emit(op, [value], [Bending(one.transform, one.chosen.at(layer)) for one in bends])


def _share_of_canvas(size: Size, margin: Size) -> tuple[Fraction, Fraction]:
    return Fraction(size[0] - margin[0], size[0]), Fraction(size[1] - margin[1], size[1])
