"""The verifier: checks the rules of a Program between passes.

* Every operation is registered in `OPS`, and `infer` gives the type of its result.
* An operand reads existing rows of earlier values, which have one type. Operands have as many rows as the result.
* Each row has a source location and, if the operation takes parameters, one parameter.
* A base is an existing row of an earlier value, or an earlier row of the same value, and has the same type. Bases and
  regions come together. Each row has one region, inside the canvas.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fgraph._cached import cached_property
from fgraph.ir.ops import OPS
from fgraph.ir.program import Bases, Index, Instruction, Operand, Program, Regions

_REGISTERED = frozenset(OPS)
_FEW = 64  # up to this many numbers, a list finds the extremes faster


class InvalidProgram(AssertionError):
    """A Program breaks a rule: a bug in fgraph."""


def verify(program: Program, verified: Program | None = None) -> Program:
    """Check a program and return it.

    With `verified`, a program that is known to be valid, the leading instructions that both programs share are not
    checked again: they are the same objects at the same places.

    Raises:
        InvalidProgram: a rule is broken; the message names the instruction or the output.
    """
    _Verifier(program).run(_shared_prefix(program, verified))
    return program


def _shared_prefix(program: Program, verified: Program | None) -> int:
    """Return the number of leading instructions that two programs share, whose rules depend on nothing else."""
    if verified is None or len(program.source_locations) != len(verified.source_locations):
        return 0
    pairs = zip(program.instructions, verified.instructions, strict=False)
    return next(
        (number for number, (one, other) in enumerate(pairs) if one is not other or one.regions is not None),
        min(len(program.instructions), len(verified.instructions)),
    )


def _all_below(numbers: Index, limit: int) -> bool:
    """Return whether all numbers are at least 0 and less than a limit."""
    if len(numbers) > _FEW:
        return bool(numbers.min() >= 0 and numbers.max() < limit)
    listed = numbers.tolist()  # the call of a ufunc takes longer
    return not listed or (min(listed) >= 0 and max(listed) < limit)


class _Verifier:
    """The checks of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def run(self, first: int) -> None:
        """Check the instructions from `first` on, and the outputs."""
        count = len(self._program.instructions)
        for number in range(first, count):
            try:
                self._verify_value(number)
            except InvalidProgram as error:
                raise InvalidProgram(f"%{number} = {self._program.instructions[number].op}: {error}") from error
        for output in self._program.outputs:
            try:
                self._verify_operands(count, output.tensors.values())
            except InvalidProgram as error:
                raise InvalidProgram(f"output {output.name}: {error}") from error

    @cached_property
    def _wrapping_axes(self) -> tuple[bool, bool]:
        """For y and x, True if the axis wraps round for some operation, so that regions may extend over its edge."""
        wraps = [one.op.wraps for one in self._program.instructions]
        return any(y for y, _ in wraps), any(x for _, x in wraps)

    def _verify_value(self, number: int) -> None:
        instruction = self._program.instructions[number]
        self._verify_operands(number, instruction.operands)
        self._verify_types(instruction.operands)
        self._verify_instruction(instruction)
        self._verify_rows(instruction)
        if instruction.bases is not None or instruction.regions is not None:
            self._verify_differences(number)

    def _verify_operands(self, before: int, operands: Iterable[Operand]) -> None:
        read: dict[int, list[Index]] = {}  # value -> the rows that are read
        for operand in operands:
            if operand.values is None:
                read.setdefault(operand.value, []).append(operand.index)
                continue
            for value, rows, _ in operand.parts():
                read.setdefault(value, []).append(rows)
        for value, indices in read.items():
            if not 0 <= value < before:
                raise InvalidProgram(f"reads %{value}, which is not defined yet")
            count = self._program.instructions[value].rows
            if not _all_below(indices[0] if len(indices) == 1 else np.concatenate(indices), count):
                raise InvalidProgram(f"reads rows beyond the {count} of %{value}")

    def _verify_types(self, operands: Iterable[Operand]) -> None:
        for operand in operands:
            if operand.values is None:
                continue
            first = self._program.instructions[operand.value].type
            for value in operand.read:
                if (other := self._program.instructions[value].type) != first:
                    raise InvalidProgram(f"reads %{value} of type {other} beside %{operand.value} of type {first}")

    def _verify_instruction(self, instruction: Instruction) -> None:
        if type(instruction.op) not in _REGISTERED:
            raise InvalidProgram(f"{type(instruction.op).__name__} is not registered in OPS")
        types = tuple(self._program.instructions[operand.value].type for operand in instruction.operands)
        try:
            inferred = instruction.op.infer(types)
        except TypeError as error:
            raise InvalidProgram(str(error)) from error
        if inferred != instruction.type:
            raise InvalidProgram(f"has type {instruction.type}, its operands make {inferred}")

    def _verify_rows(self, instruction: Instruction) -> None:
        lengths = {operand.rows for operand in instruction.operands}
        if lengths - {instruction.rows}:
            raise InvalidProgram(f"{instruction.rows} rows, but its operands have {sorted(lengths)}")
        if len(instruction.params) != (instruction.rows if instruction.op.takes_params else 0):
            raise InvalidProgram(f"{len(instruction.params)} parameters for {instruction.rows} rows")
        locations = instruction.source_locations
        if len(locations) != instruction.rows:
            raise InvalidProgram(f"{len(locations)} source locations for {instruction.rows} rows")
        if not _all_below(locations, max(1, len(self._program.source_locations))):
            raise InvalidProgram(f"a source location beyond the {len(self._program.source_locations)} of the program")

    def _verify_differences(self, number: int) -> None:
        instruction = self._program.instructions[number]
        bases, regions = instruction.bases, instruction.regions
        if bases is None or regions is None:
            raise InvalidProgram("bases and regions come together; one of them is missing")
        if regions.shape != (instruction.rows, 4):
            raise InvalidProgram(f"regions of shape {list(regions.shape)}, expected {[instruction.rows, 4]}")
        if len(bases.values) != instruction.rows or len(bases.rows) != instruction.rows:
            raise InvalidProgram(f"{len(bases.values)} bases for {instruction.rows} rows")
        self._verify_bases(number, bases)
        self._verify_regions(instruction, regions)

    def _verify_bases(self, number: int, bases: Bases) -> None:
        instruction = self._program.instructions[number]
        for value in np.unique(bases.values[bases.values != -1]).tolist():
            if not 0 <= value <= number:
                raise InvalidProgram(f"has a base in %{value}, which is not defined yet")
            base = self._program.instructions[value]
            if base.type != instruction.type:
                raise InvalidProgram(f"has type {instruction.type}, and a base in %{value} of type {base.type}")
            based = np.flatnonzero(bases.values == value)
            rows = bases.rows[based]
            if not _all_below(rows, base.rows):
                raise InvalidProgram(f"has bases in rows beyond the {base.rows} of %{value}")
            if value == number and not (rows < based).all():
                raise InvalidProgram("the base of a row is the row itself or a later one")

    def _verify_regions(self, instruction: Instruction, regions: Regions) -> None:
        for axis, length in enumerate(instruction.type.size):
            start, stop = regions[:, axis], regions[:, axis + 2]
            inside = (start >= 0) & (start <= stop) & (start <= length) & (stop - start <= length)
            if not self._wrapping_axes[axis]:
                inside &= stop <= length
            if not inside.all():
                row = int(np.argmin(inside))
                raise InvalidProgram(f"region {regions[row].tolist()} of row {row} is not on its canvas")
