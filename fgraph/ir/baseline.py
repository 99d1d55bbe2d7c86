"""Baselines: the values that a run keeps in memory, which later runs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fgraph.ir.ops import Join
from fgraph.ir.program import Operand, Program

RowId = tuple[int, int]  # value, row


@dataclass(frozen=True, eq=False)
class Baseline:
    """A program that was run whole, with the tensors of its values."""

    program: Program
    tensors: Mapping[int, Any]  # value -> all of its rows; a join has no tensor
    models: Mapping[str, Any]
    precision: str

    def serves(self, models: Mapping[str, Any], precision: str) -> bool:
        """Return whether a run with these models and this precision may read the baseline."""
        return precision == self.precision and all(
            name not in self.models or _same_model(model, self.models[name]) for name, model in models.items()
        )

    def rows_of(self, operand: Operand) -> list[RowId]:
        """Return the value and row that each row of an operand comes from, through joins."""
        return rows_of(self.program, operand)


def _same_model(a: Any, b: Any) -> bool:
    return a is b or (hasattr(a, "identity") and getattr(a, "identity", 0) == getattr(b, "identity", 1))


def rows_of(program: Program, operand: Operand) -> list[RowId]:
    """Return the value and row that each row of an operand comes from, through joins."""
    instruction = program.instructions[operand.value]
    rows = operand.index.tolist()
    if not isinstance(instruction.op, Join):
        return [(operand.value, row) for row in rows]
    made = [one for part in instruction.operands for one in rows_of(program, part)]
    return [made[row] for row in rows]
