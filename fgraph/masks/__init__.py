"""Masks: alpha over a canvas as frozen expression trees, drawn with numpy at any layer's size.

    base        MaskExpr, rasterise, rasterise_window, support, difference
    axial       Constant, Ramp, Hat, Segment: masks that vary along one axis
    drawn       Drawn: shapes and how they become pixels
    shapes      Box, Ellipse, Polygon
    pictures    Picture
    lettering   Lettering
    operators   Complement, Product, Combine, Scaled, Feathered; constructors that fold constants
    placement   Edited, Placed
    beyond      Margined, Transformed: maps larger than their canvas, rotated canvases

`finish` applies the options that all mask nodes share, in this order: feather, invert, alpha.
"""

from fgraph.masks.axial import Constant, Hat, Ramp, Segment
from fgraph.masks.base import MaskExpr, check_depth, check_size, difference, rasterise, rasterise_window, support
from fgraph.masks.beyond import Margined, Transformed, transformed, with_margin
from fgraph.masks.drawn import Drawn
from fgraph.masks.lettering import Anchor, Lettering
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
from fgraph.masks.placement import Edited, Placed, edited, inset
from fgraph.masks.shapes import Box, Ellipse, Polygon

__all__ = [
    "Anchor",
    "Box",
    "Combine",
    "Complement",
    "Constant",
    "Drawn",
    "Edited",
    "Ellipse",
    "Feathered",
    "Hat",
    "Lettering",
    "Margined",
    "MaskExpr",
    "Picture",
    "Placed",
    "Polygon",
    "Product",
    "Ramp",
    "Scaled",
    "Segment",
    "Transformed",
    "check_depth",
    "check_size",
    "combine",
    "complement",
    "difference",
    "edited",
    "feathered",
    "finish",
    "inset",
    "product",
    "rasterise",
    "rasterise_window",
    "scaled",
    "support",
    "transformed",
    "with_margin",
]
