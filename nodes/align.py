"""`align`: the pose of one code given to another."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind, LayerSet
from fgraph.ir.build import Build
from fgraph.ir.inputs import Inputs
from fgraph.ir.values import Latent
from fgraph.node import LatentPort, Node
from nodes._splice import splice


class Align(Node):
    """The codes of `of`, wearing the coarse codes of `to`, so that both have one pose.

    The paper's reading is the first 2048 dimensions of W+, rows 0..3 (SOAT, section 4.6); `layers` says another.
    """

    op: Literal["align"] = "align"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes that change their pose")
    to: LatentPort = Field(description="the codes whose pose is taken")
    rows: str | None = Field(None, description="the W+ rows taken from `to`; absent, and no layers: 0..3")
    layers: LayerSet | None = Field(None, description="instead of rows: layers, by name or σ index")

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        rows = "0..3" if self.rows is None and self.layers is None else self.rows
        return splice(build, inputs.latent("of"), inputs.latent("to"), rows, self.layers)
