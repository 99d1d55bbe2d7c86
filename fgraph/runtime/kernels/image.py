"""Kernels of images and of a user's own functions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fgraph._imaging.read import load_picture
from fgraph.ir.ops import Apply, Clamp, Cut, Fill, Patch, Picture, Spill
from fgraph.photographs import cut_crops
from fgraph.runtime.kernels.context import KernelContext, Params


def picture(op: Picture, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Read image files as [rows, channels, H, W] in [-1, 1]."""
    size = (op.height, op.width)
    return context.rows(params, lambda path: load_picture(str(path), size, op.fit, op.channels))


def cut(op: Cut, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Read crops of photographs as [rows, channels, H, W] in [-1, 1]."""
    return context.rows_together(params, lambda crops: cut_crops(crops, (op.height, op.width), op.channels))


def patch(op: Patch, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the patches to paste into photographs, [rows, channels + 1, H, W]."""
    mask = inputs[-1]
    colours = inputs[0] - inputs[1] if op.how == "difference" else inputs[0]
    return torch.cat([colours if op.how == "poisson" else mask * colours, mask], dim=1)


def fill(op: Fill, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return plain colours, [rows, C, H, W]."""
    colours = context.numbers(params)  # [rows, C]
    return colours[:, :, None, None].expand(-1, -1, op.height, op.width).contiguous()


def clamp(op: Clamp, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Clamp values to [-1, 1]."""
    return inputs[0].clamp(-1, 1)


def spill(op: Spill, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return a copy, so that the buffer that it is a view of can be freed."""
    return inputs[0].clone()


def apply(op: Apply, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Call a user's function of tensors, with each per-row number as a tensor [rows, 1, ...]."""
    shape = (-1, *[1] * (inputs[0].ndim - 1))
    numbers = [column.view(shape) for column in context.numbers(params).unbind(1)] if params[0] else []
    result: Tensor = op.function(*inputs, *numbers)
    return result
