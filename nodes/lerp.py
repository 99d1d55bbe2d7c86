"""`lerp`: linear interpolation of codes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.ops import Lerp as LerpOp
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import LatentPort, Node, PerRow


class Lerp(Node):
    """Linear interpolation and extrapolation of codes: a + t (b - a)."""

    op: Literal["lerp"] = "lerp"
    produces: ClassVar[Kind] = Kind.LATENT

    a: LatentPort = Field(description="the codes at t = 0")
    b: LatentPort = Field(description="the codes at t = 1")
    t: PerRow[float] = Field(0.5, description="the position: 0 is a, 1 is b")
    space: Literal["z", "w", "w+", "s"] = Field(
        "w", description="the space of the interpolation, unless a or b is in a later space"
    )

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        a, b = build.together(inputs.latent("a"), inputs.latent("b"), self.space)
        return replace(a, code=build.emit(LerpOp(a.model), [a.code, b.code], inputs.per_row("t")))
