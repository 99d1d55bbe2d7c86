"""Lowering of spatial edits: of tensors, with the masks and noise that move along, and of joins of canvases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, Literal

from fgraph import _geometry as geometry
from fgraph import _limits
from fgraph._geometry import Canvas, Edit
from fgraph._geometry.regions import Size
from fgraph.ir.bendings import Bend
from fgraph.ir.ops import Concat, Crop, Flip, Pad, Resize, Shift, SpatialOp
from fgraph.ir.program import Operand
from fgraph.lowering.build import Build
from fgraph.lowering.margins import activation_margin, check_features_edit, cut_joint, with_margins
from fgraph.lowering.planes import edit_plane, on_plane, place_planes, plane, planes_of
from fgraph.lowering.values import Blend, Carrier, Features, Mapped, MaskExprs, Memoised, Mixture, Patched, Run
from fgraph.masks import MaskExpr, Segment, edited, inset

Axis = Literal["x", "y"]

_OPS: dict[type, type[SpatialOp]] = {
    geometry.Pad: Pad,
    geometry.Resize: Resize,
    geometry.Shift: Shift,
    geometry.Crop: Crop,
    geometry.Flip: Flip,
}


_UNMOVED = (
    "the pass has proposed patches still to be copied, which are not known before it runs, so its canvas cannot be "
    "edited: edit it before `patches`, or the image after `decode`"
)


def edit_tensor(
    build: Build, value: Operand, edits: Sequence[Edit], canvas: Canvas | None = None, margin: Size = (0, 0)
) -> Operand:
    """Emit an edit for each row of a map or image. All edits result in one size; amounts refer to the canvas alone.

    Raises:
        SizeError: the size after the edit is not whole; the message names the nearest size that is.
    """
    height, width = build.type_of(value).size
    edits = with_margins(edits, (height, width), margin)
    maps = edits[0].maps(height, width)  # raises if an amount does not divide
    wraps = (canvas.wrap_x, canvas.wrap_y) if canvas and isinstance(edits[0], geometry.Resize) else (False, False)
    return build.emit(_OPS[type(edits[0])](len(maps[0].low), len(maps[1].low), *wraps), [value], tuple(edits))


def edit_features(build: Build, features: Features, edits: Sequence[Edit]) -> Features:
    """Edit a paused pass: its state, the pending masks of its carrier, and its noise if that has fit `follow`.

    A constant fills the state only. Masks and noise continue with their edge values, so that alphas still sum to 1.

    Raises:
        ValueError: features of the model do not allow this edit.
        SizeError: the size after the edit is not whole; the message names the nearest size that is.
    """
    if on_plane(build, features):
        return edit_plane(build, features, edits)
    edits, table = tuple(edits), build.table(features.model)
    if table.is_stylegan3:
        check_features_edit(build, features, edits[0])
    return replace(
        features,
        activation=edit_tensor(build, features.activation, edits, features.canvas, activation_margin(table, features)),
        skip=features.skip and edit_tensor(build, features.skip, edits, features.canvas),
        carrier=_edit_carrier(features.carrier, tuple(map(_unfilled, edits)), features.canvas),
        canvas=features.canvas.edited(edits[0]),
    )


def _unfilled(edit: Edit) -> Edit:
    if isinstance(edit, geometry.Pad | geometry.Shift) and edit.mode == "constant":
        return replace(edit, mode="replicate", value=0.0)
    return edit


def edit_masks(masks: MaskExprs, edits: Sequence[Edit], canvas: Canvas | None = None) -> MaskExprs:
    """Edit masks, each by the edit of its row; equal masks remain one object."""
    wraps = (canvas.wrap_x, canvas.wrap_y) if canvas else (False, False)
    known: dict[tuple[MaskExpr, Edit], MaskExpr] = {}
    return tuple(known.setdefault(pair, _edit_mask(*pair, *wraps)) for pair in zip(masks, edits, strict=True))


def _edit_mask(mask: MaskExpr, edit: Edit, wrap_x: bool, wrap_y: bool) -> MaskExpr:
    wraps = (wrap_x, wrap_y) if isinstance(edit, geometry.Resize) else (False, False)
    return edited(mask, edit, wrap_x=wraps[0], wrap_y=wraps[1])


def _edit_carrier(carrier: Carrier, edits: tuple[Edit, ...], canvas: Canvas) -> Carrier:
    after = canvas.edited(edits[0])
    scale = (canvas.height / after.height, canvas.width / after.width)

    def edit(carrier: Carrier, again: Callable[[Carrier], Carrier]) -> Carrier:
        if isinstance(carrier, Run):
            return replace(
                carrier, noise=replace(carrier.noise, frames=edit_masks(carrier.noise.frames, edits, canvas))
            )
        if isinstance(carrier, Blend):
            return replace(
                carrier, a=again(carrier.a), b=again(carrier.b), alpha=edit_masks(carrier.alpha, edits, canvas)
            )
        if isinstance(carrier, Mixture):
            alphas = tuple(edit_masks(alpha, edits, canvas) for alpha in carrier.alphas)
            return Mixture(tuple(map(again, carrier.carriers)), alphas)
        if isinstance(carrier, Patched):
            raise ValueError(_UNMOVED)
        return _rescaled_map(carrier, again(carrier.of), scale)

    return Memoised(edit)(carrier)


def _rescaled_map(carrier: Mapped, of: Carrier, scale: tuple[Fraction, Fraction]) -> Mapped:
    edits = tuple(_rescaled(edit, scale) for edit in carrier.edits)
    return replace(carrier, of=of, edits=edits)


def _rescaled(edit: Edit | Bend, scale: tuple[Fraction, Fraction]) -> Edit | Bend:
    """Rescale a same-size edit to the same distance on a canvas of another size."""
    if isinstance(edit, Bend):
        return edit.rescaled(scale)
    if isinstance(edit, geometry.Shift):
        return replace(edit, dy=edit.dy * scale[0], dx=edit.dx * scale[1])
    return edit


def join_features(build: Build, parts: Sequence[Features], axis: Axis) -> Features:
    """Join passes side by side on one canvas; each continues with its own carrier.

    Raises:
        ValueError: the parts are paused at different layers or belong to generators with different layers.
        SizeError: the canvases differ in size along the joint.
    """
    first = parts[0]
    _check_joinable(build, parts)
    leaves = Memoised[int](lambda one, again: sum(map(again, one.inner)) or 1)
    if sum(leaves(part.carrier) for part in parts) > _limits.PARTS:
        raise ValueError(
            f"it joins more than {_limits.PARTS} passes: a concat of concats counts a pass as often as it reads it"
        )
    canvas = Canvas.joined([part.canvas for part in parts], axis)
    lengths = [part.canvas.width if axis == "x" else part.canvas.height for part in parts]
    whole = sum(lengths, Fraction(0))
    edges = [end / whole for end in accumulate(lengths, initial=Fraction(0))]
    alphas = tuple((Segment(*ends, axis),) * first.rows for ends in pairwise(edges))
    placed = [
        _place_carrier(part.carrier, axis, edges[number], edges[number + 1] - edges[number])
        for number, part in enumerate(parts)
    ]
    if on_plane(build, first):
        middles = [(edges[number] + edges[number + 1] - 1) * whole / 2 for number in range(len(parts))]
        unit = build.table(first.model).unit
        placed = [
            place_planes(carrier, (middle, Fraction(0)) if axis == "x" else (Fraction(0), middle), unit)
            for carrier, middle in zip(placed, middles, strict=True)
        ]
        joined = replace(first, activation=plane(build, planes_of(placed[0])))
    else:
        joined = _join_states(build, parts, axis)
    return replace(joined, carrier=Mixture(tuple(placed), alphas), canvas=canvas)


def _join_states(build: Build, parts: Sequence[Features], axis: Axis) -> Features:
    """Emit the state tensors of passes side by side; only the outer ends keep margins."""
    table = build.table(parts[0].model)
    margins = {"activation": activation_margin(table, parts[0]), "skip": (0, 0)}
    joined: dict[str, Any] = {}
    for name, margin in margins.items():
        found = [value for part in parts if (value := getattr(part, name)) is not None]
        if any(margin):
            along = margin[1 if axis == "x" else 0]
            found = [
                _without_joint(build, value, (along, axis), (number, len(found))) for number, value in enumerate(found)
            ]
        joined[name] = build.emit(Concat(axis), found) if found else None
    return replace(parts[0], **joined)


def _without_joint(build: Build, value: Operand, margin: tuple[int, Axis], place: tuple[int, int]) -> Operand:
    size, along = build.type_of(value).size, 1 if margin[1] == "x" else 0
    ends = place[0] == 0, place[0] == place[1] - 1
    return edit_tensor(build, value, [cut_joint(size, margin[0], along, ends)] * value.rows)


def _check_joinable(build: Build, parts: Sequence[Features]) -> None:
    table = build.table(parts[0].model)
    for part in parts[1:]:
        if not table.same_shape(build.table(part.model)):
            raise ValueError(f"the parts belong to models of different layers: '{parts[0].model}' and '{part.model}'")
        if part.layer != parts[0].layer:
            names = [table.at(one.layer).name for one in (parts[0], part)]
            raise ValueError(f"the parts are paused at different layers, {names[0]} and {names[1]}: tap them at one")


def _place_carrier(carrier: Carrier, axis: Axis, start: Fraction, length: Fraction) -> Carrier:
    def place(masks: MaskExprs) -> MaskExprs:
        known: dict[MaskExpr, MaskExpr] = {}
        return tuple(known.setdefault(mask, inset(mask, axis, start, length)) for mask in masks)

    scale = (Fraction(1), length) if axis == "x" else (length, Fraction(1))

    def move(carrier: Carrier, again: Callable[[Carrier], Carrier]) -> Carrier:
        if isinstance(carrier, Run):
            return replace(carrier, noise=replace(carrier.noise, frames=place(carrier.noise.frames)))
        if isinstance(carrier, Blend):
            return replace(carrier, a=again(carrier.a), b=again(carrier.b), alpha=place(carrier.alpha))
        if isinstance(carrier, Mixture):
            return Mixture(tuple(map(again, carrier.carriers)), tuple(map(place, carrier.alphas)))
        if isinstance(carrier, Patched):
            raise ValueError(_UNMOVED)
        return _rescaled_map(carrier, again(carrier.of), scale)

    return Memoised(move)(carrier)
