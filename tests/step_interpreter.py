"""The step interpreter: evaluates `step` directly, node by node and row by row, without any stage of the engine.

It uses the layer functions of a generator, the drawing of masks and the meaning of edits, but no program, pass, plan or
kernel. A carrier is a Python object. Masks and noise, which move with a canvas, are functions of a size.

    step(Run, i, s)   = layer i applied to s
    step(Blend, i, s) = (1-α_i) step(Ka, i, s) + α_i step(Kb, i, s)  if i is in layers and its tensor in parts, else a's
    step(Mix, i, s)   = Σ w_i step(K, i, s)
    step(Map, i, s)   = T_i(step(K, i, s))                           under the same condition
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph import _geometry as geometry
from fgraph._geometry import Canvas, Edit, apply_edit
from fgraph.runtime.kernels.seeds import keyed_noise, seeded_noise
from fgraph.stylegan.nn.stylegan2 import upsample_skip
from fgraph.stylegan.tables.base import Layer, Size
from tests.step_bending import Bent

Draw = Callable[[int, int], Any]  # an array for a canvas of this size in pixels, [height, width]
Frame = Callable[[Draw], Draw]  # the edits of the canvas, for noise that follows them


@dataclass(frozen=True)
class Run:
    model: Any  # a generator
    styles: Tensor
    noise: Any  # fgraph.node.Noise with a seed
    frame: Frame
    plane: Any = None  # StyleGAN3: [3, 3], from canvas to plane coordinates


@dataclass(frozen=True)
class Blend:
    a: Any
    b: Any
    alpha: Draw
    layers: frozenset[int]
    parts: str


@dataclass(frozen=True)
class Mix:
    of: tuple[Any, ...]
    weights: tuple[Draw, ...]


@dataclass(frozen=True)
class Map:
    of: Any
    edit: Edit | Bent
    layers: frozenset[int]
    parts: str


@dataclass(frozen=True)
class Paused:
    """A row of Features: its state, layer, carrier and canvas."""

    activation: Tensor
    skip: Tensor | None
    layer: int
    carrier: Any
    canvas: Canvas
    model: Any
    key: int
    declared: tuple[int, int]


def applies(carrier: Any, layer: Layer) -> bool:
    return layer.index in carrier.layers and carrier.parts in ("both", layer.tensor)


def step(carrier: Any, layer: Layer, state: Paused) -> Tensor:
    """Return the result of a carrier's layer for a state."""
    if isinstance(carrier, Run):
        return run_layer(carrier, layer, state)
    if isinstance(carrier, Blend):
        a = step(carrier.a, layer, state)
        return mix(a, step(carrier.b, layer, state), carrier.alpha, layer.margin) if applies(carrier, layer) else a
    if isinstance(carrier, Mix):
        made = [step(one, layer, state) for one in carrier.of]
        size = made[0].shape[-2:]
        weights = [with_margin(weight, layer.margin) for weight in carrier.weights]
        return torch.stack([one * as_tensor(w(*size)) for one, w in zip(made, weights, strict=True)]).sum(0)
    made = step(carrier.of, layer, state)  # type: ignore[assignment]
    if not applies(carrier, layer):
        return made  # type: ignore[return-value]
    if isinstance(carrier.edit, Bent):
        return carrier.edit.apply(made, layer, state.canvas)
    return edit_map(made, carrier.edit, layer.margin)


def run_layer(run: Run, layer: Layer, state: Paused) -> Tensor:
    if run.model.table.is_stylegan3:
        return run_stylegan3(run, layer, state)
    layer, style, canvas = run.model.table.at(layer.index), run.styles[:, layer.style_slice], state.canvas
    if layer.kind == "conv":
        noise = draw_noise(run, layer, state)
        return run.model.conv(layer, state.activation, style, noise, canvas.wrap_x, canvas.wrap_y)
    skip = state.skip
    if skip is not None and skip.shape[-2:] != state.activation.shape[-2:]:
        skip = upsample_skip(skip, canvas.wrap_x, canvas.wrap_y)
    return run.model.torgb(layer, state.activation, style, skip)


def run_stylegan3(run: Run, layer: Layer, state: Paused) -> Tensor:
    layer = run.model.table.at(layer.index)
    style = run.styles[:, layer.style_slice]
    if layer.name != "input":
        return run.model.filtered(layer, state.activation, style)
    size = tuple(a + b for a, b in zip(state.canvas.pixels(layer.size), layer.margin, strict=True))
    return run.model.features(torch.from_numpy(run.plane[None, :2]).float(), style, size)


