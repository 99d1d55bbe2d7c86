"""`mask`: masks, in several kinds."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph import _limits, masks
from fgraph._imaging.finding import locate
from fgraph._ports import Kind
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Mask as MaskValue
from fgraph.masks import MaskExpr
from fgraph.node import FILE, Data, MaskPort, Node, PerRow
from nodes._faces import FaceRegion, Framing, face_region

Fraction = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]
Size = Annotated[int, Field(ge=1, le=_limits.SIDE)]
Raster = Annotated[int, Field(ge=1, le=2048)]
Sigma = Annotated[float, Field(ge=0, le=256)]


class Mask(Node):
    """The base of all kinds of masks, which are drawn, then feathered, inverted, and scaled by alpha.

    A mask has the canvas of the node that reads it, and is drawn at the size of each layer. 0 is black.
    """

    op: Literal["mask"] = "mask"
    produces: ClassVar[Kind] = Kind.MASK

    feather: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.0, description="σ of a Gaussian blur, as a fraction of the shorter side of the canvas"
    )
    invert: Data[bool] = Field(False, description="1 becomes 0 and 0 becomes 1")
    alpha: PerRow[Fraction] = Field(1.0, description="a factor of the mask; a list gives one per row")

    @abstractmethod
    def draw(self, row: int) -> MaskExpr:
        """Return the shape of a row."""

    def finished(self, row: int) -> MaskExpr:
        """Return the mask of a row, with the shared options applied."""
        return self.finish(self.draw(row), row)

    def finish(self, drawn: MaskExpr, row: int) -> MaskExpr:
        """Return a shape with the shared options applied."""
        feather, alpha = self.of_row("feather", row), self.of_row("alpha", row)
        return masks.finish(drawn, feather=feather, invert=self.invert, alpha=alpha)

    def of_row(self, name: str, row: int) -> Any:
        """Return the value of a per-row field for a row; a single value applies to every row."""
        values = self.rows_of(name)
        return values[min(row, len(values) - 1)]  # the row count of the node reports unequal lengths

    @model_validator(mode="after")
    def _check(self) -> Mask:
        for row in range(max(map(len, self.per_row_fields().values()))):
            self.draw(row)  # raises here, where the place of the node is known
        return self

    def static_key(self) -> tuple[Any, ...]:
        return ("mask",)  # masks are data: any two stack

    def lower(self, build: Build, inputs: Inputs) -> MaskValue:
        members = ((member.node, row) for member in inputs.members for row in range(member.slot.rows))
        known: dict[MaskExpr, MaskExpr] = {}  # equal masks become one object, which is compared once
        return MaskValue(tuple(known.setdefault(mask, mask) for mask in (node.finished(row) for node, row in members)))


class RampMask(Mask):
    """A linear ramp from 0 to 1 along an axis."""

    kind: Literal["ramp"] = "ramp"
    axis: Data[Literal["x", "y"]] = Field("x", description="x rises to the right, y downwards")
    start: PerRow[float] = Field(0.25, description="where the mask rises from 0, as a fraction of the canvas")
    stop: PerRow[float] = Field(0.75, description="where the mask reaches 1, as a fraction of the canvas")
    sampling: Data[Literal["ends", "centre"]] = Field(
        "ends",
        description="ends is the published rule: of n pixels, floor(start n) zeros, a linspace with both ends, "
        "floor((1 - stop) n) ones; centre evaluates the ramp at pixel centres",
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Ramp(self.axis, self.of_row("start", row), self.of_row("stop", row), self.sampling)


class ShapeMask(Mask):
    """The base of drawn shapes, with options for their pixels."""

    grid: Data[Size | None] = Field(
        None, description="count coordinates in N-ths of the canvas; a pixel is inside if its centre is"
    )
    raster: Data[Raster | None] = Field(
        None, description="draw and blur at N x N pixels, then resize to each layer, as published"
    )
    kernel: Data[tuple[Raster, Raster] | None] = Field(
        None, description="with raster: the taps of the blur, (y, x), each odd"
    )
    sigma: Data[tuple[Sigma, Sigma] | None] = Field(
        None, description="with raster: σ of the blur in raster pixels, (y, x)"
    )

    def options(self) -> dict[str, Any]:
        """Return the options for the pixels of the shape."""
        return {"grid": self.grid, "raster": self.raster, "kernel": self.kernel, "sigma": self.sigma}


class BoxMask(ShapeMask):
    """A rectangle."""

    kind: Literal["box"] = "box"
    box: PerRow[tuple[float, float, float, float]] = Field(
        description="x, y, width, height, in fractions of the canvas; a list gives one per row"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Box(self.of_row("box", row), **self.options())


class EllipseMask(ShapeMask):
    """An ellipse with its axes along x and y."""

    kind: Literal["ellipse"] = "ellipse"
    centre: PerRow[Point] = Field(
        (0.5, 0.5), description="x, y of the centre, in fractions of the canvas; a list gives one per row"
    )
    radii: PerRow[Point] = Field(
        (0.25, 0.25), description="the radii along x and y, in fractions of the canvas; a list gives them per row"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Ellipse(self.of_row("centre", row), self.of_row("radii", row), **self.options())


class PolygonMask(ShapeMask):
    """A polygon, filled by the even-odd rule."""

    kind: Literal["polygon"] = "polygon"
    points: PerRow[Annotated[tuple[Point, ...], Field(max_length=_limits.POINTS)]] = Field(
        description="the corners, [x, y] in fractions of the canvas, 3 or more; a list of such lists gives one per row"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Polygon(self.of_row("points", row), **self.options())


class TextMask(Mask):
    """Text in the bundled typeface (DejaVu Sans: Latin, Greek, Cyrillic and other letters)."""

    kind: Literal["text"] = "text"
    text: PerRow[str] = Field(description="the text, which may have several lines; a list gives one per row")
    at: PerRow[Point] = Field((0.5, 0.5), description="x, y of the anchor, in fractions of the canvas")
    anchor: Data[masks.Anchor] = Field("centre", description="the part of the text that is at this place")
    size: PerRow[Annotated[float, Field(gt=0, le=1)]] = Field(
        0.3, description="the height of the font, as a fraction of the height of the canvas"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Lettering(self.of_row("text", row), self.of_row("at", row), self.of_row("size", row), self.anchor)


class FacePartMask(Mask):
    """A part of an aligned face, with soft edges, at its usual position in the framing."""

    kind: Literal["region"] = "region"
    region: Data[FaceRegion] = Field(description="the part; left and right are as seen in the picture")
    framing: Data[Framing] = Field(
        "ffhq", description="ffhq: faces aligned as in FFHQ; avatar: faces of the bundled model"
    )
    feather: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.02, description="σ of a Gaussian blur, as a fraction of the shorter side of the canvas"
    )

    def draw(self, row: int) -> MaskExpr:
        return face_region(self.region, self.framing)


class PictureMask(Mask):
    """A picture stretched over the canvas: white is 1."""

    kind: Literal["image"] = "image"
    path: Data[str] = Field(
        description="an image file; searched beside the graph, in the current directory, among bundled pictures",
        json_schema_extra=FILE,
    )
    channel: Data[Literal["luminance", "alpha", "red", "green", "blue"]] = Field(
        "luminance", description="the channel that is read"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Picture.open(locate(self.path), self.channel)


class ConstantMask(Mask):
    """A constant mask; a list gives a value per row."""

    kind: Literal["constant"] = "constant"
    value: PerRow[Fraction] = Field(1.0, description="α: in a blend, 0 shows a, 1 shows b")

    def draw(self, row: int) -> MaskExpr:
        return masks.Constant(self.of_row("value", row))


class CombinedMask(Mask):
    """Masks combined pixel by pixel, clipped to 0..1."""

    kind: Literal["combine"] = "combine"
    of: Annotated[tuple[MaskPort, ...], Field(min_length=1, max_length=_limits.PARTS)] = Field(description="the masks")
    how: Literal["add", "subtract", "multiply", "max", "min"] = Field(
        "max", description="subtract subtracts all others from the first"
    )

    def draw(self, row: int) -> MaskExpr:
        return masks.Constant(1.0)  # `lower` draws it, when its inputs are known

    def static_key(self) -> tuple[Any, ...]:
        return (type(self), self.how)

    def lower(self, build: Build, inputs: Inputs) -> MaskValue:
        columns = [value.exprs for value in inputs.values("of") if isinstance(value, MaskValue)]
        combined = [masks.combine(self.how, *row) for row in zip(*columns, strict=True)]
        owners = [(member.node, row) for member in inputs.members for row in range(member.slot.rows)]
        return MaskValue(tuple(node.finish(one, row) for one, (node, row) in zip(combined, owners, strict=True)))


MASKS: tuple[type[Mask], ...] = (
    RampMask,
    BoxMask,
    EllipseMask,
    PolygonMask,
    TextMask,
    FacePartMask,
    PictureMask,
    ConstantMask,
    CombinedMask,
)
