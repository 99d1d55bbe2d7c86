"""What every operation declares: its type rule, its cost, its place in layer order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from fgraph.ir.types import Type

Order = tuple[int, int]  # (resolution, place within it): where a layer stands, comparable across generators


@dataclass(frozen=True)
class Op:
    """One operation, without its operands: frozen, hashable, equal where it does the same.

    Parameters that differ by row are not here: they stand beside the operation, one a row.
    """

    name: ClassVar[str]
    takes_params: ClassVar[bool] = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        """The type of a result row, from those of the operand rows.

        Raises:
            TypeError: the operands do not fit; lowering must not let this happen.
        """
        raise NotImplementedError

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        """Floating-point operations for one row; a multiply and an add count as two."""
        return output.numbers

    @property
    def order(self) -> Order | None:
        """Where in layer order this must run; None: as soon as its operands are there."""
        return None

    @property
    def layer_name(self) -> str | None:
        """The generator layer that this calls, if it is one."""
        return None

    def __str__(self) -> str:
        shown = ", ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return f"{self.name}({shown})" if shown else self.name


def expect(condition: bool, op: Op, inputs: tuple[Type, ...]) -> None:
    """Raise the TypeError of a type rule that does not hold."""
    if not condition:
        raise TypeError(f"{op} does not take ({', '.join(map(str, inputs))})")
