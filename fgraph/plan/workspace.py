"""How many bytes a step takes while it runs, beside its operands and its result. It follows the kernels, fp32."""

from __future__ import annotations

from fgraph.ir.ops import BendChannels, Concat, Conv, DrawMask, Filtered, Mix, NoiseField, StyleGAN3Op, Upsample
from fgraph.ir.ops.layer import LayerOp
from fgraph.ir.types import Type
from fgraph.masks import MaskExpr
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step
from fgraph.stylegan.tables.chunk_sizes import WINOGRAD_TILE, chunk_rows, is_winograd, winograd_bytes
from fgraph.stylegan.tables.stylegan3_chunk_sizes import layer_bytes

_FIR = 3  # pixels that the filter of an up-sampling layer shortens a line by


def workspace(step: Step) -> int:
    """Gathered copies of operands, and what the kernel needs."""
    gathered = [_gathered(gather, kind, step) for gather, kind in zip(step.inputs, step.input_types, strict=True)]
    op = step.op
    if isinstance(op, LayerOp):
        return _stylegan3(step, gathered) if isinstance(op, StyleGAN3Op) else _layer(step, gathered)
    if isinstance(op, Upsample | BendChannels):
        return sum(gathered) + _beside(step)
    if step.tile is not None and isinstance(op, NoiseField | DrawMask):
        return step.out_bytes + (0 if _is_local(step) else 4 * step.type.numbers)  # those are drawn whole and cut
    if isinstance(op, Mix) and not step.is_plain:
        half = len(gathered) // 2
        return sum(sorted(gathered[half:])[-2:]) + max(gathered[:half])  # one after another
    in_place = isinstance(op, Concat) and step.tile is not None  # parts go where they belong at once
    return 0 if in_place else sum(gathered)


def _layer(step: Step, gathered: list[int]) -> int:
    rows = rows_at_once(step)
    read = gathered[0] * rows // step.rows + sum(gathered[1:])
    return read + (_conv(step, rows) if isinstance(step.op, Conv) else step.out_bytes * (len(step.inputs) > 2))


def _beside(step: Step) -> int:
    if isinstance(step.op, BendChannels):
        return 4 * step.out_bytes  # the channels picked, what is read for them, its weighted sum
    return step.out_bytes // 4 * (step.tile is None)  # padded first, if it brings no context


def _is_local(step: Step) -> bool:
    """Whether what it draws is drawn only where it is looked at."""
    if isinstance(step.op, NoiseField):
        return step.op.is_tiled
    return all(isinstance(mask, MaskExpr) and mask.is_local for mask in step.params)


def rows_at_once(step: Step, item: int = 4) -> int:
    """How many rows a layer's step gathers and runs at a time on a CPU; `item` bytes a number."""
    op = step.op
    assert isinstance(op, LayerOp)
    inputs, height, width = step.row_inputs[0].shape
    context = _context(step) if isinstance(op, Conv) else 0
    shape = (inputs, height + context, width + context)
    return min(step.rows, chunk_rows(shape, op.layer.out_channels, op.layer.up, item))


def _context(step: Step) -> int:
    """How many pixels wider and higher than the map its styled input is."""
    assert isinstance(step.op, Conv)
    return 2 if step.op.layer.up == 2 or step.tile is not None else 0


def _conv(step: Step, rows: int) -> int:
    """The styled input of some rows at a time, and what the convolution makes of it on its way to the result."""
    op = step.op
    assert isinstance(op, Conv)
    inputs, height, width = step.row_inputs[0].shape
    outputs, *size = step.row_type.shape
    result = 4 * rows * outputs * size[0] * size[1]
    made = result if rows < step.rows else 0  # of chunks; then the result of all is there already
    if op.layer.up == 1 and is_winograd(inputs, op.layer.out_channels, size):
        tiled = [-(-length // WINOGRAD_TILE) * WINOGRAD_TILE + 2 for length in size]
        styled = 4 * rows * inputs * tiled[0] * tiled[1]
        return styled + winograd_bytes(rows, inputs, op.layer.out_channels, size)
    context = _context(step)
    styled = 4 * rows * inputs * (height + context) * (width + context)
    if op.layer.up == 1:
        return styled + made
    total = 4 * rows * outputs * (size[0] + _FIR) * (size[1] + _FIR)
    residual = step.out_bytes if op.layer.residual == "made" else 0
    return max(styled + total - (result - made), total + made) + residual


def _stylegan3(step: Step, gathered: list[int]) -> int:
    """The convolution of a StyleGAN3 layer, then its maps at their highest rate, some at a time."""
    if not isinstance(step.op, Filtered):
        return sum(gathered) + 3 * step.out_bytes  # angles, their sines, these by their amplitudes
    read = step.input_types[0].size if step.tile is None else step.inputs[0].tile
    return sum(gathered) + layer_bytes(step.op.layer, read, step.row_type.size, step.rows)


def _gathered(gather: Gather, kind: Type, step: Step) -> int:
    if not gather.copies_rows:
        return 0
    if gather.exact or not step.op.reads_in_place:
        return 4 * kind.numbers * gather.count
    height, width = gather.tile
    return 4 * kind.shape[0] * height * width * gather.count
