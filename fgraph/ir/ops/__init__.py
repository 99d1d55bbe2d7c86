"""The operations of the IR, one family in each file."""

from fgraph.ir.ops.base import Op, Order
from fgraph.ir.ops.bending import BendChannels
from fgraph.ir.ops.direction import (
    Combine,
    Component,
    InDeviations,
    MapLevels,
    Move,
    MoveTo,
    Slerp,
    Slope,
    TextDirection,
    TruncateStyles,
)
from fgraph.ir.ops.dragging import Arrows, Drag, DragPart
from fgraph.ir.ops.encoding import Encode
from fgraph.ir.ops.image import Apply, BaselineRows, Clamp, Cut, Fill, Patch, Picture, Spill
from fgraph.ir.ops.latent import Affine, Distance, Draw, Given, Invert, Lerp, MapZ, Own, Repeat, Splice, Truncate
from fgraph.ir.ops.layer import Const, Conv, LayerOp, StyleGAN2Op, ToRGB, Upsample
from fgraph.ir.ops.mixing import DrawMask, Mix
from fgraph.ir.ops.noise import NoiseField
from fgraph.ir.ops.patching import Propose, Sift, Transplant
from fgraph.ir.ops.spatial import Concat, Crop, Flip, Pad, Resize, Shift, SpatialOp
from fgraph.ir.ops.stylegan3 import Filtered, Fourier, Plane, StyleGAN3Op

OPS: tuple[type[Op], ...] = (
    Draw, Given, MapZ, Truncate, Repeat, Affine, Lerp, Splice, Own, Invert, Distance, Encode, Drag, DragPart,
    Component, TextDirection, InDeviations, MapLevels, Slope, Move, MoveTo, TruncateStyles, Slerp, Combine,
    Const, Conv, ToRGB, Upsample, NoiseField,
    Plane, Fourier, Filtered,
    DrawMask, Mix,
    Pad, Resize, Shift, Crop, Flip, Concat, BendChannels,
    Propose, Sift, Transplant,
    Arrows, Picture, Cut, Patch, Fill, Clamp, Apply, Spill, BaselineRows,
)  # fmt: skip

__all__ = [
    "OPS",
    "Affine",
    "Apply",
    "Arrows",
    "BaselineRows",
    "BendChannels",
    "Clamp",
    "Combine",
    "Component",
    "Concat",
    "Const",
    "Conv",
    "Crop",
    "Cut",
    "Distance",
    "Drag",
    "DragPart",
    "Draw",
    "DrawMask",
    "Encode",
    "Fill",
    "Filtered",
    "Flip",
    "Fourier",
    "Given",
    "InDeviations",
    "Invert",
    "LayerOp",
    "Lerp",
    "MapLevels",
    "MapZ",
    "Mix",
    "Move",
    "MoveTo",
    "NoiseField",
    "Op",
    "Order",
    "Own",
    "Pad",
    "Patch",
    "Picture",
    "Plane",
    "Propose",
    "Repeat",
    "Resize",
    "Shift",
    "Sift",
    "Slerp",
    "Slope",
    "SpatialOp",
    "Spill",
    "Splice",
    "StyleGAN2Op",
    "StyleGAN3Op",
    "TextDirection",
    "ToRGB",
    "Transplant",
    "Truncate",
    "TruncateStyles",
    "Upsample",
]  # fmt: skip
