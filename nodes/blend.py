"""`blend`: feature interpolation."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from fgraph._ports import LayerSet
from fgraph.ir.program import Operand
from fgraph.lowering.advance import mix
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.images import blend_images
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.margins import activation_margin
from fgraph.lowering.planes import described, on_plane
from fgraph.lowering.values import Blend as BlendCarrier
from fgraph.lowering.values import Features, Image, MaskExprs, Tensor, Value
from fgraph.node import MaskPort, Node, PicturePort
from fgraph.stylegan.tables.base import CONST


class Blend(Node):
    """Feature interpolation: (1 - α) a + α b at every layer, both run on the same mixed trunk (SOAT, equation 3).

    If the layer of the pause is in `layers`, the states are mixed too. Everything else comes from a. Two Images are
    mixed pixel by pixel.
    """

    op: Literal["blend"] = "blend"

    a: PicturePort = Field(description="the pass, or the image, that is visible where α is 0")
    b: PicturePort = Field(
        description="the pass that is visible where α is 1, paused at the same layer, on the same canvas; or an image "
        "of the same size"
    )
    mask: MaskPort = Field(description="α: 0 shows a, 1 shows b")
    layers: LayerSet = Field(
        LayerSet("all"),
        description="the layers that are mixed; at the others, the result comes from a; `here`: only the pause",
    )
    parts: Literal["both", "activation", "skip"] = Field("both", description="the tensors that are mixed")

    def lower(self, build: Build, inputs: Inputs) -> Value:
        first, second, alpha = inputs.value("a"), inputs.value("b"), inputs.mask("mask").exprs
        if isinstance(first, Image) or isinstance(second, Image):
            return self._blend_images(build, first, second, alpha)
        a, b = inputs.as_features(first), inputs.as_features(second)
        check_pair(build, a, b)
        with blaming("layers"):
            layers = self.layers.resolve(build.table(a.model), a.layer)
            if on_plane(build, a):
                _check_plane(build, a, layers)
        return blend_features(build, a, b, BlendCarrier(a.carrier, b.carrier, alpha, layers, self.parts))

    def _blend_images(self, build: Build, a: Value, b: Value, alpha: MaskExprs) -> Image:
        if not (isinstance(a, Image) and isinstance(b, Image)):
            raise ValueError("a and b must be of one kind: both passes, or both Images; decode the pass")
        for field in ("layers", "parts"):
            if getattr(self, field) != type(self).model_fields[field].default:
                with blaming(field):
                    raise ValueError(f"{field} belong to passes: an image has none")
        return blend_images(build, a, b, alpha)


def _check_plane(build: Build, a: Features, layers: frozenset[int]) -> None:
    """Check the layers for passes that are paused at a plane: each samples its own plane, and the samples are mixed."""
    if layers <= {CONST}:
        raise ValueError(
            f"{described(a.model, build.table(a.model))} has no features to mix at const, only a plane: tap both at "
            "input, or name layers from input on"
        )


def blend_features(build: Build, a: Features, b: Features, carrier: BlendCarrier) -> Features:
    """Return the pass with the carrier of a blend; mix the states if the carrier mixes the layer of the pause."""
    acts = a.layer in carrier.layers and not on_plane(build, a)

    def state(name: Tensor, first: Operand | None, other: Operand | None) -> Operand | None:
        if first is None or other is None or not acts or carrier.parts not in ("both", name):
            return first
        margin = activation_margin(build.table(a.model), a) if name == "activation" else (0, 0)
        return mix(build, [first, other], [carrier.beta, carrier.alpha], margin)

    activation = state("activation", a.activation, b.activation)
    assert activation is not None
    skip = state("skip", a.skip, b.skip)
    return replace(a, activation=activation, skip=skip, carrier=carrier)


def check_pair(build: Build, a: Features, b: Features) -> None:
    """Check that two passes can be mixed.

    Raises:
        ValueError: their layers, their positions or their canvases differ.
    """
    table = build.table(a.model)
    if not table.same_shape(build.table(b.model)):
        raise ValueError(
            f"a belongs to model '{a.model}' and b to '{b.model}', whose layers differ in size or channels"
        )
    if a.layer != b.layer:
        names = table.at(a.layer).name, table.at(b.layer).name
        raise ValueError(f"a is paused at {names[0]} and b at {names[1]}: tap both at one layer")
    if a.canvas != b.canvas:
        raise ValueError(
            f"a covers a canvas of {a.canvas} and b one of {b.canvas} (height x width, in images): edit both alike"
        )
