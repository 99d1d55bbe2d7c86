"""How many bytes a step takes while it runs, beside its operands and its result. It follows the kernels, fp32."""

from __future__ import annotations

from fgraph.ir.ops import AliasFreeOp, Concat, Conv, DrawMask, Filtered, Mix, NoiseField, ToRGB, Upsample
from fgraph.ir.types import Type
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Step
from fgraph.stylegan.alias_free.chunk_sizes import layer_bytes
from fgraph.stylegan.chunk_sizes import band_lines, chunk_rows

_FIR = 3  # pixels that the filter of an up-sampling layer shortens a line by


def workspace(step: Step) -> int:
    """Gathered copies of operands, and what the kernel needs."""
    gathered = [_gathered(gather, kind, step) for gather, kind in zip(step.inputs, step.input_types, strict=True)]
    op = step.op
    if isinstance(op, Conv | AliasFreeOp):
        return sum(gathered) + (_conv(step) if isinstance(op, Conv) else _alias_free(step))
    if isinstance(op, ToRGB):
        return sum(gathered) + step.out_bytes * (len(step.inputs) > 2)  # the skip is added to another one
    if isinstance(op, Upsample):
        return sum(gathered) + step.out_bytes // 4 * (step.tile is None)  # padded first, if it brings no context
    if step.tile is not None and isinstance(op, NoiseField | DrawMask):
        return 4 * step.type.numbers + step.out_bytes  # drawn whole, one at a time, and cut; then stacked
    if isinstance(op, Mix) and not step.is_plain:
        half = len(gathered) // 2
        return sum(sorted(gathered[half:])[-2:]) + max(gathered[:half])  # one after another
    in_place = isinstance(op, Concat) and step.tile is not None  # parts go where they belong at once
    return 0 if in_place else sum(gathered)


def _conv(step: Step) -> int:
    """The styled input and the convolution of some rows at a time; where it up-samples, the lines being filtered."""
    op = step.op
    assert isinstance(op, Conv)
    up = op.layer.up
    inputs, height, width = step.row_inputs[0].shape
    outputs, made_height, made_width = step.row_type.shape
    context = 2 if up == 2 or step.tile is not None else 0
    rows = min(step.rows, chunk_rows((inputs, height + context, width + context), op.layer.out_channels, up))
    styled = 4 * rows * inputs * (height + context) * (width + context)
    result = 4 * rows * outputs * made_height * made_width
    chunked = rows < step.rows  # then the result is there already, and each chunk is copied into it
    if up == 1:
        return styled + (result if chunked else 0)
    total = 4 * rows * outputs * (made_height + _FIR) * (made_width + _FIR)
    lines = min(made_height, band_lines(result // made_height))
    band = 2 * result // made_height * (lines + _FIR)
    first = styled + total - (0 if chunked else result)
    residual = step.out_bytes if op.layer.residual == "made" else 0
    return max(first, total + band + (result if chunked else 0)) + residual


def _alias_free(step: Step) -> int:
    """The convolution of a StyleGAN3 layer, then its maps at their highest rate, some at a time."""
    if not isinstance(step.op, Filtered):
        return 3 * step.out_bytes  # angles, their sines, these by their amplitudes
    read = step.input_types[0].size if step.tile is None else step.inputs[0].tile
    return layer_bytes(step.op.layer, read, step.row_type.size, step.rows)


def _gathered(gather: Gather, kind: Type, step: Step) -> int:
    if not gather.copies_rows:
        return 0
    if gather.exact or not step.op.reads_in_place:
        return 4 * kind.numbers * gather.count
    height, width = gather.tile
    return 4 * kind.shape[0] * height * width * gather.count
