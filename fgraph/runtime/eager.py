"""The eager engine, which defines the meaning of a Program: one operation and one row at a time, nothing shared."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fgraph.ir.ops import Op
from fgraph.ir.program import Instruction, Operand, Program
from fgraph.runtime.kernels import KERNELS, KernelContext, Params

Compute = Callable[[Op, list[Tensor], Params, KernelContext], Tensor]


def compute_row(op: Op, inputs: list[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Compute one row of an operation; each of `inputs` is one row."""
    return KERNELS[type(op)](op, inputs, context.numbers(params) if op.takes_numbers else params, context)


def run_eagerly(program: Program, context: KernelContext, compute: Compute = compute_row) -> list[dict[str, Tensor]]:
    """Run a program as lowered; return the tensors of each of `program.outputs` by name.

    Every kernel sees a single row at a time, so that tests can judge batching and sharing by it.
    """
    values: list[list[Tensor]] = []
    with torch.inference_mode():
        for instruction in program.instructions:
            values.append(_run(instruction, values, context, compute))
        return [
            {name: torch.cat(_rows(values, operand)) for name, operand in output.tensors.items()}
            for output in program.outputs
        ]


def _run(
    instruction: Instruction, values: list[list[Tensor]], context: KernelContext, compute: Compute
) -> list[Tensor]:
    columns = [_rows(values, operand) for operand in instruction.operands]
    return [
        compute(instruction.op, [column[row] for column in columns], instruction.params[row : row + 1], context)
        for row in range(instruction.rows)
    ]


def _rows(values: list[list[Tensor]], operand: Operand) -> list[Tensor]:
    rows = zip(operand.row_values.tolist(), operand.index.tolist(), strict=True)
    return [values[value][row] for value, row in rows]
