"""Costs of operations: calls, the measured speed of a device, and the cost model of planning decisions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fgraph._geometry.regions import Size
from fgraph.ir.types import Type

WORKING_SET = 1 << 30  # bytes
_BESIDE_A_LAYER = 4  # calls that one more call of a layer brings, including itself: noise, weights, a mix, copies
_COPIES = 10  # copies of rows that take as long as the fixed cost of a layer call, which is about ten operations


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation, with the facts that its cost depends on."""

    inputs: tuple[Type, ...]  # types of operand rows, or of the parts that a tile reads
    output: Type  # type of a row, or of its tile that is computed
    rows: int = 1
    params: Sequence[Hashable] = ()  # parameters of the rows; empty if they have none
    canvas: Type | None = None  # the type of a whole row, if rows are tiles
    read: Size | None = None  # height and width of the windows of the first operand, if rows are tiles
    is_plain: bool = True  # whether every row is whole, and its operands are whole in their buffers

    @property
    def is_tiled(self) -> bool:
        """True if rows are tiles."""
        return self.canvas is not None

    @property
    def distinct(self) -> int:
        """The number of different parameters of the rows."""
        return len(set(self.params)) if self.params else self.rows

    @property
    def out_bytes(self) -> int:
        """Bytes of the result, fp32."""
        return 4 * self.output.numbers * self.rows


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies from one memory to another: their number, and their total size in bytes, in fp32."""

    copies: int = 0
    bytes: int = 0

    def __add__(self, other: Copies) -> Copies:
        return Copies(self.copies + other.copies, self.bytes + other.bytes)


NO_COPIES = Copies()


def params_copied(params: Sequence[Any]) -> Copies:
    """Return the one copy of the parameters of all rows, which are numbers or tuples of numbers."""
    return Copies(1, 4 * int(np.size(params)))


@dataclass(frozen=True, slots=True)
class Rate:
    """The speed of a convolution layer, by the number of its channels and of the pixels of its input."""

    channels: int
    positions: int
    flops: float  # FLOPs a second; a multiply-add counts as two


@dataclass(frozen=True)
class DeviceProfile:
    """The measured speed of one device."""

    device: str  # the device as the user named it, such as auto
    name: str  # name of the hardware, for messages
    precision: str
    threads: int
    overhead: float  # seconds of the smallest call of a layer
    bandwidth: float  # bytes a second, read or written, between convolutions
    rgb: float  # bytes a second that ToRGB reads
    drawn: float  # seconds for one number of noise or of a mask
    plain: tuple[Rate, ...]  # layers that keep their size
    doubling: tuple[Rate, ...]  # layers that double it, by a transposed convolution

    @property
    def itemsize(self) -> int:
        """The size of a number in bytes."""
        return 8 if self.precision == "float64" else 4

    @property
    def copy_overhead(self) -> float:
        """Seconds of the smallest copy of rows."""
        return self.overhead / _COPIES

    @property
    def peak(self) -> float:
        """FLOPs a second of the largest layer, which the overhead of its call distorts least."""
        return max(self.plain, key=lambda one: one.channels**2 * one.positions).flops

    def seconds_to_move(self, numbers: float) -> float:
        """Return the seconds to read or write `numbers` numbers."""
        return numbers * self.itemsize / self.bandwidth


@dataclass(frozen=True, slots=True)
class CostModel:
    """Costs that planning decisions compare, in FLOPs of a convolution that take the same time.

    The defaults suit a CPU. `of` derives them from the profile of a device.
    """

    call: float = 50e6  # cost of one more call of a layer
    copy_call: float = 2e6  # cost of one more copy of rows
    copied_byte: float = 30.0
    working_set: int = WORKING_SET  # bytes to which a run on a CPU is limited, if that repeats few FLOPs
    most_repeated: float = 1.03  # few: chunks make at most this many times the FLOPs of the plan without chunks

    @classmethod
    def of(cls, profile: DeviceProfile | None) -> CostModel:
        """Return the model of a calibrated device; the default if there is no profile."""
        if profile is None:
            return cls()
        return cls(
            call=_BESIDE_A_LAYER * profile.overhead * profile.peak,
            copy_call=profile.copy_overhead * profile.peak,
            copied_byte=2 * profile.peak / profile.bandwidth,  # each is read and written
        )


DEFAULT_COSTS = CostModel()


def rate(rates: Sequence[Rate], channels: float, positions: float) -> float:
    """Return the FLOPs a second of a layer, interpolated between the measured rates on logarithmic scales.

    Outside the measured range, the nearest rate applies.
    """
    widths = sorted({one.channels for one in rates})
    found = []
    for width in widths:
        known = sorted((one.positions, one.flops) for one in rates if one.channels == width)
        places, values = zip(*known, strict=True)
        found.append(np.interp(math.log(max(positions, 1)), np.log(places), np.log(values)))
    return float(np.exp(np.interp(math.log(channels), np.log(widths), found)))


def conv_flops(in_channels: int, out_channels: int, positions: int) -> int:
    """Return the FLOPs of the nine taps of a 3 x 3 convolution; measured rates count these FLOPs."""
    return 2 * 9 * in_channels * out_channels * positions
