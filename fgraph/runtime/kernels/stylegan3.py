"""Kernels of StyleGAN3: the plane, its samples, and the filtered layers, for whole maps and for tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from fgraph._geometry.regions import Region
from fgraph.ir.ops import Filtered, Fourier, Plane
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.stylegan.nn.stylegan3 import Tiles


def plane(op: Plane, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the affine placements of canvases on the plane, [rows, 2, 3]."""
    return context.rows(params, lambda param: np.array(param.rows, np.float64))


def fourier(op: Fourier, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the Fourier features of the plane of each row, [rows, C, height, width]."""
    return fourier_tiles(op, inputs, None, context)


def fourier_tiles(
    op: Fourier, inputs: Sequence[Tensor], regions: Sequence[Region] | None, context: KernelContext
) -> Tensor:
    """Return a region of the Fourier features of each row."""
    placements, styles = inputs
    generator = context.stylegan3(op.model)
    return generator.features(placements, styles[:, op.layer.style_slice], (op.height, op.width), regions)


def filtered(op: Filtered, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Run a layer, all rows in one call."""
    return context.stylegan3(op.model).filtered(op.layer, inputs[0], inputs[1][:, op.layer.style_slice])


def filtered_tiles(op: Filtered, inputs: Sequence[Tensor], tiles: Tiles, context: KernelContext) -> Tensor:
    """Run a layer for a region of each row, given windows that include their context."""
    style = inputs[1][:, op.layer.style_slice]
    return context.stylegan3(op.model).filtered(op.layer, inputs[0], style, tiles)
