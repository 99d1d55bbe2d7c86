"""The operations of the IR, one family a file."""

from fgraph.ir.ops.alias_free import AliasFreeOp, Filtered, Fourier, Plane
from fgraph.ir.ops.base import Op, Order
from fgraph.ir.ops.image import Apply, Clamp, Join, Kept, Picture
from fgraph.ir.ops.latent import Affine, Draw, Given, Invert, Lerp, MapZ, Repeat, Splice, Truncate
from fgraph.ir.ops.layer import Const, Conv, LayerOp, NoiseField, ToRGB, Upsample
from fgraph.ir.ops.mixing import DrawMask, Mix
from fgraph.ir.ops.spatial import Concat, Crop, Flip, Pad, Resize, Shift, SpatialOp

OPS: tuple[type[Op], ...] = (
    Draw, Given, MapZ, Truncate, Repeat, Affine, Lerp, Splice, Invert,
    Const, Conv, ToRGB, Upsample, NoiseField,
    Plane, Fourier, Filtered,
    DrawMask, Mix,
    Pad, Resize, Shift, Crop, Flip, Concat,
    Picture, Clamp, Apply, Join, Kept,
)  # fmt: skip

__all__ = [
    "OPS", "Affine", "AliasFreeOp", "Apply", "Clamp", "Concat", "Const", "Conv", "Crop", "Draw", "DrawMask",
    "Filtered", "Flip", "Fourier", "Given", "Invert", "Join", "Kept", "LayerOp", "Lerp", "MapZ", "Mix", "NoiseField",
    "Op", "Order", "Pad", "Picture", "Plane", "Repeat", "Resize", "Shift", "SpatialOp", "Splice", "ToRGB", "Truncate",
    "Upsample",
]  # fmt: skip
