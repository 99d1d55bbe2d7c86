"""Network bending: transforms of some channels of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fgraph._geometry.regions import Cyclic, Region, Size, grown, whole
from fgraph.ir.bendings import Bending, Mirror, Rotate, Scale, Translate
from fgraph.ir.costs import Call, Copies
from fgraph.ir.ops.base import Op, expect
from fgraph.ir.types import Type

WARPING = (Scale, Rotate, Translate, Mirror)


@dataclass(frozen=True)
class BendChannels(Op):
    """A transform of some channels of a map; the other channels are unchanged. Params: the `Bending`.

    `halo` is the largest radius of its rows, which is 0 except for erosion and dilation.
    """

    name: ClassVar[str] = "bend"
    takes_params: ClassVar[bool] = True
    transform: str
    halo: int = 0
    wrap_x: bool = False
    wrap_y: bool = False

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(len(inputs) == 1 and inputs[0].spatial, self, inputs)
        return inputs[0]

    def identities(self, params: Sequence[Any]) -> Sequence[bool]:
        return [param.is_identity for param in params]

    @property
    def reads_in_place(self) -> bool:
        return self.transform not in ("scale", "rotate", "translate", "mirror")

    @property
    def wraps(self) -> Cyclic:
        return (self.wrap_y, self.wrap_x)

    @property
    def footprint_wraps(self) -> Cyclic:
        return self.wraps if self.halo or not self.reads_in_place else (True, True)

    def granularity(self, region: Region, output: Type) -> Region:
        return region

    def footprint(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        if not isinstance(param.transform, WARPING):
            return grown(region, self.halo)
        read = param.transform.warp(inputs[0].size).footprint(self._without_wrapping(region, inputs[0].size))
        return self._with_others(self._on_canvas(read, inputs[0].size), region, param)

    def affected(self, port: int, region: Region, inputs: tuple[Type, ...], param: Any) -> Region:
        if not isinstance(param.transform, WARPING):
            return grown(region, self.halo)
        if any(self.wraps) and isinstance(param.transform, Scale | Rotate):
            return whole(inputs[0].size)  # a cyclic canvas repeats, and each copy lands elsewhere
        affected = param.transform.warp(inputs[0].size).affected(region)
        return self._with_others(self._on_canvas(affected, inputs[0].size), region, param)

    @staticmethod
    def _without_wrapping(region: Region, size: Size) -> Region:
        """Return the smallest region that does not wrap and contains this one: where it wraps, the whole axis."""
        top, bottom = (0, size[0]) if region[2] > size[0] else (region[0], region[2])
        left, right = (0, size[1]) if region[3] > size[1] else (region[1], region[3])
        return (top, left, bottom, right)

    def _on_canvas(self, box: Region, size: Size) -> Region | None:
        """Return the part of a box that is on the canvas; None if there is none."""
        spans = []
        for axis, wraps in enumerate(self.wraps):
            start, stop = box[axis], box[axis + 2]
            if not wraps:
                start, stop = max(start, 0), min(stop, size[axis])
            elif stop - start >= size[axis]:
                start, stop = 0, size[axis]
            if stop <= start:
                return None
            spans.append((start, stop))
        (top, bottom), (left, right) = spans
        return (top, left, bottom, right)

    @staticmethod
    def _with_others(box: Region | None, region: Region, param: Bending) -> Region:
        """Return the bounds of the box and of the region, which the unchanged channels read."""
        if box is None:
            return region
        return (min(box[0], region[0]), min(box[1], region[1]), max(box[2], region[2]), max(box[3], region[3]))

    def flops(self, inputs: tuple[Type, ...], output: Type) -> int:
        taps = (2 * self.halo + 1) ** 2 if self.reads_in_place else 8
        return taps * output.numbers

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        return sum(gathered) + 4 * call.out_bytes  # the channels picked, what is read for them, its weighted sum

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        height, width = call.output.size
        if self.transform in ("scale", "rotate", "translate", "mirror"):
            moved = Copies(8, 48 * height * width)  # four neighbours of each pixel, with their weights
        else:
            moved = Copies(4, 9 * (height + width + 4 * self.halo))
        channels = Copies(1, 8 * call.output.shape[0])
        lines = Copies(2, 8 * (height + width))
        return sum([moved + channels + lines] * distinct_rows, Copies(2 * distinct_rows, 16 * call.rows))

    def __str__(self) -> str:
        wrap = "".join(axis for axis, on in (("x", self.wrap_x), ("y", self.wrap_y)) if on)
        return f"bend {self.transform}" + (f" wrap={wrap}" if wrap else "")
