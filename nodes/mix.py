"""`mix`: style mixing."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind, LayerSet
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import LatentPort, Node
from nodes._splice import splice


class Mix(Node):
    """Style mixing: the codes of `a` with the styles of `b` at some layers (Karras et al. 2019, section 3.1)."""

    op: Literal["mix"] = "mix"
    produces: ClassVar[Kind] = Kind.LATENT

    a: LatentPort = Field(description="the codes for the other layers")
    b: LatentPort = Field(description="the codes for `layers` or `rows`")
    layers: LayerSet | None = Field(None, description="the layers, by name or σ index, that take the styles of b")
    rows: str | None = Field(None, description="instead of layers: the W+ rows that are taken from b, such as 4..")

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        return splice(build, inputs.latent("a"), inputs.latent("b"), self.rows, self.layers)
