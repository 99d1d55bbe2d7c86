"""The supports of alphas: the rectangles outside of which they are 0."""

from __future__ import annotations

import numpy as np

from fgraph.ir.program import Operand, Program, Regions
from fgraph.ir.region_arrays import as_regions


class Supports:
    """The supports of the values of a program, each computed when it is first needed."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[int, Regions] = {}

    def of(self, alpha: Operand) -> Regions:
        """Return for each row of an operand the rectangle outside of which it is 0."""
        found = np.empty((alpha.rows, 4), np.int64)
        for value, rows, mine in alpha.parts():
            if value not in self._known:
                self._known[value] = self._find(value)
            found[mine] = self._known[value][rows]
        return found

    def _find(self, value: int) -> Regions:
        instruction = self._program.instructions[value]
        size = instruction.type.size
        params = instruction.params or (None,) * instruction.rows
        return as_regions([instruction.op.support(param, size) for param in params])
