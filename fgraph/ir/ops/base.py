"""What every operation declares: its type rule, what it reads to make a region, its cost, its place in layer order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from fgraph._geometry.regions import Cyclic, Region, Size, whole
from fgraph.ir.costs import Call, DeviceProfile
from fgraph.ir.types import Type

T = TypeVar("T")
Order = tuple[int, int]  # (resolution, place within it): where a layer stands, comparable across generators


@dataclass(frozen=True)
class Op:
    """One operation, without its operands: frozen, hashable, equal where it does the same.

    Parameters that differ by row are not here: they stand beside the operation, one a row.
    """

    name: ClassVar[str]
    takes_params: ClassVar[bool] = False
    takes_numbers: ClassVar[bool] = False  # whether its parameters are numbers, which kernels are given as one tensor
    is_drawn: ClassVar[bool] = False  # whether the host draws its rows, those of equal parameters once
    is_layer: ClassVar[bool] = False  # whether it calls a layer of a generator
    is_fixed: ClassVar[bool] = True  # whether it makes the same in every run: a file may change
    is_pure: ClassVar[bool] = True  # equal rows have equal results
    is_computed: ClassVar[bool] = True  # a step computes its rows; others are in buffers already
    is_comparable: ClassVar[bool] = False  # `difference` tells where rows of two parameters differ
    reads_in_parts: ClassVar[bool] = False  # it reads an operand from several buffers without copying it together

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        """The type of a result row, from those of the operand rows.

        Raises:
            TypeError: the operands do not fit; lowering must not let this happen.
        """
        raise NotImplementedError

    def granularity(self, region: Region, output: Type) -> Region:
        """The least region that can be made and holds this one; all of the canvas unless an operation says less."""
        return whole(output.size)

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        """What of an operand is read to make a region; all of it unless an operation says less.

        A window may reach beyond a true border, where zeros are read, and round the edge of a wrapped axis.
        """
        return whole(inputs[port].size)

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        """Where the result may change when an operand changes in a region; everywhere unless an operation says less."""
        return whole(self.infer(inputs).size)

    def identities(self, params: Sequence[Any]) -> Sequence[bool]:
        """Return for each row whether it is its first operand unchanged; empty if no row can be."""
        return ()

    def terms(self, operands: Sequence[T]) -> tuple[Sequence[T], Sequence[T]] | None:
        """Return the values and the alphas of a weighted sum; None for every other operation."""
        return None

    def support(self, param: Any, size: Size) -> Region:
        """Return the rectangle outside of which a row is 0."""
        return whole(size)

    def is_zero(self, param: Any) -> bool:
        """Return whether a row is known to be 0 everywhere."""
        return False

    def difference(self, a: Any, b: Any, size: Size) -> Region:
        """Return the rectangle outside of which rows of two parameters are equal."""
        return whole(size)

    @property
    def reads_in_place(self) -> bool:
        """Whether a region of the result stands where it reads its operands, but for a halo or a factor."""
        return False

    @property
    def wraps(self) -> Cyclic:
        """Whether it reads neighbours round the edges of y, of x."""
        return (False, False)

    @property
    def footprint_wraps(self) -> Cyclic:
        """Whether a window that reaches beyond the canvas goes on at its other edge, rather than into zeros."""
        return self.wraps

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        """Floating-point operations for one row; a multiply and an add count as two."""
        return output.numbers

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        """Return the seconds of a call on a measured device.

        By default a call moves its operands and its result, and draws what is drawn.
        """
        if not self.is_computed:
            return 0.0
        moved = profile.moving(call.rows * (call.output.numbers + sum(one.numbers for one in call.inputs)))
        if self.is_drawn:
            return call.distinct * (profile.overhead + call.output.numbers * profile.drawn) + moved
        return profile.overhead + moved

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        """Return the bytes that a call needs beside its operands and its result, fp32; it follows the kernel.

        Args:
            call: the call.
            gathered: for each operand the bytes of its gathered copy; 0 where it is read in place.
        """
        return sum(gathered)

    @property
    def label(self) -> tuple[str, str]:
        """The name in tables and drawings, and the model, if it calls a layer of one."""
        return self.name, ""

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


@dataclass(frozen=True)
class PointwiseOp(Op):
    """An operation that makes every pixel from the same pixel of its operands."""

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    @property
    def reads_in_place(self) -> bool:
        return True

    @property
    def footprint_wraps(self) -> Cyclic:
        return (True, True)  # windows are regions: they reach beyond the canvas only where that goes round

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region


def cut_bytes(call: Call, *, is_local: bool) -> int:
    """Return the bytes of cutting tiles out of drawn rows, which are drawn whole unless they are drawn locally."""
    if call.canvas is None:
        return 0
    return call.out_bytes + (0 if is_local else 4 * call.canvas.numbers)


def expect(condition: bool, op: Op, inputs: tuple[Type, ...]) -> None:
    """Raise the TypeError of a type rule that does not hold."""
    if not condition:
        raise TypeError(f"{op} does not take ({', '.join(map(str, inputs))})")
