"""Advancing a paused pass: `step` of docs/explanation/architecture.md, lowered to calls and weighted sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fgraph import _limits
from fgraph._geometry import Canvas
from fgraph._geometry.regions import Size
from fgraph.ir.ops import Conv, Filtered, Fourier, Mix, ToRGB, Transplant, Upsample
from fgraph.ir.program import Operand
from fgraph.lowering.bend import map_tensor
from fgraph.lowering.build import Build
from fgraph.lowering.noise import NoiseRows, lower_noise
from fgraph.lowering.planes import plane
from fgraph.lowering.values import (
    Blend,
    Carrier,
    Features,
    Mapped,
    MaskExprs,
    Memoised,
    Mixture,
    Parts,
    Patched,
    Run,
    Tensor,
)
from fgraph.masks import Constant, MaskExpr, with_margin
from fgraph.stylegan.tables.base import Layer
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer

ONE = Constant(1.0)


@dataclass(frozen=True)
class Term:
    """A term of a weighted sum: the output of a leaf carrier, and its alpha."""

    value: Operand
    alpha: MaskExprs | None  # None: 1


def advance(build: Build, features: Features, layer: int) -> Features:
    """Return the pass after `layer` has run.

    Raises:
        ValueError: the pass is already beyond that layer.
    """
    table = build.table(features.model)
    if layer < features.layer:
        raise ValueError(
            f"the pass is paused at {table.at(features.layer).name}, which is after {table.at(layer).name}: "
            "name a later layer"
        )
    for index in range(features.layer + 1, layer + 1):
        features = _run_layer(build, features, table.at(index))
    return features


def _run_layer(build: Build, features: Features, layer: Layer) -> Features:
    canvas = features.canvas
    if isinstance(layer, StyleGAN3Layer):
        return _run_stylegan3(build, features, layer)
    if layer.kind == "conv":
        rows = NoiseRows(canvas, features.keys, features.declared)

        def call(run: Run) -> Operand:
            op = Conv(run.model, _layer_of(build, run, layer), canvas.wrap_x, canvas.wrap_y)
            noise = lower_noise(build, run, layer, rows)
            operands = [features.activation, run.styles, *([noise] if noise else [])]
            return build.emit(op, operands)

        made = _mix(build, _terms(build, features.carrier, layer, call, canvas))
        return replace(features, activation=made, layer=layer.index)
    skip = _grown_skip(build, features, layer)

    def call_rgb(run: Run) -> Operand:
        op = ToRGB(run.model, _layer_of(build, run, layer), canvas.wrap_x, canvas.wrap_y)
        return build.emit(op, [features.activation, run.styles, *([skip] if skip else [])])

    made = _mix(build, _terms(build, features.carrier, layer, call_rgb, canvas))
    return replace(features, skip=made, layer=layer.index)


def _run_stylegan3(build: Build, features: Features, layer: StyleGAN3Layer) -> Features:
    def call(run: Run) -> Operand:
        model_layer = _layer_of(build, run, layer)
        assert isinstance(model_layer, StyleGAN3Layer)
        if layer.kind != "input":
            return build.emit(Filtered(run.model, model_layer), [features.activation, run.styles])
        height, width = (a + b for a, b in zip(features.canvas.pixels(layer.size), layer.margin, strict=True))
        op = Fourier(run.model, model_layer, height=height, width=width)
        return build.emit(op, [plane(build, run.planes), run.styles])

    made = _mix(build, _terms(build, features.carrier, layer, call, features.canvas), layer.margin)
    if layer.tensor == "skip":
        return replace(features, skip=made, layer=layer.index)
    return replace(features, activation=made, layer=layer.index)


def _layer_of(build: Build, run: Run, layer: Layer) -> Layer:
    """Return the layer of the model of a run; `layer` itself if they are equal, so that equal operations share it."""
    model_layer = build.table(run.model).at(layer.index)
    return layer if model_layer == layer else model_layer


def _grown_skip(build: Build, features: Features, layer: Layer) -> Operand | None:
    if features.skip is None:
        return None
    if build.type_of(features.skip).size == features.canvas.pixels(layer.size):
        return features.skip
    return build.emit(Upsample(features.canvas.wrap_x, features.canvas.wrap_y), [features.skip])


def applies(layers: frozenset[int], parts: Parts, layer: int, tensor: Tensor) -> bool:
    """Return whether a carrier acts on this tensor at this layer."""
    return layer in layers and parts in ("both", tensor)


def _terms(build: Build, carrier: Carrier, layer: Layer, call: Callable[[Run], Operand], canvas: Canvas) -> list[Term]:
    """Return the terms of `step(carrier, layer, s)`. Nested mixes are flattened and their alphas multiplied."""

    def step(carrier: Carrier, recurse: Callable[[Carrier], list[Term]]) -> list[Term]:
        if isinstance(carrier, Run):
            return [Term(call(carrier), None)]
        if isinstance(carrier, Mixture):
            pairs = zip(carrier.carriers, carrier.alphas, strict=True)
            return _bounded([term for part, alpha in pairs for term in _times(build, alpha, part, recurse)])
        acts = applies(carrier.layers, carrier.parts, layer.index, layer.tensor)
        if isinstance(carrier, Blend):
            if not acts or carrier.a is carrier.b:
                return recurse(carrier.a)
            return _bounded(
                _times(build, carrier.beta, carrier.a, recurse) + _times(build, carrier.alpha, carrier.b, recurse)
            )
        terms = recurse(carrier.of)
        if not acts:
            return terms
        return [Term(_changed(build, _mix(build, terms, layer.margin), carrier, (layer, canvas)), None)]

    return Memoised(step)(carrier)


def _bounded(terms: list[Term]) -> list[Term]:
    if len(terms) > _limits.TERMS:
        raise ValueError(
            f"it mixes more than {_limits.TERMS} passes at one layer: nested blends read the same passes many times"
        )
    return terms


def _changed(build: Build, made: Operand, carrier: Mapped | Patched, where: tuple[Layer, Canvas]) -> Operand:
    if isinstance(carrier, Patched):
        return transplant(build, made, carrier)
    return map_tensor(build, made, carrier.edits, *where)


def _times(build: Build, alpha: MaskExprs, part: Carrier, step: Callable[[Carrier], list[Term]]) -> list[Term]:
    if all(mask.constant == 0.0 for mask in alpha):
        return []  # a term with alpha 0 is not lowered
    return [Term(term.value, alpha if term.alpha is None else build.multiply(alpha, term.alpha)) for term in step(part)]


def transplant(build: Build, value: Operand, carrier: Patched) -> Operand:
    """Emit the copying of a carrier's patches within a map."""
    return build.emit(Transplant(*carrier.cells), [value, carrier.patches], carrier.feathers)


def _mix(build: Build, terms: list[Term], margin: Size = (0, 0)) -> Operand:
    if len(terms) == 1:  # alphas sum to 1, so a single one is 1
        return terms[0].value
    ones = (ONE,) * terms[0].value.rows
    return mix(build, [term.value for term in terms], [term.alpha or ones for term in terms], margin)


def mix(build: Build, values: list[Operand], alphas: list[MaskExprs], margin: Size = (0, 0)) -> Operand:
    """Emit the weighted sum of maps of one size, canvas plus margin. The alphas sum to 1 at every pixel."""
    height, width = build.type_of(values[0]).size
    if any(margin):
        alphas = [_with_margin(alpha, margin) for alpha in alphas]
    return build.emit(Mix(), [*values, *(build.draw(alpha, height, width) for alpha in alphas)])


def _with_margin(alpha: MaskExprs, margin: Size) -> MaskExprs:
    known: dict[MaskExpr, MaskExpr] = {}
    return tuple(known.setdefault(mask, with_margin(mask, margin)) for mask in alpha)
