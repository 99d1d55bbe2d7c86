"""Where the alphas of mixes are not 0."""

from __future__ import annotations

import numpy as np

from fgraph.ir.ops import Join
from fgraph.ir.program import Operand, Program, Regions
from fgraph.ir.region_arrays import as_regions


class Supports:
    """The support of every mask of a program, found when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[int, Regions] = {}

    def of(self, alpha: Operand) -> Regions:
        """For each row of an alpha, the rectangle outside of which it is 0."""
        if alpha.value not in self._known:
            self._known[alpha.value] = self._find(alpha.value)
        return self._known[alpha.value][alpha.index]

    def _find(self, value: int) -> Regions:
        instruction = self._program.instructions[value]
        if isinstance(instruction.op, Join):
            return np.concatenate([self.of(operand) for operand in instruction.operands])
        size = instruction.type.size
        params = instruction.params or (None,) * instruction.rows
        return as_regions([instruction.op.support(param, size) for param in params])