def draw_noise(run: Run, layer: Layer, state: Paused) -> Tensor | None:
    noise, (height, width) = run.noise, state.canvas.pixels(layer.size)
    if noise.mode == "none" or layer.noise_index is None:
        return None
    buffer = run.model.noise_const(layer)[0, 0].numpy()

    def original(rows: int, columns: int) -> Any:
        if noise.mode == "random":
            return keyed_noise(noise.seed, state.key, layer.name, rows, columns)
        high, wide = buffer.shape
        return np.tile(buffer, (-(-rows // high), -(-columns // wide)))[:rows, :columns]

    if noise.mode == "const" and noise.fit == "ends":
        count, row = state.declared
        filled = seeded_noise(count, len(buffer), width)[row, 0]
        filled[:, : buffer.shape[1]] = buffer
        filled[:, -buffer.shape[1] :] = buffer
        return as_tensor(filled)[None, None]
    draw = run.frame(original) if noise.fit == "follow" else original
    return as_tensor(draw(height, width))[None, None]


def advance(state: Paused, layer: int) -> Paused:
    """Return the pass after `layer` has run."""
    for index in range(state.layer + 1, layer + 1):
        at = state.model.table.at(index)
        state = replace(state, layer=index, **{at.tensor: step(state.carrier, at, state)})
    return state


def mix(a: Tensor, b: Tensor, alpha: Draw, margin: Size = (0, 0)) -> Tensor:
    weight = as_tensor(with_margin(alpha, margin)(*a.shape[-2:]))
    return (1 - weight) * a + weight * b


def with_margin(draw: Draw, margin: Size) -> Draw:
    """Extend a mask to a map that is larger than its canvas."""
    down, along = margin
    if not down and not along:
        return draw
    sides = ((down // 2, down // 2), (along // 2, along // 2))
    return lambda height, width: np.pad(draw(height - down, width - along), sides, "edge")


def edit_map(x: Tensor, edit: Edit, margin: Size) -> Tensor:
    """Edit the canvas of a map with a margin."""
    height, width = x.shape[2] - margin[0], x.shape[3] - margin[1]
    if isinstance(edit, geometry.Crop) and any(margin):
        top, left = int(edit.top * height), int(edit.left * width)
        high, wide = int(edit.height * height), int(edit.width * width)
        return x[:, :, top : top + high + margin[0], left : left + wide + margin[1]]
    if isinstance(edit, geometry.Shift):
        tall, broad = Fraction(height, height + margin[0]), Fraction(width, width + margin[1])
        edit = replace(edit, dy=edit.dy * tall, dx=edit.dx * broad)
    return edit_tensor(x, edit)


def as_tensor(array: Any) -> Tensor:
    return torch.from_numpy(np.array(array, np.float32))


def edit_tensor(x: Tensor, edit: Edit, canvas: Canvas | None = None) -> Tensor:
    wraps = {"wrap_x": canvas.wrap_x, "wrap_y": canvas.wrap_y} if canvas else {}
    return as_tensor(apply_edit(x.numpy(), edit, **wraps))


def moved(draw: Draw, edit: Edit, canvas: Canvas | None = None) -> Draw:
    """Return a drawing after an edit of its canvas."""

    def after(height: int, width: int) -> Any:
        rows, columns = edit.source_size(height, width)
        assert rows.denominator == columns.denominator == 1
        return edit_tensor(as_tensor(draw(int(rows), int(columns))), edit, canvas).numpy()

    return after


def placed(draw: Draw, axis: str, before: Any, length: Any) -> Draw:
    """Return a drawing of one part of a canvas, extended by its edge values."""

    def after(height: int, width: int) -> Any:
        whole = width if axis == "x" else height
        start, count = int(before * whole), int(length * whole)
        outside = (start, whole - start - count)
        inner = draw(height, count) if axis == "x" else draw(count, width)
        return np.pad(inner, ((0, 0), outside) if axis == "x" else (outside, (0, 0)), "edge")

    return after


def carried(carrier: Any, move: Callable[[Draw], Draw], scale: tuple[Any, Any]) -> Any:
    """Return a carrier on a changed canvas: masks and noise move with it; `scale` converts the amounts of shifts."""
    if isinstance(carrier, Run):
        return replace(carrier, frame=lambda made: move(carrier.frame(made)))
    if isinstance(carrier, Blend):
        a, b = carried(carrier.a, move, scale), carried(carrier.b, move, scale)
        return replace(carrier, a=a, b=b, alpha=move(carrier.alpha))
    if isinstance(carrier, Mix):
        return Mix(tuple(carried(one, move, scale) for one in carrier.of), tuple(map(move, carrier.weights)))
    edit = carrier.edit
    in_pixels = isinstance(edit, Bent) and getattr(edit.node, "unit", "") == "pixel"
    if isinstance(edit, geometry.Shift | Bent) and not in_pixels:
        edit = replace(edit, dy=edit.dy * scale[0], dx=edit.dx * scale[1])
    return replace(carrier, of=carried(carrier.of, move, scale), edit=edit)


def edit_paused(state: Paused, edit: Edit, margin: Size = (0, 0)) -> Paused:
    """Edit a paused pass; a constant fills the state, while masks and noise continue with their edge values."""
    canvas = state.canvas.edited(edit)
    moves = replace(edit, mode="replicate") if getattr(edit, "mode", None) == "constant" else edit
    scale = (state.canvas.height / canvas.height, state.canvas.width / canvas.width)
    own = edit_map(state.activation, edit, margin) if any(margin) else edit_tensor(state.activation, edit, state.canvas)
    return replace(
        state,
        activation=own,
        skip=None if state.skip is None else edit_tensor(state.skip, edit, state.canvas),
        carrier=carried(state.carrier, lambda draw: moved(draw, moves, state.canvas), scale),
        canvas=canvas,
    )
