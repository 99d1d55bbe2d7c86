"""The base class of operations: type rule, regions, cost, place in layer order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from fgraph._geometry.regions import Cyclic, Region, Size, whole
from fgraph.ir.costs import NO_COPIES, Call, Copies, DeviceProfile, params_copied
from fgraph.ir.types import Type

T = TypeVar("T")
Order = tuple[int, int]  # (resolution, place within it), comparable across generators
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Op:
    """An operation without its operands: frozen and hashable; equal operations do the same.

    Parameters that differ by row are not fields. The instruction holds them, one for each row.
    """

    name: ClassVar[str]
    takes_params: ClassVar[bool] = False
    takes_numbers: ClassVar[bool] = False  # parameters are numbers, which a kernel gets as one tensor
    is_drawn: ClassVar[bool] = False  # the host draws its rows, once for equal parameters
    is_layer: ClassVar[bool] = False  # it calls a layer of a generator
    is_fixed: ClassVar[bool] = True  # results are equal in every run; a file may change
    is_pure: ClassVar[bool] = True  # equal rows have equal results
    is_computed: ClassVar[bool] = True  # a step computes its rows; others are in buffers already
    is_comparable: ClassVar[bool] = False  # `difference` returns where rows of two parameters differ
    reads_back: ClassVar[bool] = False  # its kernel reads values of the device to decide what it does next
    reads_in_parts: ClassVar[bool] = False  # its kernel reads an operand that lies in several buffers without a copy

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        """Return the type of a result row for these types of operand rows.

        Raises:
            TypeError: the operands do not fit, which is a bug in lowering.
        """
        raise NotImplementedError

    def granularity(self, region: Region, output: Type) -> Region:
        """Return the smallest region that can be computed and contains this one; by default the whole canvas."""
        return whole(output.size)

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        """Return the window of an operand that is read to compute a region; by default the whole operand.

        A window may extend beyond a true border, where pixels are zero, and across the edge of a wrapped axis.
        """
        return whole(inputs[port].size)

    def operands_read(self, regions: npt.NDArray[np.int64], inputs: tuple[Type, ...]) -> Flags | None:
        """Return which operands a tile at each region [rows, 4] reads, [rows, operands]; None: each reads all."""
        return None

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        """Return where the result may change if an operand changes in a region; by default everywhere."""
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
        """True if a region of the result reads its operands at the same place, up to a halo and a factor."""
        return False

    @property
    def wraps(self) -> Cyclic:
        """For y and x, True if the operation reads neighbours across the edges of the axis."""
        return (False, False)

    @property
    def footprint_wraps(self) -> Cyclic:
        """For y and x, True if a window beyond the canvas continues at the opposite edge, rather than with zeros."""
        return self.wraps

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        """Return the floating-point operations of one row; a multiply and an add count as two."""
        return output.numbers

    def seconds(self, call: Call, profile: DeviceProfile) -> float:
        """Return the seconds of a call on a measured device.

        By default, a call moves its operands and its result, and draws the rows that the host draws.
        """
        if not self.is_computed:
            return 0.0
        moved = profile.seconds_to_move(call.rows * (call.output.numbers + sum(one.numbers for one in call.inputs)))
        if self.is_drawn:
            return call.distinct * (profile.overhead + call.output.numbers * profile.drawn) + moved
        return profile.overhead + moved

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        """Return the bytes, in fp32, that the kernel of a call needs beside its operands and its result.

        Args:
            call: the call.
            gathered: the bytes of the gathered copy of each operand; 0 if it is read in place.
        """
        return sum(gathered)

    def inputs_copied(self, call: Call, distinct_rows: int) -> Copies:
        """Return the copies to a device in every run: of parameters, or of rows that the host makes.

        Args:
            call: the call.
            distinct_rows: the number of its rows that differ in their parameters or their regions; equal rows are
                copied once.
        """
        if self.takes_numbers:
            return params_copied(call.params)
        return NO_COPIES if call.inputs or self.reads_back else Copies(1, 4 * distinct_rows * call.output.numbers)

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        """Return the largest number of copies to a device in the first run of a plan; see `inputs_copied`."""
        return NO_COPIES if call.inputs or distinct_rows == call.rows else Copies(1, 8 * call.rows)

    @property
    def label(self) -> tuple[str, str]:
        """The name in tables and drawings, and the model of a layer."""
        return self.name, ""

    @property
    def order(self) -> Order | None:
        """The place in layer order; None: as soon as the operands are available."""
        return None

    @property
    def layer_name(self) -> str | None:
        """The generator layer that it calls, if any."""
        return None

    def __str__(self) -> str:
        shown = ", ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return f"{self.name}({shown})" if shown else self.name


@dataclass(frozen=True)
class PointwiseOp(Op):
    """An operation that computes each pixel from the same pixel of its operands."""

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region

    @property
    def reads_in_place(self) -> bool:
        return True

    @property
    def footprint_wraps(self) -> Cyclic:
        return (True, True)  # windows are regions, which extend beyond the canvas only on a cyclic axis

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        return region


def cut_bytes(call: Call, *, is_local: bool) -> int:
    """Return the workspace of rows that the host draws and cuts to tiles; if `is_local`, it draws the tiles alone."""
    if call.canvas is None:
        return 0
    return call.out_bytes + (0 if is_local else 4 * call.canvas.numbers)


def expect(condition: bool, op: Op, inputs: tuple[Type, ...]) -> None:
    """Raise a TypeError if a type rule does not hold."""
    if not condition:
        raise TypeError(f"{op} does not take ({', '.join(map(str, inputs))})")
