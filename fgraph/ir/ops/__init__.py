"""The operations of the IR, one family a file."""

from fgraph.ir.ops.base import Op, Order
from fgraph.ir.ops.image import Apply, Clamp, Join, Kept, Picture
from fgraph.ir.ops.latent import Affine, Draw, Given, Invert, Lerp, MapZ, Own, Repeat, Splice, Truncate
from fgraph.ir.ops.layer import Const, Conv, LayerOp, NoiseField, ToRGB, Upsample
from fgraph.ir.ops.mixing import DrawMask, Mix
from fgraph.ir.ops.patching import Propose, Transplant
from fgraph.ir.ops.spatial import Concat, Crop, Flip, Pad, Resize, Shift, SpatialOp

OPS: tuple[type[Op], ...] = (
    Draw, Given, MapZ, Truncate, Repeat, Affine, Lerp, Splice, Own, Invert,
    Const, Conv, ToRGB, Upsample, NoiseField,
    DrawMask, Mix,
    Pad, Resize, Shift, Crop, Flip, Concat,
    Propose, Transplant,
    Picture, Clamp, Apply, Join, Kept,
)  # fmt: skip

__all__ = [
    "OPS", "Affine", "Apply", "Clamp", "Concat", "Const", "Conv", "Crop", "Draw", "DrawMask", "Flip", "Given",
    "Invert", "Join", "Kept", "LayerOp", "Lerp", "MapZ", "Mix", "NoiseField", "Op", "Order", "Own", "Pad",
    "Picture", "Propose", "Repeat", "Resize", "Shift", "SpatialOp", "Splice", "ToRGB", "Transplant", "Truncate",
    "Upsample",
]  # fmt: skip
