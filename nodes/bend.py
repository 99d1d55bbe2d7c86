"""`bend`: network bending, in several kinds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from fgraph._geometry import fraction
from fgraph._ports import Kind, LayerSet
from fgraph.ir import bendings
from fgraph.ir.bendings import ChosenChannels, parse_channels
from fgraph.lowering.advance import applies
from fgraph.lowering.bend import bend_tensor
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described, on_plane
from fgraph.lowering.values import Features, Mapped, Tensor
from fgraph.node import FeaturesPort, Node, PerRow
from fgraph.stylegan.tables.base import CONST, Layer, Table
from nodes._spatial import Amount

ChannelNumber = Annotated[int, Field(ge=0, le=99_999)]
Share = Annotated[float, Field(ge=0, le=1)]
About = Literal["centre", "published"]


class Bend(Node):
    """The base of all kinds of bending: a transform of some channels of some layers.

    A bend changes all channels, named ones, a random share, or a group with similar activations (Broad, Leymarie &
    Grierson 2021). Other channels do not change. To bend a part of the picture, use `blend` with a mask.
    """

    op: Literal["bend"] = "bend"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort = Field(description="the pass that is bent")
    layers: LayerSet = Field(description="the layers whose outputs are bent, such as b16.conv1 or b8..b32")
    channels: str | ChannelNumber = Field("all", description="all, or numbers and ranges, such as 0,3..9")
    fraction: PerRow[Share] | None = Field(
        None, description="instead of channels: a random share of each layer's channels, drawn by `seed`"
    )
    seed: PerRow[Annotated[int, Field(ge=0, le=2**32 - 1)]] | None = Field(
        None, description="the seed of fraction; default: derived from the graph's seed and the node's id"
    )
    cluster: PerRow[Annotated[int, Field(ge=0, lt=4096)]] | None = Field(
        None,
        description="instead of channels: a group of each layer's channels with similar activations; 0 is the largest",
    )
    clusters: int = Field(4, ge=1, le=4096, description="the number of groups")
    parts: Literal["both", "activation", "skip"] = Field(
        "activation",
        description="the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both",
    )

    @abstractmethod
    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        """Return the transform of each row."""

    @field_validator("channels")
    @classmethod
    def _check_channels(cls, value: str | int) -> str | int:
        parse_channels(str(value))
        return value

    @model_validator(mode="after")
    def _one_choice(self) -> Bend:
        given = [name for name in ("fraction", "cluster") if getattr(self, name) is not None]
        if parse_channels(str(self.channels)) is not None:
            given.append("channels")
        if len(given) > 1:
            raise ValueError(f"channels are chosen in one way, not by {' and '.join(given)}")
        if any(one is not None and one >= self.clusters for one in self.per_row_fields()["cluster"]):
            raise ValueError(
                f"cluster is above {self.clusters - 1}, the last of clusters={self.clusters}; the first is 0"
            )
        return self

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self.fraction is None, self.cluster is None)

    def lower(self, build: Build, inputs: Inputs) -> Features:
        features = inputs.features("of")
        table = build.table(features.model)
        self._check_kind(build, features.model)
        with blaming("layers"):
            layers = self.layers.resolve(table, features.layer)
            if on_plane(build, features):
                _check_plane(build, features, layers)
                layers -= {CONST}
        # the layers that made the tensors of the state, which are bent at the pause
        paused = {
            name: _maker(table, features.layer, name)
            for name in _TENSORS
            if getattr(features, name) is not None and applies(layers, self.parts, features.layer, name)
        }
        later_layers = [table.at(index) for index in sorted(layers) if self.parts in ("both", table.at(index).tensor)]
        self._check_layers([*paused.values(), *later_layers])
        moves = tuple(map(bendings.Bend, self.transforms(inputs), self._chosen(inputs, features.model)))
        bent: dict[str, Any] = {
            name: bend_tensor(build, getattr(features, name), moves, layer, features.canvas)
            for name, layer in paused.items()
        }
        return replace(features, carrier=Mapped(features.carrier, moves, layers, self.parts), **bent)

    def _check_kind(self, build: Build, model: str) -> None:
        if self.cluster is not None and (table := build.table(model)).is_stylegan3:
            with blaming("cluster"):
                raise ValueError(
                    f"clusters are found for StyleGAN2 only, and {described(model, table)} is not one: choose "
                    "channels by number or by fraction"
                )

    def _check_layers(self, bent: list[Layer]) -> None:
        with blaming("layers"):
            if not bent:
                raise ValueError(
                    f"no layer among '{self.layers.text}' makes the tensors that parts: {self.parts} names"
                )
            if self.cluster is not None and (other := [one.name for one in bent if one.kind != "conv"]):
                raise ValueError(
                    f"clusters are of the channels of convolutions; {', '.join(other)} is not a convolution"
                )
        least = min(bent, key=lambda one: one.out_channels)
        numbers = parse_channels(str(self.channels))
        with blaming("channels"):
            if numbers is not None and numbers[-1] >= least.out_channels:
                raise ValueError(
                    f"channel {numbers[-1]} does not exist at {least.name}, which has 0 to {least.out_channels - 1}"
                )
        with blaming("clusters"):
            if self.cluster is not None and self.clusters > least.out_channels:
                raise ValueError(
                    f"{least.name} has {least.out_channels} channels, too few for {self.clusters} clusters"
                )

    def _chosen(self, inputs: Inputs, model: str) -> list[ChosenChannels]:
        if self.fraction is not None:
            seeds = [
                seed
                for member in inputs.members
                for seed in _broadcast(member.seeds(member.node.seed), member.slot.rows)
            ]
            return [
                ChosenChannels(fraction=one, seed=seed)
                for one, seed in zip(inputs.per_row("fraction"), seeds, strict=True)
            ]
        if self.cluster is not None:
            return [ChosenChannels(cluster=(model, self.clusters, one)) for one in inputs.per_row("cluster")]
        return [ChosenChannels(parse_channels(str(self.channels)))] * inputs.rows


_TENSORS: tuple[Tensor, ...] = ("activation", "skip")


def _check_plane(build: Build, features: Features, layers: frozenset[int]) -> None:
    """Check the layers for a pass that is paused at a plane, which has no channels to bend."""
    if layers <= {CONST}:
        raise ValueError(
            f"{described(features.model, build.table(features.model))} has no channels to bend at const, only a plane: "
            "tap it at input, or name layers from input on"
        )


def _maker(table: Table, layer: int, tensor: Tensor) -> Layer:
    """Return the last layer, up to this one, that made a tensor of the state."""
    return next(one for one in reversed(table.layers[: layer + 2]) if one.tensor == tensor)


def _broadcast(values: tuple[int, ...], rows: int) -> tuple[int, ...]:
    return values * rows if len(values) == 1 else values


class ScaleBend(Bend):
    """Channels scaled about the centre. If they become smaller, zeros fill the border."""

    kind: Literal["scale"] = "scale"
    factor: PerRow[Annotated[float, Field(gt=0)]] = Field(1.0, description="2 is twice as large")
    about: About = Field(
        "centre",
        description="the fixed point: the centre, or as published: pixel n/2, half a pixel right of the centre and "
        "below it",
    )

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Scale(one, self.about) for one in inputs.per_row("factor")]


class RotateBend(Bend):
    """Channels rotated about the centre, with zeros at the corners."""

    kind: Literal["rotate"] = "rotate"
    degrees: PerRow[float] = Field(0.0, description="the angle in degrees, counter-clockwise")
    about: About = Field(
        "centre",
        description="the fixed point: the centre, or as published: pixel n/2, half a pixel right of the centre and "
        "below it",
    )

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Rotate(one, self.about) for one in inputs.per_row("degrees")]


class TranslateBend(Bend):
    """Channels shifted, with zeros at the edge. On a wrapped axis, they wrap."""

    kind: Literal["translate"] = "translate"
    dx: PerRow[Amount] = Field(0.0, description="to the right")
    dy: PerRow[Amount] = Field(0.0, description="down")
    unit: Literal["fraction", "pixel"] = Field(
        "fraction",
        description="the unit of dx and dy: fractions of the canvas, as published, or pixels of each layer's map",
    )

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        amounts = zip(inputs.per_row("dy"), inputs.per_row("dx"), strict=True)
        return [bendings.Translate(fraction(dy), fraction(dx), self.unit) for dy, dx in amounts]


class FlipBend(Bend):
    """Channels mirrored."""

    kind: Literal["flip"] = "flip"
    axis: Literal["x", "y"] = Field("x", description="x swaps left and right (published: flip-h), y top and bottom")

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Mirror(self.axis)] * inputs.rows


class ErodeBend(Bend):
    """The minimum within a disc, which makes bright forms thinner."""

    kind: Literal["erode"] = "erode"
    radius: PerRow[Annotated[int, Field(ge=0, le=64)]] = Field(
        1, description="the radius of the disc, in pixels of the layer"
    )

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Erode(one) for one in inputs.per_row("radius")]


class DilateBend(Bend):
    """The maximum within a disc, which makes bright forms thicker."""

    kind: Literal["dilate"] = "dilate"
    radius: PerRow[Annotated[int, Field(ge=0, le=64)]] = Field(
        1, description="the radius of the disc, in pixels of the layer"
    )

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Dilate(one) for one in inputs.per_row("radius")]


class ThresholdBend(Bend):
    """1 where a channel is above a value, otherwise 0."""

    kind: Literal["threshold"] = "threshold"
    value: PerRow[float] = Field(0.5, description="the threshold; published: -1 to 1")

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Threshold(one) for one in inputs.per_row("value")]


class MultiplyBend(Bend):
    """Channels multiplied by a factor."""

    kind: Literal["multiply"] = "multiply"
    factor: PerRow[float] = Field(1.0, description="0 ablates; a negative factor changes the sign")

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Multiply(one) for one in inputs.per_row("factor")]


class AblateBend(Bend):
    """Channels set to 0."""

    kind: Literal["ablate"] = "ablate"

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Multiply(0.0)] * inputs.rows


class InvertBend(Bend):
    """Channels inverted: 1 - x, as published."""

    kind: Literal["invert"] = "invert"

    def transforms(self, inputs: Inputs) -> list[bendings.Transform]:
        return [bendings.Invert()] * inputs.rows


BENDS: tuple[type[Bend], ...] = (
    ScaleBend, RotateBend, TranslateBend, FlipBend, ErodeBend, DilateBend, ThresholdBend, MultiplyBend, AblateBend,
    InvertBend,
)  # fmt: skip
