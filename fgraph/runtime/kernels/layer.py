"""Kernels of generator layers."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from fgraph.ir.ops import Const, Conv, ToRGB, Upsample
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.stylegan.nn.stylegan2 import upsample_skip


def const(op: Const, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the constant input, [1, C, 4, 4]."""
    return context.generator(op.model).const()


def conv(op: Conv, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Run a convolution layer with noise, bias and activation, all rows in one call."""
    style = inputs[1][:, op.layer.style_slice]
    noise = inputs[2] if len(inputs) > 2 else None
    return context.generator(op.model).conv(op.layer, inputs[0], style, noise, op.wrap_x, op.wrap_y)


def to_rgb(op: ToRGB, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Convert an activation to RGB, and add the up-sampled skip."""
    style = inputs[1][:, op.layer.style_slice]
    skip = inputs[2] if len(inputs) > 2 else None
    return context.generator(op.model).torgb(op.layer, inputs[0], style, skip)


def upsample(op: Upsample, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the skip image at twice its size."""
    return upsample_skip(inputs[0], op.wrap_x, op.wrap_y)
