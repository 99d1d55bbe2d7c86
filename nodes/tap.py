"""`tap`: a forward pass, paused after a layer."""

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
    """A pass that is paused after a layer. It starts from codes, or continues from an earlier pause."""

    op: Literal["tap"] = "tap"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort = Field(description="codes, which start a pass, or a paused pass to continue")
    layer: LayerName = Field(
        "const", description="the layer of the pause, its σ index, or a block such as b8 for its last layer"
    )
    model: str | None = Field(None, description="the model; default: the model of the codes")
    noise: Noise | None = Field(None, description="the noise of this pass; default: the graph's")

    def lower(self, build: Build, inputs: Inputs) -> Features:
        value = inputs.value("of")
        if isinstance(value, Latent):
            features = inputs.pause(value, self.model, self.noise)
        else:
            features = inputs.as_features(value)
            if self.model is not None or self.noise is not None:
                raise ValueError(
                    "model and noise belong to the start of a pass, and this pass has started: set them at the node "
                    "that starts it"
                )
        with blaming("layer"):
            return advance(build, features, build.table(features.model).pause(self.layer))
