"""The kernels, one for each operation but `join`, which the plan reads through."""

from __future__ import annotations

from collections.abc import Mapping

from fgraph.ir import ops
from fgraph.ir.ops import Op
from fgraph.runtime.kernels import alias_free, image, latent, layer, mixing, noise, spatial
from fgraph.runtime.kernels.context import Kernel, KernelContext

KERNELS: Mapping[type[Op], Kernel] = {
    ops.Draw: latent.draw,
    ops.Given: latent.given,
    ops.MapZ: latent.map_z,
    ops.Truncate: latent.truncate,
    ops.Repeat: latent.repeat,
    ops.Affine: latent.affine,
    ops.Lerp: latent.lerp,
    ops.Splice: latent.splice,
    ops.Invert: latent.invert,
    ops.Const: layer.const,
    ops.Conv: layer.conv,
    ops.ToRGB: layer.to_rgb,
    ops.Upsample: layer.upsample,
    ops.Plane: alias_free.plane,
    ops.Fourier: alias_free.fourier,
    ops.Filtered: alias_free.filtered,
    ops.NoiseField: noise.noise,
    ops.DrawMask: mixing.mask,
    ops.Mix: mixing.mix,
    ops.Pad: spatial.edit,
    ops.Resize: spatial.edit,
    ops.Shift: spatial.edit,
    ops.Crop: spatial.edit,
    ops.Flip: spatial.edit,
    ops.Concat: spatial.concat,
    ops.Picture: image.picture,
    ops.Clamp: image.clamp,
    ops.Apply: image.apply,
}

__all__ = ["KERNELS", "Kernel", "KernelContext"]
