"""`restyle`: a paused pass with another carrier."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import on_plane, only_planes
from fgraph.lowering.values import Features
from fgraph.node import FeaturesPort, LatentPort, Node, Noise


class Restyle(Node):
    """A paused pass with the same state and other codes, or another model, for the remaining layers."""

    op: Literal["restyle"] = "restyle"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort = Field(description="the paused pass")
    latent: LatentPort = Field(description="the codes of the remaining layers")
    model: str | None = Field(None, description="the model of the remaining layers; default: the model of the codes")
    noise: Noise | None = Field(None, description="the noise from here on; default: the graph's")

    def lower(self, build: Build, inputs: Inputs) -> Features:
        features = inputs.features("of")
        run = inputs.carrier(inputs.latent("latent"), self.model, self.noise)
        if not build.table(run.model).same_shape(build.table(features.model)):
            raise ValueError(
                f"model '{run.model}' cannot continue a pass of '{features.model}', because their layers differ: "
                f"give a latent of '{features.model}'"
            )
        if on_plane(build, features):
            with blaming("of"):
                run = replace(run, planes=only_planes(features))
        return replace(features, carrier=run, model=run.model)
