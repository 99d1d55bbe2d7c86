"""`transform`: a picture rotated, scaled and shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, model_validator

from fgraph._errors import nearest, show
from fgraph._geometry import Canvas, fraction
from fgraph._geometry import Transform as PlaneTransform
from fgraph._ports import broadcast_rows
from fgraph.array_files.transforms import FileTransform, read_transforms
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described, edit_plane, on_plane
from fgraph.lowering.values import Features, Image, Mask, Value
from fgraph.masks import transformed
from fgraph.node import FILE, Data, Node, PerRow, SpatialPort
from nodes._spatial import Amount, Ruler, Unit


class Transform(Node):
    """A picture rotated and scaled about the centre of its canvas, then shifted, by sampling its plane elsewhere.

    The input is a StyleGAN3 pass that has not run yet: codes, or a pass paused at `const`. The node does what
    `--rotate` and `--translate` do in NVlabs' program. Apart from the content at the edges, model R draws the same
    picture rotated, and R and T draw the same picture shifted. Masks of the pass, or a mask alone, are transformed too.

    `file` is the landmarks_transforms.npy of StyleGAN3-editing. The image then has the placement of the picture `name`.
    """

    op: Literal["transform"] = "transform"

    of: SpatialPort = Field(description="the codes or the pass of a StyleGAN3 model, or a mask")
    rotate: PerRow[Amount] = Field(0.0, description="degrees, counter-clockwise")
    scale: PerRow[Amount] = Field(1.0, description="2 doubles all sizes; below 1, frequencies beyond the band fade")
    dx: PerRow[Amount] = Field(0.0, description="to the right, as a fraction of the canvas or in pixels of the image")
    dy: PerRow[Amount] = Field(0.0, description="down, as a fraction of the canvas or in pixels of the image")
    unit: Unit = Field("fraction", description="the unit of dx and dy")
    file: Data[str | None] = Field(
        None,
        description="instead of rotate, scale, dx and dy: a file of transforms, landmarks_transforms.npy",
        json_schema_extra=FILE,
    )
    name: PerRow[str] | None = Field(
        None,
        description="with file: the name of a picture, or a list with one per row; default: all, in the file's order",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Transform:
        used = [name for name in ("rotate", "scale", "dx", "dy") if name in self.model_fields_set]
        if self.file is not None and used:
            raise ValueError(f"give either file or {', '.join(used)}")
        if self.file is None and self.name is not None:
            raise ValueError("name selects from a file: give file as well")
        return self

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self.file is None)

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        count = super().row_count(rows)
        return count if self.file is None else broadcast_rows([count, len(self.file_transforms())])

    def file_transforms(self) -> Sequence[FileTransform]:
        """Return the transforms of the named pictures, or of all.

        Raises:
            ValueError: the file cannot be read, or has no such picture.
        """
        with blaming("file"):
            found = read_transforms(str(self.file))
        if self.name is None:
            return tuple(found.values())
        names = self.per_row_fields()["name"]
        with blaming("name"):
            for name in names:
                if name not in found:
                    hint = nearest(name, found)
                    raise ValueError(f"there is no picture '{show(name)}'" + (f": {hint}" if hint else ""))
        return tuple(found[name] for name in names)

    def lower(self, build: Build, inputs: Inputs) -> Value:
        value = inputs.value("of")
        if isinstance(value, Image):
            with blaming("of"):
                raise ValueError(
                    "transform takes codes, or a pass at const; this is an image: use shift, flip, crop or resize"
                )
        if isinstance(value, Mask):
            transforms = self._plane_transforms(inputs, None, Canvas())
            pairs = zip(value.exprs, transforms, strict=True)
            return Mask(tuple(transformed(mask, transform) for mask, transform in pairs))
        features = inputs.as_features(value)
        with blaming("of"):
            _check(build, features)
        pixels = features.canvas.pixels(build.table(features.model).size)
        return edit_plane(build, features, self._plane_transforms(inputs, pixels, features.canvas))

    def _plane_transforms(self, inputs: Inputs, pixels: tuple[int, int] | None, canvas: Canvas) -> list[PlaneTransform]:
        if self.file is not None:
            by_member = [_of_file(member.node, member.slot.rows, canvas) for member in inputs.members]
            return [transform for found in by_member for transform in found]
        ruler = Ruler(self.unit, pixels)
        names = ("rotate", "scale", "dy", "dx")
        rows = list(zip(*(inputs.per_row(name) for name in names), strict=True))
        known = {
            row: PlaneTransform(fraction(row[0]), fraction(row[1]), ruler.vertical(row[2]), ruler.horizontal(row[3]))
            for row in set(rows)
        }
        return [known[row] for row in rows]


def _of_file(node: Transform, rows: int, canvas: Canvas) -> Sequence[PlaneTransform]:
    """Return the transforms of the rows of a node. Its file counts distances in images."""
    transforms = [
        PlaneTransform(
            Fraction(one.rotate), Fraction(one.scale), Fraction(one.dy) / canvas.height, Fraction(one.dx) / canvas.width
        )
        for one in node.file_transforms()
    ]
    return transforms * rows if len(transforms) == 1 else transforms


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
