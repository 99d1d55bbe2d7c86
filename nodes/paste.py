"""`paste`: edited crops back in their photographs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph import masks
from fgraph._ports import Kind
from fgraph.ir.ops import Distance, Patch
from fgraph.ir.program import Operand
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image, MaskExprs, Photograph
from fgraph.masks import MaskExpr
from fgraph.node import ImagePort, LatentPort, MaskPort, Node
from fgraph.photographs import Blending, Pasting

Rim = Annotated[float, Field(ge=0, le=0.25)]


class Paste(Node):
    """Edited crops pasted back into the photographs that a `photo` node cut them from.

    The result has the size of the photograph, and every pixel outside the mask keeps its bits. By default only the
    difference between the edited crop and `inverted` is added, so that what the inversion lost stays in the photograph.
    Several faces of one photograph are pasted into the same result. See docs/how-to/photographs.md.
    """

    op: Literal["paste"] = "paste"
    produces: ClassVar[Kind] = Kind.PHOTOGRAPH

    of: ImagePort = Field(description="the edited crops")
    onto: ImagePort = Field(description="the `photo` node that the crops came from")
    inverted: ImagePort | None = Field(None, description="for blend difference: the inverted crops, before the edit")
    code: LatentPort | None = Field(
        None, description="the codes of the inverted crops; the report gives their distance from the codes of samples"
    )
    mask: MaskPort | None = Field(None, description="1 where a crop is pasted; default: everywhere")
    blend: Blending = Field(
        "difference",
        description="difference adds what the edit changed; replace puts the crop over the photograph; poisson joins "
        "the crop without a seam (extra poisson)",
    )
    erode: Rim = Field(0.05, description="the rim of a crop that is left out, as a fraction of its shorter side")
    feather: Rim = Field(
        0.05,
        description="the width of the fade from 0 to 1 inside the rim, as a fraction of the shorter side of the crop",
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Paste:
        if self.blend == "difference" and self.inverted is None:
            raise ValueError(
                "inverted: blend difference adds the difference to the inverted crop, which is missing: name the node "
                "that decodes the code before the edit, or use blend: replace"
            )
        return self

    def lower(self, build: Build, inputs: Inputs) -> Photograph:
        of, onto = inputs.image("of"), inputs.image("onto")
        if len(onto.crops) != onto.rows:
            raise ValueError("onto: these images are not crops of photographs: name a `photo` node")
        inverted = inputs.image("inverted") if inputs.has("inverted") else None
        for image in (of, inverted):
            if image is not None:
                _check_fits(build, image, onto)
        exprs = inputs.mask("mask").exprs if inputs.has("mask") else None
        alpha = build.draw(self._masks(exprs, onto), onto.height, onto.width)
        before = [inverted.pixels] if inverted is not None and self.blend == "difference" else []
        patch = build.emit(Patch(self.blend), [of.pixels, *before, alpha])
        facts: dict[str, Operand] = {}
        if inverted is not None:  # the report needs the inverted crops
            facts |= {"crop": onto.pixels, "inverted": inverted.pixels}
        if inputs.has("code"):
            code = inputs.latent("code")
            found = build.promote(code, "w") if code.space == "z" else code
            facts["distance"] = build.emit(Distance(code.model, found.space), [found.code])
        return Photograph({"patch": patch, **facts}, Pasting(self.blend, onto.crops))

    def _masks(self, exprs: MaskExprs | None, onto: Image) -> MaskExprs:
        """Return the mask of each row: the given mask, limited to the crop without its rim."""
        rim = self._rim(onto.height, onto.width)
        if exprs is None:
            return (rim,) * onto.rows
        known = {mask: masks.product(mask, rim) for mask in dict.fromkeys(exprs)}
        return tuple(known[mask] for mask in exprs)

    def _rim(self, height: int, width: int) -> MaskExpr:
        """Return the mask of a crop without its rim: a product of ramps from each side."""
        sides: list[MaskExpr] = []
        for axis, length in (("x", width), ("y", height)):
            share = min(height, width) / length
            start, stop = self.erode * share, (self.erode + self.feather) * share
            if stop > 0:
                up = masks.Ramp(axis, start, stop, "centre")  # type: ignore[arg-type]
                down = masks.complement(masks.Ramp(axis, 1 - stop, 1 - start, "centre"))  # type: ignore[arg-type]
                sides += [up, down]
        rim: MaskExpr = masks.Constant(1.0)
        for side in sides:
            rim = masks.product(rim, side)
        return rim


def _check_fits(build: Build, image: Image, onto: Image) -> None:
    shapes = [(build.type_of(one.pixels).shape[0], one.height, one.width) for one in (image, onto)]
    if shapes[0] != shapes[1]:
        (channels, *size), (wanted, *expected) = shapes
        raise ValueError(
            f"the images have {size[0]} x {size[1]} pixels and {channels} channels, the crops {expected[0]} x "
            f"{expected[1]} and {wanted}: give the photo node the size of the images"
        )
