"""The text form of a Program, one line an instruction, for people and for golden files."""

from __future__ import annotations

from fgraph.ir.program import Index, Instruction, Operand, Program

_SHOWN = 6  # row parameters written out before the rest is counted


def to_text(program: Program) -> str:
    """Write a program down.

    A line reads `%3 = conv b8.conv0 main (%1[0..3], %2[0 0 1 1]) x4 : activation[32x8x8]`.
    """
    lines = [_instruction(number, one) for number, one in enumerate(program.instructions)]
    for output in program.outputs:
        tensors = ", ".join(f"{name} {_operand(operand)}" for name, operand in output.tensors.items())
        lines.append(f"output {output.graph}.{output.name} : {output.kind} = {tensors}")
    return "\n".join(lines) + "\n"


def _instruction(number: int, one: Instruction) -> str:
    operands = ", ".join(map(_operand, one.operands))
    params = ""
    if one.params:
        shown = "; ".join(map(str, one.params[:_SHOWN]))
        params = f" {{{shown}{'; ...' if len(one.params) > _SHOWN else ''}}}"
    return f"%{number} = {one.op} ({operands}){params} x{one.rows} : {one.type}"


def _operand(operand: Operand) -> str:
    return f"%{operand.value}[{_index(operand.index)}]"


def _index(index: Index) -> str:
    rows = index.tolist()
    if len(rows) > 1 and rows == list(range(rows[0], rows[0] + len(rows))):
        return f"{rows[0]}..{rows[-1]}"
    if len(rows) > 2 and len(set(rows)) == 1:
        return f"{rows[0]} x{len(rows)}"
    return " ".join(map(str, rows))
