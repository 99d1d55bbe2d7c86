"""The kernels, one for each operation except `baseline`, whose rows are already in buffers."""

from __future__ import annotations

from collections.abc import Mapping

from fgraph.ir import ops
from fgraph.ir.ops import Op
from fgraph.runtime.kernels import (
    bending,
    direction,
    dragging,
    encoding,
    image,
    inverting,
    latent,
    layer,
    mixing,
    noise,
    owning,
    patching,
    spatial,
    stylegan3,
)
from fgraph.runtime.kernels.context import Kernel, KernelContext, Params

KERNELS: Mapping[type[Op], Kernel] = {
    ops.Draw: latent.draw,
    ops.Given: latent.given,
    ops.MapZ: latent.map_z,
    ops.Truncate: latent.truncate,
    ops.Repeat: latent.repeat,
    ops.Affine: latent.affine,
    ops.Lerp: latent.lerp,
    ops.Splice: latent.splice,
    ops.Own: owning.own,
    ops.Invert: inverting.invert,
    ops.Distance: latent.distance,
    ops.Encode: encoding.encode,
    ops.Drag: dragging.drag,
    ops.DragPart: dragging.part,
    ops.Arrows: dragging.arrows,
    ops.Component: direction.component,
    ops.TextDirection: direction.text_direction,
    ops.MapLevels: direction.map_levels,
    ops.InDeviations: direction.in_deviations,
    ops.Slope: direction.slope,
    ops.Move: direction.move,
    ops.MoveTo: direction.move_to,
    ops.TruncateStyles: direction.truncate_styles,
    ops.Slerp: direction.slerp,
    ops.Combine: direction.combine,
    ops.Const: layer.const,
    ops.Conv: layer.conv,
    ops.ToRGB: layer.to_rgb,
    ops.Upsample: layer.upsample,
    ops.Plane: stylegan3.plane,
    ops.Fourier: stylegan3.fourier,
    ops.Filtered: stylegan3.filtered,
    ops.NoiseField: noise.noise,
    ops.DrawMask: mixing.mask,
    ops.Mix: mixing.mix,
    ops.Pad: spatial.edit,
    ops.Resize: spatial.edit,
    ops.Shift: spatial.edit,
    ops.Crop: spatial.edit,
    ops.Flip: spatial.edit,
    ops.Concat: spatial.concat,
    ops.BendChannels: bending.bend,
    ops.Propose: patching.propose,
    ops.Sift: patching.sift,
    ops.Transplant: patching.transplant,
    ops.Picture: image.picture,
    ops.Cut: image.cut,
    ops.Patch: image.patch,
    ops.Fill: image.fill,
    ops.Clamp: image.clamp,
    ops.Apply: image.apply,
    ops.Spill: image.spill,
}

__all__ = ["KERNELS", "Kernel", "KernelContext", "Params"]
