"""The base of all kinds of `direction`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind, LayerSet
from fgraph.ir.ops import Move, MoveTo, Repeat, Slope
from fgraph.ir.program import Operand
from fgraph.ir.types import TypeKind
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import SPACES, Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import LatentPort, Node, PerRow
from nodes._splice import CodePart, choose

Number = PerRow[Annotated[int, Field(ge=0, le=100_000)]]
Unit = Literal["deviation", "length"]
How = Literal["add", "set"]


@dataclass(frozen=True)
class FoundDirections:
    """Directions in one space, one per row, and how codes move along them."""

    space: TypeKind
    code: Operand
    how: How = "add"
    mean: Operand | None = None  # for how "set": the codes with coordinate 0; None: the mean of the model
    rows: str | None = None  # the rows of W+ that move, unless the node names its own


class Direction(Node):
    """The base of all kinds of directions: the codes, the distance, and the layers whose styles move."""

    op: Literal["direction"] = "direction"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes that are moved")
    strength: PerRow[float] = Field(
        1.0, description="the distance, in units of the direction; a list gives one per row"
    )
    layers: LayerSet | None = Field(None, description="the layers, by name or σ index, whose styles move; default: all")
    rows: str | None = Field(None, description="instead of layers: the W+ rows that move, such as 0..3")

    @abstractmethod
    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        """Return the direction of each row."""

    def strengths(self, inputs: Inputs) -> Sequence[float]:
        """Return the strength of each row."""
        return inputs.per_row("strength")

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        base = inputs.latent("of")
        found = self.find(build, inputs, base.model)
        part = self._part(build, base.model, found)
        space = _later(base.space, found.space, *(("w+" if part.whole else "s",) if part else ()))
        _check(found, space)
        if found.how == "set" and found.mean is None and build.table(base.model).class_means:
            with blaming("how"):
                raise ValueError(
                    "set needs a mean, and this model has one for each class: take a file that has its own"
                )
        base = build.promote(base, space)
        ranges = part.ranges(space) if part else None
        way = _as_difference(build, found, space, base.model)
        op, means = Move(base.model, ranges), [found.mean] if found.mean is not None else []
        if found.how == "set":
            code = build.emit(MoveTo(base.model, ranges), [base.code, way, *means], self.strengths(inputs))
        else:
            code = build.emit(op, [base.code, way], self.strengths(inputs))
        return replace(base, code=code)

    def _part(self, build: Build, model: str, found: FoundDirections) -> CodePart | None:
        """Return the part of the codes that moves; None if all of it moves."""
        rows = self.rows if self.layers is not None or self.rows is not None else found.rows
        if rows is None and self.layers is None:
            return None
        part = choose(build.table(model), rows, self.layers)
        everything = len(part.w_plus_rows) == build.table(model).num_ws
        return None if everything and self.rows is None and self.layers is None else part


def _check(found: FoundDirections, space: TypeKind) -> None:
    """Check that codes in `space` can move along a direction.

    Raises:
        ValueError: the direction is in z and the codes are in a later space, or `how` is `set` and the codes are in S.
    """
    if found.space == "z" and space != "z":
        raise ValueError(
            "a direction in z moves codes in z, and all layers alike; these codes are in a later space, or only some "
            "layers move: for some layers, move the codes in z, then mix them with the codes before the move"
        )
    if found.how == "set" and space not in ("w", "w+"):
        with blaming("how"):
            raise ValueError(
                f"set reads the coordinate of codes in w or w+, and these are in {space}: move them before they are in "
                "S, and name rows instead of layers; or use how: add"
            )


def _later(*spaces: TypeKind) -> TypeKind:
    return max(spaces, key=SPACES.index)


def _as_difference(build: Build, found: FoundDirections, space: TypeKind, model: str) -> Operand:
    """Convert a difference of codes to a later space, through affine layers without biases."""
    if found.space == space:
        return found.code
    if space == "w+":
        return build.emit(Repeat(model, build.table(model).num_ws), [found.code])
    return build.emit(Slope(model, build.table(model).style_length), [found.code])
