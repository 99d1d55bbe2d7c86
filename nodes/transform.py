"""`transform`: a picture rotated, scaled and shifted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph._geometry import Transform as Turn
from fgraph._geometry import fraction
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described, edit_plane, on_plane
from fgraph.lowering.values import Features, Image, Mask, Value
from fgraph.masks import turned
from fgraph.node import Node, PerRow, SpatialPort
from nodes._spatial import Amount, Ruler, Unit


class Transform(Node):
    """A picture rotated and scaled about the centre of its canvas, then shifted, by other positions on the plane.

    The input is a StyleGAN3 pass that has not run yet: codes, or a pass paused at `const`. The node is `--rotate` and
    `--translate` of NVlabs. Apart from the content at the edges, model R draws the same picture rotated, and R and T
    draw the same picture shifted. Masks of the pass, or a mask alone, are transformed too.
    """

    op: Literal["transform"] = "transform"

    of: SpatialPort = Field(description="the codes or the pass of a StyleGAN3 model, or a mask")
    rotate: PerRow[Amount] = Field(0.0, description="degrees, counter-clockwise")
    scale: PerRow[Amount] = Field(1.0, description="2 doubles all sizes; below 1, frequencies beyond the band fade")
    dx: PerRow[Amount] = Field(0.0, description="to the right, as a fraction of the canvas or in pixels of the image")
    dy: PerRow[Amount] = Field(0.0, description="down, likewise")
    unit: Unit = Field("fraction", description="the unit of dx and dy")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        value = inputs.value("of")
        if isinstance(value, Image):
            with blaming("of"):
                raise ValueError(
                    "transform turns what is not drawn yet, codes or their pass at const; this is an image"
                )
        if isinstance(value, Mask):
            turns = self._turns(inputs, None)
            pairs = zip(value.exprs, turns, strict=True)
            return Mask(tuple(turned(field, turn) for field, turn in pairs))
        features = inputs.as_features(value)
        with blaming("of"):
            _check(build, features)
        pixels = features.canvas.pixels(build.table(features.model).size)
        return edit_plane(build, features, self._turns(inputs, pixels))

    def _turns(self, inputs: Inputs, pixels: tuple[int, int] | None) -> list[Turn]:
        ruler = Ruler(self.unit, pixels)
        names = ("rotate", "scale", "dy", "dx")
        rows = list(zip(*(inputs.per_row(name) for name in names), strict=True))
        known = {
            row: Turn(fraction(row[0]), fraction(row[1]), ruler.down(row[2]), ruler.along(row[3])) for row in set(rows)
        }
        return [known[row] for row in rows]


def _check(build: Build, features: Features) -> None:
    table = build.table(features.model)
    if not table.is_stylegan3:
        raise ValueError(
            f"transform samples the plane that a StyleGAN3 model starts from; {described(features.model, table)} is a "
            "StyleGAN2, which starts from a constant: use shift, flip or resize, or another model"
        )
    if not on_plane(build, features):
        raise ValueError(
            f"transform finds a pass of {described(features.model, table)} paused at "
            f"{table.at(features.layer).name}, where the plane has been sampled: transform the codes, or the pass at "
            "const"
        )
