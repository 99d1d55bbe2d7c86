"""`patches`: parts of a picture copied to other places, on its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field, model_validator

from fgraph._ports import Kind, LayerName, LayerSet, broadcast_rows
from fgraph.ir.ops import Propose, Sift
from fgraph.ir.program import Operand
from fgraph.lowering.advance import advance, transplant
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described
from fgraph.lowering.values import Blend, Features, Parts, Patched, Tensor
from fgraph.node import Data, FeaturesPort, Node, PerRow
from fgraph.stylegan.tables.base import Table
from nodes._copies import PatchCopy, PatchMove, Proposals
from nodes._spatial import map_features
from nodes.blend import blend_features, check_pair

__all__ = ["PatchCopy", "Patches", "Proposals"]

T = TypeVar("T")
_PREVIEW = 64  # least pixels a side of the picture on which proposals are judged, if the generator makes as many
_COARSEST = 8  # least number of cells a side in which boxes of patches are counted
_TRIED = 2  # proposals for each wanted patch, plus one; patches with visible seams are dropped


class Patches(Node):
    """Patches of a picture, or of `source`, copied to other places, on the features of many layers.

    Form `paper` computes f <- (1 - Shift(α)) f + Shift(α) Shift(f) at each layer (SOAT, equation 4). Several patches
    are applied in order, and each is a copy of the original picture. Form `code` follows the published program
    (`patch_swap`): it copies boxes in whole pixels of one layer, once, without a soft edge, and only the activation.
    """

    op: Literal["patches"] = "patches"
    produces: ClassVar[Kind] = Kind.FEATURES

    of: FeaturesPort = Field(description="the picture to change")
    source: FeaturesPort | None = Field(
        None, description="the picture that the patches come from, paused at the same layer; default: the same picture"
    )
    patches: Data[tuple[PatchCopy, ...] | Proposals] = Field(
        description="a list of {box: [x, y, width, height], to: [x, y]}, in fractions of the canvas, or with by: [dx, "
        "dy] instead of to; or {count, seed, variations, smallest, largest, horizon}, which proposes patches for each "
        "row from the content of the picture"
    )
    feather: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.03,
        description="σ of the soft edge, as a fraction of the shorter side of the canvas; form code has no soft edge",
    )
    layers: LayerSet = Field(
        LayerSet("b16.."), description="the layers that copy patches; form code copies once, at the layer `at`"
    )
    parts: Literal["both", "activation", "skip"] = Field(
        "both", description="the tensors that are copied; form code: activation"
    )
    swap: bool = Field(False, description="also copy the target to the source")
    form: Literal["paper", "code"] = Field(
        "paper", description="paper: soft edges, at many layers; code: hard edges, at one layer"
    )
    at: LayerName = Field("b16", description="for form code: the layer")

    @model_validator(mode="after")
    def _check(self) -> Patches:
        if isinstance(self.patches, Proposals):
            if self.source is not None or self.swap or self.form == "code":
                raise ValueError("proposed patches copy within one picture: leave source, swap and form: code out")
        elif not self.patches:
            raise ValueError("patches is empty: give a list of patches, or {count, seed} for proposed ones")
        if self.form == "code" and {"layers", "parts", "feather"} & self.model_fields_set:
            raise ValueError(
                "form: code copies the activation once, with hard edges: leave layers, parts and feather out"
            )
        return self

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        proposed = self.patches.rows if isinstance(self.patches, Proposals) else 1
        return broadcast_rows([super().row_count(rows), proposed])

    def static_key(self) -> tuple[Any, ...]:
        kind = self.patches.rule if isinstance(self.patches, Proposals) else len(self.patches)
        return (*super().static_key(), kind)

    def lower(self, build: Build, inputs: Inputs) -> Features:
        features = inputs.features("of")
        _check_model(build, features.model)
        source = inputs.features("source") if inputs.has("source") else features
        if self.form == "code":
            return self._cut_hard(build, inputs, features, source)
        with blaming("layers"):
            layers = self.layers.resolve(build.table(features.model), features.layer)
        if isinstance(self.patches, Proposals):
            return _propose(build, inputs, features, (layers, self.parts))
        check_pair(build, features, source)
        feathers = inputs.per_row("feather")
        return _Copying(build, source, layers, self.parts).run(features, self._by_row(inputs), feathers)

    def _cut_hard(self, build: Build, inputs: Inputs, features: Features, source: Features) -> Features:
        with blaming("at"):
            layer = build.table(features.model).pause(self.at)
            features, source = (advance(build, one, layer) if one.layer < layer else one for one in (features, source))
        check_pair(build, features, source)
        size = build.type_of(features.activation).size
        columns = [[move.in_cells(*size) for move in column] for column in self._by_row(inputs)]
        here = _Copying(build, source, frozenset({features.layer}), "activation")
        return here.run(features, columns, (0.0,) * features.rows)

    def _by_row(self, inputs: Inputs) -> list[list[PatchMove]]:
        """Return the moves of each patch, one per row."""
        rows = [member.node._both_ways for member in inputs.members for _ in range(member.slot.rows)]
        return [list(column) for column in zip(*rows, strict=True)]

    @property
    def _both_ways(self) -> list[PatchMove]:
        assert not isinstance(self.patches, Proposals)
        moves = [copy.move for copy in self.patches]
        return [one for move in moves for one in ((move, move.reversed()) if self.swap else (move,))]


def _check_model(build: Build, model: str) -> None:
    table = build.table(model)
    if table.is_stylegan3:
        with blaming("of"):
            raise ValueError(
                f"patches are counted in the cells of StyleGAN2 layers; the maps of {described(model, table)} have "
                "margins: blend the pass with a shifted one under a mask"
            )


@dataclass(frozen=True)
class _Copying:
    """The copies from one source, at some layers."""

    build: Build
    source: Features
    layers: frozenset[int]
    parts: Parts

    def run(self, features: Features, columns: list[list[PatchMove]], feathers: Sequence[float]) -> Features:
        """Return the pass with all patches, each a blend of the previous result with the shifted source."""
        for column in columns:
            shifts, fades = zip(
                *(move.lower(feather) for move, feather in zip(column, feathers, strict=True)), strict=True
            )
            moved = map_features(self.build, self.source, _distinct(shifts), self.layers, self.parts)
            alpha = _distinct(fades)
            carrier = Blend(features.carrier, moved.carrier, alpha, self.layers, self.parts)
            features = blend_features(self.build, features, moved, carrier)
        return features


def _distinct(values: Sequence[T]) -> tuple[T, ...]:
    """Return the values with one object for equal values."""
    known: dict[T, T] = {}
    return tuple(known.setdefault(value, value) for value in values)


def _propose(build: Build, inputs: Inputs, features: Features, where: tuple[frozenset[int], Parts]) -> Features:
    """Return the pass with patches that are chosen at run time, from its picture without and with all proposals."""
    table = build.table(features.model)
    coarsest = min((table.at(layer) for layer in where[0]), key=lambda layer: layer.resolution)
    times = max(1, _COARSEST // coarsest.resolution)
    layer = _preview_layer(table, features.layer, coarsest.resolution * times)
    cells = features.canvas.pixels((coarsest.size[0] * times, coarsest.size[1] * times))
    rule, feathers = inputs.members[0].node.patches, inputs.per_row("feather")
    op = Propose(_TRIED * rule.count + 1, *cells, rule.smallest, rule.largest, rule.horizon)
    picture = _picture_after(build, features, layer)
    proposed = build.emit(op, [picture], _draws(inputs))
    tried = _with_patches(build, features, Patched(features.carrier, proposed, feathers, cells, *where))
    operands = [picture, _picture_after(build, tried, layer), proposed]
    chosen = build.emit(Sift(rule.count, *cells), operands)
    return _with_patches(build, features, Patched(features.carrier, chosen, feathers, cells, *where))


def _with_patches(build: Build, features: Features, carrier: Patched) -> Features:
    """Return the pass with the carrier of patches; copy them in its state too."""
    layers, parts = carrier.layers, carrier.parts
    made = replace(features, carrier=carrier)
    if features.layer not in layers:
        return made

    def state(name: Tensor) -> Any:
        operand = getattr(features, name)
        return transplant(build, operand, carrier) if operand is not None and parts in ("both", name) else operand

    return replace(made, activation=state("activation"), skip=state("skip"))


def _draws(inputs: Inputs) -> list[tuple[int, int]]:
    """Return the seed and the variation number of each row."""
    found: list[tuple[int, int]] = []
    for member in inputs.members:
        rule, rows = member.node.patches, member.slot.rows
        seeds = member.seeds(rule.seed)
        numbers = range(rule.variations) if rule.variations > 1 else (0,)
        pairs = [(seed, number) for seed in seeds for number in numbers]
        found += pairs * rows if len(pairs) == 1 else pairs
    return found


def _preview_layer(table: Table, paused: int, coarsest: int) -> int:
    """Return the first layer from the pause on that draws at resolution 64 or more, otherwise the last."""
    least = max(coarsest, min(_PREVIEW, table.resolution))
    drawing = [layer for layer in table.layers[1:] if layer.kind == "torgb" and layer.index >= paused]
    return next((layer.index for layer in drawing if layer.resolution >= least), table.last)


def _picture_after(build: Build, features: Features, layer: int) -> Operand:
    """Return the picture of a pass after a layer."""
    skip = advance(build, features, layer).skip
    assert skip is not None
    return skip
