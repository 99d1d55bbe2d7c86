"""`tap`: a forward pass, run to a layer and paused there."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind, LayerName
from fgraph.lowering.advance import advance
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Features, Latent
from fgraph.node import FeaturesPort, Node, Noise


class Tap(Node):
    """Starts a pass and pauses it after a layer, or moves a paused one on."""

    op: Literal["tap"] = "tap"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort = Field(description="codes, which start a pass, or a paused pass to move on")
    layer: LayerName = Field(
        "const", description="where to pause: a layer, its σ index, or a block such as b8 for its end"
    )
    model: str | None = Field(None, description="the model that runs; absent: the one the codes belong to")
    noise: Noise | None = Field(None, description="the noise of this pass; absent: the graph's")

    def lower(self, build: Build, inputs: Inputs) -> Features:
        value = inputs.value("of")
        if isinstance(value, Latent):
            features = inputs.pause(value, self.model, self.noise)
        else:
            features = inputs.as_features(value)
            if self.model is not None or self.noise is not None:
                raise ValueError("model and noise are given where a pass starts; this one is under way")
        with blaming("layer"):
            return advance(build, features, build.table(features.model).pause(self.layer))
