"""`drag`: codes whose images have points moved to targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from fgraph import _limits
from fgraph._ports import Kind, broadcast_rows
from fgraph._row_lists import expand_rows
from fgraph.dragging.layer import feature_layer, share_of_pass
from fgraph.dragging.points import MOST_POINTS, DragPoints, to_fractions
from fgraph.dragging.settings import DragSettings, Reading, Space, Tracking, make_drag_settings
from fgraph.ir.ops import Drag as DragOp
from fgraph.ir.ops import DragPart
from fgraph.ir.program import Index, Operand, as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, LatentPort, MaskPort, Node
from nodes._spatial import Unit

Length = Annotated[float, Field(ge=0, le=_limits.SIDE)]
Place = tuple[Length, Length]
Places = Annotated[tuple[Place, ...], Field(min_length=1, max_length=MOST_POINTS)]
ByRow = Annotated[Places | tuple[Places, ...], BeforeValidator(expand_rows)]
_NOT_SETTINGS = ("op", "of", "points", "to", "mask", "unit", "every")
MOST_FRAMES = 1000


class Drag(Node):
    """Point-based editing: codes whose images have the content of points moved to targets, found by optimisation.

    All rows run in one batch, and each row ends on its own: when its points have arrived, when it makes no progress, or
    after `steps` steps. The method is DragGAN's (Pan et al. 2023); `tracking: adaptive` follows points as FreeDrag does
    (Ling et al. 2023). Points are followed in features without noise, because noise does not move with the content;
    `reading: code` includes the noise. With `every`, each row becomes a film of its drag. For the fields, their cost
    and their effect, see docs/how-to/dragging.md.
    """

    op: Literal["drag"] = "drag"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes to begin with")
    points: Data[ByRow] = Field(
        description="the points: [x, y] in fractions of the image; a list of such lists gives points for each row"
    )
    to: Data[ByRow] = Field(description="where each point goes, in the same order")
    unit: Unit = Field("fraction", description="the unit of points and targets; the first pixel is at [0, 0]")
    mask: MaskPort | None = Field(None, description="1 where the image may change; default: everywhere")
    space: Space | None = Field(
        None, description="w+ (default): each of `rows` changes on its own; w: all change alike; s: styles change"
    )
    rows: str | None = Field(None, description="the rows of W+ that may change, such as 0..5 (default)")
    layer: str | None = Field(
        None, description="the convolution whose features are compared; default: the last of at most 128 pixels"
    )
    tracking: Tracking | None = Field(
        None,
        description="nearest (default): each point is searched for near its last position; adaptive: no point is lost",
    )
    reading: Reading | None = Field(
        None, description="paper (default), or code: patches and mask as in the published program"
    )
    r1: float | None = Field(
        None, gt=0, le=0.5, description="radius of the moved patch, as a fraction of the image side; default: 3/512"
    )
    r2: float | None = Field(
        None,
        gt=0,
        le=0.5,
        description="radius of the search for a point, as a fraction of the image side; default: 12/512",
    )
    arrive: float | None = Field(
        None,
        gt=0,
        le=0.5,
        description="distance from the target at which a point has arrived, as a fraction of the image side; default: "
        "2/512",
    )
    learning_rate: float | None = Field(
        None, gt=0, description="the learning rate of Adam; default: 0.002, below 256 pixels 0.03"
    )
    keep: float | None = Field(
        None, ge=0, description="weight of changes where the mask is 0; default: 20, below 256 pixels 2"
    )
    steps: int | None = Field(None, ge=0, le=100_000, description="the most steps; default: 300")
    every: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="make a film: a row for the beginning, one after each `every` steps, and one for the end; "
        "default: the end only",
    )
    patience: int | None = Field(
        None, ge=0, le=100_000, description="steps without progress after which a row ends, 0: never; default: 60"
    )

    @model_validator(mode="after")
    def _known(self) -> Drag:
        steps = self.settings.steps
        if self.unit == "fraction":
            for row in range(max(len(_by_row(self.points)), len(_by_row(self.to)))):
                self.points_of(row)
        if self.every is not None and steps // self.every >= MOST_FRAMES:
            raise ValueError(
                f"every: {steps} steps, with a picture after each {self.every}, make more than {MOST_FRAMES} pictures"
            )
        return self

    @property
    def settings(self) -> DragSettings:
        """The complete settings.

        Raises:
            ValueError: a field has an invalid value.
        """
        changes = {
            name: getattr(self, name) for name in type(self).model_fields if name not in (*_NOT_SETTINGS, "rows")
        }
        return make_drag_settings(**changes, rows=None if self.rows is None else _range(self.rows))

    def points_of(self, row: int, size: tuple[int, int] = (1, 1)) -> DragPoints:
        """Return the points of a row and their targets, for images of a size in pixels (height, width).

        Raises:
            ValueError: a place is not in the image, or there are more points than targets, or fewer.
        """
        handles, targets = (_pick(_by_row(value), row) for value in (self.points, self.to))
        if self.unit == "pixel":
            for name, places in (("points", handles), ("to", targets)):
                for at, (x, y) in enumerate(places):
                    if x > size[1] - 1 or y > size[0] - 1:
                        raise ValueError(
                            f"{name}[{at}] is [{x:g}, {y:g}]: the images of this model have {size[1]} x {size[0]} "
                            "pixels, and the first one is at [0, 0]"
                        )
            handles, targets = (tuple(to_fractions(np.array(one), size)) for one in (handles, targets))
        return DragPoints(handles, targets)

    @property
    def frames(self) -> int:
        """The number of rows that a row becomes."""
        return 1 if self.every is None else -(-self.settings.steps // self.every) + 1

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        counts = [len(_by_row(self.points)), len(_by_row(self.to))]
        return self.frames * broadcast_rows([*(count for one in rows.values() for count in one), *counts])

    @property
    def collapses(self) -> bool:  # type: ignore[override]
        """True if each row becomes several."""
        return self.every is not None

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        settings, of = self.settings, inputs.latent("of")
        table = build.table(of.model)
        of = of.take(self._broadcast(of.rows, inputs)) if self.collapses else of
        codes = build.promote(of, "s" if settings.space == "s" else "w+")
        points = [
            member.node.points_of(row, table.size)
            for member in inputs.members
            for row in range(member.slot.rows // self.frames)
        ]
        layer = feature_layer(table, settings.layer)
        if settings.rows[1] > table.num_ws:
            raise ValueError(f"rows: {self.rows or '0..5'}: this model has rows 0..{table.num_ws - 1} of W+")
        shape = (table.style_length,) if settings.space == "s" else (table.num_ws, table.w_dim)
        most = max(len(one.handles) for one in points)
        flops = round(table.forward_flops * share_of_pass(table, layer))
        op = DragOp(of.model, settings, codes.space, shape, most, self.every or 0, flops)
        operands = [codes.code]
        if inputs.has("mask"):
            mask = inputs.mask("mask")
            mask = mask.take(self._broadcast(mask.rows, inputs)) if self.collapses else mask
            operands.append(build.draw(mask.exprs, *table.size))
        found = build.emit(op, operands, points)
        order = as_index(np.arange(len(points) * self.frames).reshape(self.frames, -1).T.flatten())
        facts: dict[str, Operand] = {}
        for part in DragPart.PARTS:
            frames = [build.emit(DragPart(of.model, op, part, frame), [found]) for frame in range(self.frames)]
            facts[part] = Operand.joined(frames).take(order)
        keys = tuple(key for key in of.keys for _ in range(self.frames))
        return Latent(codes.space, facts.pop("code"), of.model, keys, facts)

    def _broadcast(self, rows: int, inputs: Inputs) -> Index:
        """Return the index that repeats the `rows` rows of a port for all drags. Rows of a member are consecutive."""
        repeated = rows // len(inputs.members)
        counts = [member.slot.rows // self.frames for member in inputs.members]
        return as_index(
            [number * repeated + row % repeated for number, count in enumerate(counts) for row in range(count)]
        )


def _by_row(value: Places | tuple[Places, ...]) -> tuple[Places, ...]:
    """Return the places of each row; one list of places is for all rows."""
    return value if isinstance(value[0][0], tuple) else (value,)


def _pick(values: tuple[Places, ...], row: int) -> Places:
    return values[row if len(values) > 1 else 0]


def _range(text: str) -> tuple[int, int]:
    """Read an inclusive range such as `0..5`: the first row, and the row after the last one."""
    first, dots, last = text.partition("..")
    try:
        return int(first), int(last if dots else first) + 1
    except ValueError:
        raise ValueError(f"rows: '{text}' is not a range of rows such as 0..5") from None
