"""Masks: alpha over a canvas as frozen expression trees, drawn with numpy at any layer's size.

    base        MaskExpr, rasterise, rasterise_window, support, difference
    axial       Constant, Ramp, Hat, Segment: masks that vary along one axis
    drawn       Drawn: the ways in which a shape becomes pixels
    shapes      Box, Ellipse, Polygon
    pictures    Picture
    operators   Complement, Product, Combine, Scaled, Feathered; their folding constructors
    placement   Edited, Placed
    beyond      Margined, Turned: maps larger than their canvas, canvases turned
    blur        Gaussian blur (numbers only)

A mask node's common options apply in the order drawn, feather, invert, alpha: `finish`.
"""

from fgraph.masks.axial import Constant, Hat, Ramp, Segment
from fgraph.masks.base import MaskExpr, check_depth, difference, rasterise, rasterise_window, support
from fgraph.masks.beyond import Margined, Turned, turned, with_margin
from fgraph.masks.drawn import Drawn
from fgraph.masks.operators import (
    Combine,
    Complement,
    Feathered,
    Product,
    Scaled,
    combine,
    complement,
    feathered,
    finish,
    product,
    scaled,
)
from fgraph.masks.pictures import Picture
from fgraph.masks.placement import Edited, Placed, edited
from fgraph.masks.shapes import Box, Ellipse, Polygon

__all__ = [
    "Box",
    "Combine",
    "Complement",
    "Constant",
    "Drawn",
    "Edited",
    "Ellipse",
    "Feathered",
    "Hat",
    "Margined",
    "MaskExpr",
    "Picture",
    "Placed",
    "Polygon",
    "Product",
    "Ramp",
    "Scaled",
    "Segment",
    "Turned",
    "check_depth",
    "combine",
    "complement",
    "difference",
    "edited",
    "feathered",
    "finish",
    "product",
    "rasterise",
    "rasterise_window",
    "scaled",
    "support",
    "turned",
    "with_margin",
]
