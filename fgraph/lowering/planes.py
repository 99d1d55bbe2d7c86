"""Lowering of StyleGAN3's plane: the value of `const`, and the effect of edits on it.

A pass paused at `const` has not sampled the plane yet. An edit of its canvas is exact: it changes the placement that
each `Run` samples. The pending masks of the carrier move with the canvas and continue with their edge values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from fgraph import _geometry as geometry
from fgraph._geometry import Canvas, Edit, Placement, Transform, source_place
from fgraph.ir.bendings import Bend
from fgraph.ir.ops import Plane
from fgraph.ir.program import Operand
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.values import Blend, Carrier, Features, MaskExprs, Memoised, Mixture, Patched, Run
from fgraph.masks import MaskExpr, edited, transformed
from fgraph.stylegan.tables.base import CONST, Table

PlaneEdit = Edit | Transform
_DEFAULT_MODES: dict[object, str] = {geometry.Pad: "reflect", geometry.Shift: "roll"}


def on_plane(build: Build, features: Features) -> bool:
    """Return whether the pass is paused at the plane of a StyleGAN3 model."""
    return features.layer == CONST and build.table(features.model).is_stylegan3


def plane(build: Build, planes: Sequence[Placement]) -> Operand:
    """Emit the placement of each row's canvas on the plane."""
    return build.emit_distinct(Plane(), tuple(planes))


def edit_plane(build: Build, features: Features, edits: Sequence[PlaneEdit]) -> Features:
    """Return a pass paused at the plane after an edit for each row.

    Raises:
        ValueError: the edit has a mode for its edge, where the plane continues.
        SizeError: the canvas is not a whole number of samples; the message names the nearest size that is.
    """
    first, canvas = edits[0], features.canvas
    table = build.table(features.model)
    default_mode = _DEFAULT_MODES.get(type(first))
    if default_mode and (found := getattr(first, "mode", default_mode)) != default_mode:
        with blaming("mode"):
            raise ValueError(
                f"mode {found} sets the values beyond the edge; {described(features.model, table)} samples a plane "
                "without edges: leave mode out"
            )
    after = canvas if isinstance(first, Transform) else canvas.edited(first)
    after.pixels(table.layers[0].size)  # raises if it is not whole
    plane_canvas = _in_units(canvas, table)
    known: dict[PlaneEdit, Placement] = {edit: source_place(edit, plane_canvas) for edit in set(edits)}
    carrier = _moved(features.carrier, [known[edit] for edit in edits], tuple(edits), canvas)
    return replace(features, activation=plane(build, planes_of(carrier)), carrier=carrier, canvas=after)


def move_planes(build: Build, features: Features, edits: Sequence[PlaneEdit]) -> Features:
    """Return the pass with other placements; masks stay on the canvas."""
    plane_canvas = _in_units(features.canvas, build.table(features.model))
    carrier = _moved(features.carrier, [source_place(edit, plane_canvas) for edit in edits], None, features.canvas)
    return replace(features, activation=plane(build, planes_of(carrier)), carrier=carrier)


def place_planes(carrier: Carrier, middle: tuple[Fraction, Fraction], unit: tuple[Fraction, Fraction]) -> Carrier:
    """Return the carrier of a canvas as a part of a larger one.

    Args:
        carrier: the carrier of the part.
        middle: (x, y) of the part's centre from the centre of the larger canvas, in images.
        unit: height and width of an image in units of the plane.
    """
    offset = Placement(x=-float(middle[0] * unit[1]), y=-float(middle[1] * unit[0]))
    return _each_run(carrier, lambda run: replace(run, planes=tuple(one.after(offset) for one in run.planes)))


def planes_of(carrier: Carrier) -> tuple[Placement, ...]:
    """Return the placement of each row of a carrier's first pass."""
    return next(_runs(carrier)).planes


