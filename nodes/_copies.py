"""The copies of `patches`: boxes and their targets, as fields and as exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from fgraph import _geometry as geometry
from fgraph import _limits, masks
from fgraph._geometry import fraction
from fgraph._row_lists import expand_rows
from fgraph._typed_model import TypedModel
from fgraph.masks import MaskExpr
from nodes._spatial import Amount

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


@dataclass(frozen=True)
class PatchMove:
    """A box and the target of its corner, in fractions of the canvas."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction
    to_x: Fraction
    to_y: Fraction

    def in_cells(self, rows: int, columns: int) -> PatchMove:
        """Return the move with every number rounded down to whole cells."""
        x, width, to_x = (Fraction(floor(one * columns), columns) for one in (self.x, self.width, self.to_x))
        y, height, to_y = (Fraction(floor(one * rows), rows) for one in (self.y, self.height, self.to_y))
        return PatchMove(x, y, width, height, to_x, to_y)

    def reversed(self) -> PatchMove:
        """Return the move from the target to the source."""
        return PatchMove(self.to_x, self.to_y, self.width, self.height, self.x, self.y)

    def lower(self, feather: float) -> tuple[geometry.Shift, MaskExpr]:
        """Return the shift of the picture, and Shift(α). Parts off the canvas are lost."""
        vertical, horizontal = self.to_y - self.y, self.to_x - self.x
        alpha = masks.feathered(masks.Box((self.x, self.y, self.width, self.height)), feather)
        moved = masks.edited(alpha, geometry.Shift(vertical, horizontal, "constant"))
        return geometry.Shift(vertical, horizontal), moved


class PatchCopy(TypedModel):
    """One patch: a box and its target."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    box: tuple[Amount, Amount, Amount, Amount] = Field(description="x, y, width, height, in fractions of the canvas")
    to: tuple[Amount, Amount] | None = Field(None, description="x, y of the target of the upper left corner")
    by: tuple[Amount, Amount] | None = Field(None, description="instead of to: the shift, right and down")

    @model_validator(mode="after")
    def _check(self) -> PatchCopy:
        if (self.to is None) == (self.by is None):
            raise ValueError("a patch needs a box, and either `to`, its target, or `by`, its shift")
        if min(map(fraction, self.box[2:])) <= 0:
            raise ValueError("the box of a patch needs a width and a height above 0")
        return self

    @property
    def move(self) -> PatchMove:
        """The move, in exact fractions."""
        x, y, width, height = map(fraction, self.box)
        target = tuple(map(fraction, self.to)) if self.to is not None else None
        horizontal, vertical = map(fraction, self.by or (0, 0))
        to_x, to_y = target or (x + horizontal, y + vertical)
        return PatchMove(x, y, width, height, to_x, to_y)


class Proposals(TypedModel):
    """Patches that are chosen from the content of the picture."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    count: int = Field(2, ge=1, le=16, description="the number of patches in each variation")
    seed: Annotated[Seed | tuple[Seed, ...] | None, BeforeValidator(expand_rows)] = Field(
        None, description="the seed of the choice; a list gives one per row; default: derived from the graph's seed"
    )
    variations: int = Field(
        1, ge=1, le=_limits.ROWS, description="the number of rows with different patches, for one seed"
    )
    smallest: float = Field(
        0.15, gt=0, le=1, description="the least side of a patch, as a fraction of the shorter side of the canvas"
    )
    largest: float = Field(
        0.45, gt=0, le=1, description="the greatest side of a patch, as a fraction of the shorter side of the canvas"
    )
    horizon: Literal["avoid", "level", "ignore"] = Field(
        "avoid",
        description="avoid: no patch crosses the horizon, and none changes sides; level: patches move sideways only; "
        "ignore: neither",
    )

    @model_validator(mode="after")
    def _check(self) -> Proposals:
        if isinstance(self.seed, tuple) and (self.variations > 1 or not self.seed):
            raise ValueError("give either a list of seeds, one for each row, or one seed with variations")
        if self.smallest > self.largest:
            raise ValueError(f"the smallest side, {self.smallest}, is above the largest, {self.largest}")
        return self

    @property
    def rows(self) -> int:
        """The number of rows that one row becomes."""
        return len(self.seed) if isinstance(self.seed, tuple) else self.variations

    @property
    def rule(self) -> tuple[Any, ...]:
        """The parameters that all rows share."""
        return (self.count, self.smallest, self.largest, self.horizon)
