"""Baselines: the values that a run keeps in memory, which later runs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fgraph.ir.program import Operand, Program

RowId = tuple[int, int]  # value, row


@dataclass(frozen=True, eq=False)
class Baseline:
    """A program that was run whole, with the tensors of its values."""

    program: Program
    tensors: Mapping[int, Any]  # value -> all of its rows
    models: Mapping[str, Any]
    precision: str

    def serves(self, models: Mapping[str, Any], precision: str) -> bool:
        """Return whether a run with these models and this precision may read the baseline."""
        return precision == self.precision and all(
            name not in self.models or _same_model(model, self.models[name]) for name, model in models.items()
        )


def rows_of(operand: Operand) -> list[RowId]:
    """Return the value and row that each row of an operand reads."""
    return list(zip(operand.row_values.tolist(), operand.index.tolist(), strict=True))


def _same_model(a: Any, b: Any) -> bool:
    return a is b or (hasattr(a, "identity") and getattr(a, "identity", 0) == getattr(b, "identity", 1))