def only_planes(features: Features) -> tuple[Placement, ...]:
    """Return the placement of each row, which all passes of a carrier share.

    Raises:
        ValueError: the placements differ, as for the parts of a mosaic.
    """
    first = planes_of(features.carrier)
    if any(run.planes != first for run in _runs(features.carrier)):
        raise ValueError(
            "its parts are at different places of the plane, and one pass has one place: tap it at input first"
        )
    return first


def described(model: str, table: Table) -> str:
    """Return a model and its architecture, for messages."""
    return f"model '{model}' ({table.architecture})"


def _in_units(canvas: Canvas, table: Table) -> Canvas:
    """Return a canvas whose sides are in units of the plane instead of images."""
    return Canvas(canvas.height * table.unit[0], canvas.width * table.unit[1])


def _moved(
    carrier: Carrier, places: Sequence[Placement], edits: tuple[PlaneEdit, ...] | None, canvas: Canvas
) -> Carrier:
    def move(carrier: Carrier, again: Callable[[Carrier], Carrier]) -> Carrier:
        if isinstance(carrier, Run):
            return replace(
                carrier,
                planes=tuple(placement.after(place) for placement, place in zip(carrier.planes, places, strict=True)),
            )
        if isinstance(carrier, Blend):
            return replace(carrier, a=again(carrier.a), b=again(carrier.b), alpha=_edit_masks(carrier.alpha, edits))
        if isinstance(carrier, Mixture):
            alphas = tuple(_edit_masks(alpha, edits) for alpha in carrier.alphas)
            return Mixture(tuple(map(again, carrier.carriers)), alphas)
        if isinstance(carrier, Patched):
            return replace(carrier, of=again(carrier.of))  # its cells lie on the canvas: `patches` refuses such models
        return replace(carrier, of=again(carrier.of), edits=_rescaled(carrier.edits, edits, canvas))

    return Memoised(move)(carrier)


def _rescaled(
    layer_edits: tuple[Edit | Bend, ...], edits: tuple[PlaneEdit, ...] | None, canvas: Canvas
) -> tuple[Edit | Bend, ...]:
    """Rescale per-layer shifts and bendings to the same distance on a canvas of another size."""
    if edits is None or isinstance(edits[0], Transform):
        return layer_edits
    after = canvas.edited(edits[0])
    scale_y, scale_x = canvas.height / after.height, canvas.width / after.width
    return tuple(
        one.rescaled((scale_y, scale_x))
        if isinstance(one, Bend)
        else (replace(one, dy=one.dy * scale_y, dx=one.dx * scale_x) if isinstance(one, geometry.Shift) else one)
        for one in layer_edits
    )


def _edit_masks(masks: MaskExprs, edits: tuple[PlaneEdit, ...] | None) -> MaskExprs:
    if edits is None:
        return masks
    known: dict[tuple[MaskExpr, PlaneEdit], MaskExpr] = {}
    return tuple(known.setdefault(pair, _edit_mask(*pair)) for pair in zip(masks, edits, strict=True))


def _edit_mask(mask: MaskExpr, edit: PlaneEdit) -> MaskExpr:
    if isinstance(edit, Transform):
        return transformed(mask, edit)
    if isinstance(edit, geometry.Pad | geometry.Shift):
        edit = replace(edit, mode="replicate")
    return edited(mask, edit)


def _runs(carrier: Carrier) -> Iterator[Run]:
    seen: set[int] = set()
    waiting = [carrier]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Run):
            yield one
        waiting += reversed(one.inner)


def _each_run(carrier: Carrier, change: Callable[[Run], Run]) -> Carrier:
    def visit(carrier: Carrier, again: Callable[[Carrier], Carrier]) -> Carrier:
        if isinstance(carrier, Run):
            return change(carrier)
        if isinstance(carrier, Blend):
            return replace(carrier, a=again(carrier.a), b=again(carrier.b))
        if isinstance(carrier, Mixture):
            return Mixture(tuple(map(again, carrier.carriers)), carrier.alphas)
        return replace(carrier, of=again(carrier.of))

    return Memoised(visit)(carrier)
