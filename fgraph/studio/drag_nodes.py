"""Nodes of the studio for a running drag: its start, and its current codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from fgraph._arrays import Array
from fgraph._ports import Kind
from fgraph.ir.ops import Given
from fgraph.lowering import Build, Inputs
from fgraph.lowering.values import Image, Latent
from fgraph.node import Data, LatentPort, MaskPort, Node


class DragStart(Node):
    """The codes that a drag begins with, in the space of its search."""

    op: Literal["drag_start"] = "drag_start"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort
    space: Literal["w+", "s"] = "w+"

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        """Promote the codes."""
        return build.promote(inputs.latent("of"), self.space)


class DragMask(Node):
    """The mask of a drag at the size of its model's images, as an image of one channel."""

    op: Literal["drag_mask"] = "drag_mask"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: LatentPort
    mask: MaskPort

    def lower(self, build: Build, inputs: Inputs) -> Image:
        """Draw the mask as the drag does."""
        height, width = build.table(inputs.latent("of").model).size
        return Image(build.draw(inputs.mask("mask").exprs, height, width), height, width)


class DragNow(Node):
    """The codes that a drag has reached, in place of the drag itself."""

    op: Literal["drag_now"] = "drag_now"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes that the drag began with")
    codes: Data[Array]
    trail: Data[Array]  # [rows, times, points, 2]
    space: Literal["w+", "s"] = "w+"

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        """Return the rows of the drag."""
        return len(self.codes.array)

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        """Return the codes with their trails."""
        of, nodes = inputs.latent("of"), [member.node for member in inputs.members]
        codes = [(node.codes, row) for node in nodes for row in range(len(node.codes.array))]
        trails = [(node.trail, row) for node in nodes for row in range(len(node.trail.array))]
        code = build.emit(Given(of.model, self.space, self.codes.shape[1:]), params=codes)
        ways = build.emit(Given(of.model, "trail", self.trail.shape[1:]), params=trails)
        return Latent(self.space, code, of.model, of.keys, {"trail": ways})
