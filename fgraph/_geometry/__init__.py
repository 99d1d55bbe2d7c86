"""Spatial edits and canvases for every stage, without torch; all but warps and blur in exact arithmetic.

numbers     fractions, whole pixel counts, SizeError
maps        AxisMap: one axis of an edit as a linear-interpolation index map
regions     rectangles of pixels, and the arithmetic on them
edits       Pad, Resize, Shift, Crop, Flip, apply_edit
canvas      Canvas: size in generator images, wrapped axes
planes      Placement, Transform: the position of a canvas on an infinite plane
warps       the source positions of rotated, scaled and shifted maps, in float64
blur        Gaussian blur of arrays
"""

from fgraph._geometry.canvas import Canvas
from fgraph._geometry.edits import Crop, Edit, Flip, Pad, Resize, Shift, apply_edit
from fgraph._geometry.maps import AxisMap, apply_maps, fold, resize_axis
from fgraph._geometry.numbers import Axis, Number, SizeError, fraction, whole
from fgraph._geometry.planes import Placement, Transform, source_place

__all__ = [
    "Axis",
    "AxisMap",
    "Canvas",
    "Crop",
    "Edit",
    "Flip",
    "Number",
    "Pad",
    "Placement",
    "Resize",
    "Shift",
    "SizeError",
    "Transform",
    "apply_edit",
    "apply_maps",
    "fold",
    "fraction",
    "resize_axis",
    "source_place",
    "whole",
]
