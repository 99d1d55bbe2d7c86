"""Kernels of directions and walks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from fgraph._arrays import Array
from fgraph.ir.ops import (
    Combine,
    Component,
    InDeviations,
    MapLevels,
    Move,
    MoveTo,
    Slerp,
    Slope,
    TextDirection,
    TruncateStyles,
)
from fgraph.runtime.kernels import weighting
from fgraph.runtime.kernels.clip import embed_text
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.weighting import masked_by_weight
from fgraph.stylegan.measured.channel_effects import channel_amounts, place_channels, text_vector
from fgraph.stylegan.measured.directions import factorised_directions, principal_directions
from fgraph.stylegan.nn import stylegan2 as network

_STRAIGHT = 1e-6  # radians: below this angle, the path is a straight line


def component(op: Component, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return directions of w, [rows, w_dim]."""
    generator = context.generators[op.model]
    if op.method == "pca":
        found = principal_directions(generator)
    else:
        found = factorised_directions(generator, op.layers, normalised=op.normalised)
    scales = found.deviations if op.unit == "deviation" else np.ones_like(found.deviations)
    return context.rows(params, lambda number: found.vectors[number] * scales[number])


def text_direction(op: TextDirection, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return StyleCLIP's global directions, [rows, length], in units of the deviation of each style."""
    table = context.generators[op.model].table

    def placed(param: Any) -> Any:
        effects, target, neutral, beta = param
        vectors = [text_vector(embed_text(one) if isinstance(one, str) else one.array) for one in (target, neutral)]
        return place_channels(channel_amounts(effects.array, vectors[0], vectors[1], beta), table)

    return context.rows(params, placed)


def in_deviations(op: InDeviations, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Multiply differences in S by the standard deviation of each style, given or of the model."""
    if len(inputs) > 1:
        return inputs[0] * inputs[1]
    return inputs[0] * context.generators[op.model].style_statistics()[1].to(inputs[0])


def map_levels(op: MapLevels, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the offsets that mappers of StyleCLIP add to codes, [rows, num_ws, w_dim]; each row has its own mapper."""
    code = inputs[0]
    made = torch.zeros_like(code)
    mappers: Any = [param[0] for param in cast(Any, params)]
    for mapper in dict.fromkeys(mappers):
        rows = context.constant([row for row, one in enumerate(mappers) if one == mapper])
        for (start, stop), level in mapper.levels:
            x = code[rows, start:stop]
            x = x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()  # over the rows of W+, as published
            weights, biases = (_levels(one, code, context) for one in (level.weights, level.biases))
            made[rows, start:stop] = network.mapping(x, weights.unbind(), biases.unbind(), level.rate)
    return made


def _levels(stored: Array, like: Tensor, context: KernelContext) -> Tensor:
    return context.kept((stored, like.dtype), lambda: stored.array, like.dtype)


def slope(op: Slope, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return differences in w [rows, w_dim] or W+ [rows, num_ws, w_dim] as differences in S, [rows, length]."""
    generator, w = context.generators[op.model], inputs[0]
    made = []
    for layer in generator.table.layers[1:]:
        weight = generator.tensors[f"{layer.name}.affine.weight"]
        part = w if w.ndim == 2 else w[:, layer.ws_index]
        made.append(network.affine(part, weight, weight.new_zeros(len(weight))))
    return torch.cat(made, dim=1)


def move(op: Move, inputs: Sequence[Tensor], numbers: Tensor, context: KernelContext) -> Tensor:
    """Return codes moved along a direction by t, one t a row."""
    code, direction = inputs
    t = _column(numbers, code)
    if op.ranges is None:
        return code + t * direction
    result = code.clone()
    for start, stop in op.ranges:
        result[:, start:stop] += t * direction[:, start:stop]
    return result


def move_to(op: MoveTo, inputs: Sequence[Tensor], numbers: Tensor, context: KernelContext) -> Tensor:
    """Return codes moved along a direction to the coordinate t, one t a row."""
    code, direction = inputs[:2]
    mean = inputs[2] if len(inputs) > 2 else context.generators[op.model].w_mean
    first, along = (one if one.ndim == 2 else one[:, 0] for one in (code, direction))  # [rows, w_dim]
    least = torch.finfo(along.dtype).tiny
    coordinate = ((first - mean) * along).sum(dim=1) / along.square().sum(dim=1).clamp_min(least)
    return move(Move(op.model, op.ranges), inputs[:2], numbers - coordinate, context)


def truncate_styles(op: TruncateStyles, inputs: Sequence[Tensor], psi: Tensor, context: KernelContext) -> Tensor:
    """Truncate S towards the styles of the mean of w by ψ, one ψ a row."""
    generator, code = context.generators[op.model], inputs[0]
    mean = generator.affine(generator.w_mean[None])
    result = mean + _column(psi, code) * (code - mean)
    if op.cutoff is None:
        return result
    for layer in generator.table.layers[1:]:
        if layer.ws_index >= op.cutoff:
            result[:, layer.style_slice] = code[:, layer.style_slice]
    return result


def slerp(op: Slerp, inputs: Sequence[Tensor], numbers: Tensor, context: KernelContext) -> Tensor:
    """Return sin((1-t)Ω)/sin Ω a + sin(tΩ)/sin Ω b, where Ω is the angle between a and b (Shoemake 1985)."""
    t = _column(numbers, inputs[0])
    width = inputs[0].shape[1] - op.classes
    a, b = (one[:, :width] for one in inputs)
    cosine = (a * b).sum(1, keepdim=True) / (a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True)).clamp_min(1e-30)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    flat = sine < _STRAIGHT  # also if the two are opposite, where no path is the shortest
    safe = torch.where(flat, torch.ones_like(sine), sine)
    weight_a = torch.where(flat, 1 - t, ((1 - t) * angle).sin() / safe)
    weight_b = torch.where(flat, t, (t * angle).sin() / safe)
    turned = weight_a * masked_by_weight(a, weight_a, context) + weight_b * masked_by_weight(b, weight_b, context)
    if not op.classes:
        return turned
    return torch.cat([turned, weighting.lerp(inputs[0][:, width:], inputs[1][:, width:], t, context)], dim=1)


def combine(op: Combine, inputs: Sequence[Tensor], weights: Tensor, context: KernelContext) -> Tensor:
    """Return Σ weight · code, with a weight for each operand and row."""
    result = torch.zeros_like(inputs[0])
    for number, code in enumerate(inputs):
        weight = _column(weights[:, number], code)
        result = result + weight * masked_by_weight(code, weight, context)
    return result


def _column(numbers: Tensor, like: Tensor) -> Tensor:
    """Return one number a row, in a shape that broadcasts with codes."""
    return numbers.view(-1, *[1] * (like.ndim - 1))
