"""Steps that call a generator's layer: some rows at a time, each gathered when its turn comes.

So maps that come from several buffers, or that two branches read of one trunk, are never laid out a second time as
a whole: what is copied fits the cache, and rows that stand together are not copied at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from fgraph.ir.ops import Conv
from fgraph.ir.ops.layer import LayerOp
from fgraph.ir.program import as_index
from fgraph.plan import Step, rows_at_once
from fgraph.runtime.kernels import KernelContext
from fgraph.runtime.read import Buffers, read
from fgraph.stylegan.nn.stylegan2 import empty_maps


def run_layer(step: Step, buffers: Buffers, context: KernelContext) -> Tensor:
    """The result of a layer's step, [rows, O, H, W]; of tiles, where the step makes those."""
    source, *others = step.inputs
    styles, *rest = (read(buffers, gather, context) for gather in others)
    chunk = step.rows
    if context.device.type == "cpu" and (source.copies_rows or isinstance(step.op, Conv)):
        chunk = rows_at_once(step, context.dtype.itemsize)  # other devices do better with one large call
    if chunk >= step.rows:
        return _call(step, context, read(buffers, source, context), styles, rest[0] if rest else None)
    result: Tensor | None = None
    for start in range(0, step.rows, chunk):
        rows = slice(start, min(step.rows, start + chunk))
        x = read(buffers, source.take(as_index(np.arange(rows.start, rows.stop))), context)
        if result is None:
            result = empty_maps((step.rows, *step.row_type.shape), x)
        _call(step, context, x, styles[rows], _rows_of(rest, rows), result[rows])
    assert result is not None
    return result


def _rows_of(tensors: list[Tensor], rows: slice) -> Tensor | None:
    if not tensors:
        return None
    return tensors[0] if len(tensors[0]) == 1 else tensors[0][rows]


def _call(  # noqa: PLR0917 - in the order of a layer's operands
    step: Step, context: KernelContext, x: Tensor, styles: Tensor, added: Tensor | None, out: Tensor | None = None
) -> Tensor:
    op, padded = step.op, step.tile is not None
    assert isinstance(op, LayerOp)
    generator, style = context.generator(op.model), styles[:, op.layer.style_slice]
    if not isinstance(op, Conv):
        made = generator.torgb(op.layer, x, style, added)
        return made if out is None else out.copy_(made)
    edges: Any = {"padded": True} if padded else {"wrap_x": op.wrap_x, "wrap_y": op.wrap_y}
    return generator.conv(op.layer, x, style, added, **edges, out=out)
