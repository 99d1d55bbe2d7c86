"""Shared code of the spatial nodes: amounts in fractions or pixels, and edits of each kind of value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from fgraph._geometry import Edit, fraction
from fgraph._ports import LayerSet
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.margins import activation_margin, canvas_size
from fgraph.lowering.planes import move_planes, on_plane
from fgraph.lowering.spatial import edit_features, edit_masks, edit_tensor
from fgraph.lowering.values import Features, Image, Mapped, Mask, Parts, Tensor, Value

Unit = Literal["fraction", "pixel"]
MakeEdits = Callable[["Ruler"], Sequence[Edit]]


def _as_amount(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise ValueError(f"an amount is a number, or a ratio such as '1/3', not {value!r}")
    fraction(value)  # raises a ValueError
    return value


Amount = Annotated[float | str, BeforeValidator(_as_amount)]


class Ruler:
    """A converter of amounts to exact fractions of the edited canvas."""

    def __init__(self, unit: Unit, pixels: tuple[int, int] | None) -> None:
        self._unit = unit
        self._pixels = pixels

    def vertical(self, amount: Amount) -> Fraction:
        """Return a vertical amount as a fraction of the canvas height."""
        return self._scaled(amount, 0)

    def horizontal(self, amount: Amount) -> Fraction:
        """Return a horizontal amount as a fraction of the canvas width."""
        return self._scaled(amount, 1)

    def _scaled(self, amount: Amount, axis: int) -> Fraction:
        if self._unit == "fraction":
            return fraction(amount)
        if self._pixels is None:
            raise ValueError("a mask has no size in pixels: use unit: fraction")
        return fraction(amount) / self._pixels[axis]


def edit_value(build: Build, inputs: Inputs, unit: Unit, make: MakeEdits) -> Value:
    """Return the value on port `of` after one edit per row."""
    value = inputs.value("of")
    if isinstance(value, Mask):
        return Mask(edit_masks(value.exprs, make(Ruler(unit, None))))
    if isinstance(value, Image):
        pixels = edit_tensor(build, value.pixels, make(Ruler(unit, (value.height, value.width))))
        return Image(pixels, *build.type_of(pixels).size)
    features = inputs.as_features(value)
    return edit_features(build, features, make(_ruler_of(build, features, unit)))


def map_layers(build: Build, inputs: Inputs, make: MakeEdits, *, unit: Unit, layers: LayerSet, parts: Parts) -> Value:
    """Return the pass on port `of` with each output of `layers` changed by a same-size edit; `here` edits at the pause.

    Raises:
        ValueError: layers are named and the value is not a pass, or parts are named at the pause.
    """
    if layers.is_here:
        if parts != "both":
            raise ValueError("with layers: here, all of the features move: leave parts out, or name layers")
        return edit_value(build, inputs, unit, make)
    value = inputs.value("of")
    if isinstance(value, Mask | Image):
        raise ValueError("layers belong to Features: a mask or an image has none")
    features = inputs.as_features(value)
    with blaming("layers"):
        chosen = layers.resolve(build.table(features.model), features.layer)
    return map_features(build, features, tuple(make(_ruler_of(build, features, unit))), chosen, parts)


def map_features(
    build: Build, features: Features, edits: tuple[Edit, ...], chosen: frozenset[int], parts: Parts
) -> Features:
    """Return a pass whose outputs at some layers, and whose state at one of them, change by one edit per row."""
    if on_plane(build, features):
        moved = move_planes(build, features, edits) if features.layer in chosen and parts != "skip" else features
        return replace(moved, carrier=Mapped(moved.carrier, edits, chosen, parts))
    mapped = replace(features, carrier=Mapped(features.carrier, edits, chosen, parts))
    if features.layer not in chosen:
        return mapped
    margin = activation_margin(build.table(features.model), features)

    def edited(name: Tensor) -> Any:
        operand = getattr(features, name)
        if operand is None or parts not in ("both", name):
            return operand
        return edit_tensor(build, operand, edits, margin=margin if name == "activation" else (0, 0))

    return replace(mapped, activation=edited("activation"), skip=edited("skip"))


def _ruler_of(build: Build, features: Features, unit: Unit) -> Ruler:
    return Ruler(unit, canvas_size(build, features))
