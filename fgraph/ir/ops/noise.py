"""The noise that layers of StyleGAN2 add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from fgraph._geometry.regions import Size
from fgraph.ir.costs import NO_COPIES, Call, Copies
from fgraph.ir.ops.base import PointwiseOp, cut_bytes, expect
from fgraph.ir.ops.spatial import edit_copies
from fgraph.ir.types import Type
from fgraph.masks import Edited, MaskExpr, Placed
from fgraph.stylegan.tables.base import Layer


@dataclass(frozen=True)
class NoiseField(PointwiseOp):
    """Noise over the canvas of a layer, before the layer's strength scales it.

    Params by mode and fit. const: None for `tile`, (declared rows, row) or None for `ends`, the frame for `follow`.
    random: (seed, row key, frame or None). given: (array, row).
    """

    name: ClassVar[str] = "noise"
    takes_params: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    model: str
    layer: Layer
    mode: Literal["const", "random", "given"]
    fit: Literal["tile", "ends", "follow"]
    height: int
    width: int

    @property
    def is_tiled(self) -> bool:
        """True if the noise repeats the layer's buffer, so that a part can be made without the rest."""
        return self.mode == "const" and self.fit == "tile"

    def is_host_made(self, params: Sequence[Any]) -> bool:
        """Return whether the host makes all of the noise of these rows, and sends it at once."""
        if self.mode == "const":
            return self.fit == "ends"
        return self.mode == "given" or all(param[2] is None for param in params)

    def infer(self, inputs: tuple[Type, ...]) -> Type:
        expect(not inputs, self, inputs)
        return Type("noise", (1, self.height, self.width))

    def workspace(self, call: Call, gathered: Sequence[int]) -> int:
        return cut_bytes(call, is_local=self.is_tiled)

    def inputs_copied(self, call: Call, distinct_rows: int) -> Copies:
        if self.is_host_made(call.params):
            if self.mode == "const":  # the buffer is laid over whole rows, which are then cut
                return Copies(1, 4 * call.distinct * self.height * self.width)
            return super().inputs_copied(call, distinct_rows)
        if self.mode == "const":
            return NO_COPIES
        sources = [list(self._canvases(param))[-1] for param in dict.fromkeys(call.params)]
        return Copies(len(sources), 4 * sum(height * width for height, width in sources))

    def constants_copied(self, call: Call, distinct_rows: int) -> Copies:
        whole = self.is_tiled and not call.is_tiled
        lengths = zip(call.output.size, self.layer.size, strict=True)
        # a whole buffer is read as it is
        cut = [length for length, buffer_length in lengths if not whole or length > buffer_length]
        cut_copies = Copies(len(cut) * distinct_rows, 8 * distinct_rows * sum(cut))
        if self.is_host_made(call.params):
            rows = Copies(1, 8 * call.rows)
            return rows + cut_copies if self.mode == "const" and call.is_tiled else rows
        if self.is_tiled:
            return cut_copies
        sizes = [size for param in dict.fromkeys(call.params) for size in self._canvases(param)]
        return sum([edit_copies(size) for size in sizes], cut_copies)

    def _canvases(self, param: Any) -> Iterator[Size]:
        """Yield the canvas size of a row after all edits, then before each edit, from the last edit to the first."""
        frame: MaskExpr | None = param[2] if self.mode == "random" else param
        size = (self.height, self.width)
        yield size
        while isinstance(frame, Edited | Placed):
            if isinstance(frame, Edited):
                height, width = frame.edit.source_size(*size)
                size = (int(height), int(width))
            else:
                size = tuple(  # type: ignore[assignment]
                    int(frame.length * length) if name == frame.axis else length
                    for name, length in zip("yx", size, strict=True)
                )
            frame = frame.mask
            yield size

    def __str__(self) -> str:
        return f"noise {self.layer.name} {self.model} {self.mode} {self.fit} {self.height}x{self.width}"
