"""The supports of alphas: the rectangles outside of which they are 0."""

from __future__ import annotations

import numpy as np

from fgraph.ir.ops import Join
from fgraph.ir.program import Operand, Program, Regions
from fgraph.ir.region_arrays import as_regions


class Supports:
    """The supports of the values of a program, each computed when it is first needed."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[int, Regions] = {}

    def of(self, alpha: Operand) -> Regions:
        """Return for each row of an operand the rectangle outside of which it is 0."""
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
