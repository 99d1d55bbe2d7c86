"""`align`: the pose of one code for another."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from fgraph._ports import Kind, LayerSet
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import LatentPort, Node
from nodes._splice import splice

Reading = Literal["paper", "code", "code_with_slip"]
_SIGMA: dict[Reading, str] = {"code": "0..3", "code_with_slip": "1..3"}


class Align(Node):
    """The codes of `of` with the coarse styles of `to`, so that both have the same pose.

    The paper (SOAT, section 4.6) takes the first 2,048 entries of W+: rows 0..3, which feed σ 0 to 5. The published
    program takes σ 1 to 3 in face mode, and omits σ 0 by mistake. The reading `code` takes σ 0 as well.
    """

    op: Literal["align"] = "align"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes whose pose changes")
    to: LatentPort = Field(description="the codes that give the pose")
    reading: Reading = Field(
        "paper", description="the styles taken; paper: W+ rows 0..3; code: σ 0..3; code_with_slip: σ 1..3, as published"
    )
    rows: str | None = Field(None, description="instead of reading: the W+ rows taken from `to`, such as 0..1")
    layers: LayerSet | None = Field(None, description="instead of reading: the layers, by name or σ index")

    @model_validator(mode="after")
    def _one_way(self) -> Align:
        names = [name for name in ("reading", "rows", "layers") if name in self.model_fields_set]
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of reading, rows and layers, not {' and '.join(given)}")
        return self

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        rows, layers = self.rows, self.layers
        if rows is None and layers is None:
            rows = "0..3" if self.reading == "paper" else None
            layers = None if self.reading == "paper" else LayerSet(_SIGMA[self.reading])
        return splice(build, inputs.latent("of"), inputs.latent("to"), rows, layers)
