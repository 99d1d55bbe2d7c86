"""Steps that call a layer of StyleGAN2 for a few rows at a time.

Each group of rows is gathered just before its call. So maps that lie in several buffers, or that two branches read, are
never copied as a whole, and each copy fits the cache. Rows that are consecutive in one buffer are not copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from fgraph.ir.ops import Conv, StyleGAN2Op
from fgraph.plan import Step
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.read import Buffers, read
from fgraph.stylegan.nn.stylegan2 import empty_maps

LayerCall = Callable[..., Tensor]  # (activation, styles, noise or skip, out)


def run_layer(op: StyleGAN2Op, step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """Return the result of the step of a layer, [rows, O, H, W]; or its tiles, [rows, O, h, w]."""
    source, *others = step.inputs
    styles, *rest = (read(buffers, gather, context) for gather in others)
    call = _conv(op, step, context) if isinstance(op, Conv) else _to_rgb(op, context)
    chunk = step.rows
    if context.device.type == "cpu" and (source.copies_rows or isinstance(op, Conv)):
        chunk = op.rows_at_once(step.call, context.dtype.itemsize)  # other devices do better with one large call
    if chunk >= step.rows:
        return call(read(buffers, source, context), styles, rest[0] if rest else None)
    dtype = context.generator(op.model).result_type(op.layer)
    result: Tensor | None = None
    for start in range(0, step.rows, chunk):
        rows = slice(start, min(step.rows, start + chunk))
        x = read(buffers, source.take(rows), context)
        if result is None:
            result = empty_maps((step.rows, *step.row_type.shape), x, dtype)
        call(x, styles[rows], _rows_of(rest, rows), result[rows])
    assert result is not None
    return result


def _rows_of(tensors: list[Tensor], rows: slice) -> Tensor | None:
    if not tensors:
        return None
    return tensors[0] if tensors[0].shape[0] == 1 else tensors[0][rows]


def _conv(op: Conv, step: Step, context: KernelContext) -> LayerCall:
    generator = context.generator(op.model)
    edges: Any = {"wrap_x": op.wrap_x, "wrap_y": op.wrap_y} if step.tile is None else {"padded": True}

    def call(x: Tensor, styles: Tensor, noise: Tensor | None, out: Tensor | None = None) -> Tensor:
        return generator.conv(op.layer, x, styles[:, op.layer.style_slice], noise, **edges, out=out)

    return call


def _to_rgb(op: StyleGAN2Op, context: KernelContext) -> LayerCall:
    generator = context.generator(op.model)

    def call(x: Tensor, styles: Tensor, skip: Tensor | None, out: Tensor | None = None) -> Tensor:
        made = generator.torgb(op.layer, x, styles[:, op.layer.style_slice], skip)
        return made if out is None else out.copy_(made)

    return call
