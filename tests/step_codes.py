"""Codes in the step interpreter: one row in one space, promoted, mixed, truncated, moved and interpolated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.directions import factorised_directions, principal_directions

SPACES = ("z", "w", "w+", "s")


@dataclass(frozen=True)
class Code:
    """A row of a Latent."""

    space: str
    code: Tensor  # [1, ...]
    model: StyleGAN2Generator
    key: int


def promote(code: Code, space: str) -> Code:
    """Promote a code: z -> w -> w+ -> s."""
    while SPACES.index(code.space) < SPACES.index(space):
        if code.space == "z":
            code = replace(code, space="w", code=code.model.map(code.code))
        elif space == "w+":
            code = replace(code, space="w+", code=code.code[:, None].repeat(1, code.model.table.num_ws, 1))
        else:
            code = replace(code, space="s", code=code.model.affine(code.code))
    return code


def together(a: Code, b: Code, space: str) -> tuple[Code, Code]:
    target = max(a.space, b.space, "s" if a.model is not b.model else space, key=SPACES.index)
    return promote(a, target), promote(b, target)


def stacked(values: list[list[Any]]) -> list[Any]:
    """Return the rows of several values; codes are promoted to the latest of their spaces (z < w < w+ < s)."""
    rows = [row for value in values for row in value]
    if not isinstance(rows[0], Code):
        return rows
    several = len({id(row.model) for row in rows}) > 1
    space = "s" if several else max((one.space for one in rows), key=SPACES.index)
    return [replace(promote(row, space), model=rows[0].model) for row in rows]


def splice(base: Code, other: Code, rows: str | None, layers: Any) -> Code:
    """Return the base with the other's styles at some layers; in W+ if whole rows are taken."""
    table = base.model.table
    chosen = _chosen(table, rows, layers)
    fed = [{one.index for one in table.layers[1:] if one.ws_index == row} for row in range(table.num_ws)]
    whole = [row for row, indices in enumerate(fed) if indices <= chosen]
    base, other = together(base, other, "w+" if set().union(*(fed[row] for row in whole)) == chosen else "s")
    code = base.code.clone()
    if base.space == "w+":
        code[:, whole] = other.code[:, whole]
    for index in chosen if base.space == "s" else ():
        code[:, table.at(index).style_slice] = other.code[:, table.at(index).style_slice]
    return replace(base, code=code)


def _chosen(table: Any, rows: str | None, layers: Any) -> set[int]:
    """Return the layers that these W+ rows feed, or the layers of these names."""
    if layers is not None:
        return set(layers.resolve(table, -1)) - {-1}
    assert rows is not None
    start, _, stop = rows.partition("..")
    last = (int(stop) if stop else table.num_ws - 1) if ".." in rows else int(start)
    return {layer.index for layer in table.layers[1:] if int(start) <= layer.ws_index <= last}


def truncated(code: Code, psi: float, cutoff: int | None) -> Code:
    """Truncate a code towards the mean; in W+ and S only below W+ row `cutoff`."""
    model = code.model
    code = promote(code, "w") if code.space == "z" else code
    code = promote(code, "w+") if code.space == "w" and cutoff is not None else code
    if code.space != "s":
        made = model.w_mean + psi * (code.code - model.w_mean)
        if cutoff is not None:
            made[:, cutoff:] = code.code[:, cutoff:]
        return replace(code, code=made)
    mean = model.affine(model.w_mean[None])
    made = mean + psi * (code.code - mean)
    for layer in model.table.layers[1:]:
        if cutoff is not None and layer.ws_index >= cutoff:
            made[:, layer.style_slice] = code.code[:, layer.style_slice]
    return replace(code, code=made)


def moved_along(code: Code, node: Any, component: int, strength: float) -> Code:
    """Mix a code with the code moved along a direction, at the layers of the direction."""
    model, space = code.model, "w"
    if node.kind == "file":
        array = torch.tensor(node.value.array)
        space = node.space or "w"
        way = (array if array.ndim > (2 if space == "w+" else 1) else array[None])[component][None]
    elif node.kind == "channel":
        space, way = "s", _channels(model, node)
    else:
        way = torch.tensor(_component(model, node, component), dtype=torch.float32)[None]
    start = promote(code, max(code.space, space, key=SPACES.index))
    if node.kind == "pca" and node.how == "set":  # the coordinate that the code has is taken off first
        offset = start.code.reshape(-1, way.shape[1])[0] - model.w_mean
        strength -= float(offset @ way[0] / (way[0] @ way[0]))
    if start.space == "s" and space != "s":  # the difference of an affine layer between two codes
        here = promote(Code("w", 0 * model.w_mean[None], model, 0), space)
        there = replace(here, code=here.code + way)
        way = promote(there, "s").code - promote(here, "s").code
    elif start.space == "w+" and space == "w":
        way = way[:, None]
    end = replace(start, code=start.code + strength * way)
    if node.rows is None and node.layers is None:
        return end
    return splice(start, end, node.rows, node.layers)


def _channels(model: StyleGAN2Generator, node: Any) -> Tensor:
    way = torch.zeros(1, model.table.style_length)
    for layer, channel, weight in node.channels:
        way[0, model.table.at(layer).style_start + channel] += weight
    return way * model.style_statistics()[1] if node.unit == "deviation" else way


def _component(model: StyleGAN2Generator, node: Any, component: int) -> Any:
    if node.kind == "pca":
        found = principal_directions(model)
    else:
        layers, rows = node.factorised or node.layers, None if node.factorised else node.rows
        indices = _chosen(model.table, rows, layers) if layers or rows else set(range(model.table.last + 1))
        convs = [one for one in sorted(indices) if model.table.at(one).kind in ("conv", "torgb" if node.torgb else "")]
        found = factorised_directions(model, convs, normalised=node.normalised)
    return found.vectors[component] * (found.deviations[component] if node.unit == "deviation" else 1)


def walked(keys: list[Code], node: Any) -> list[Code]:
    """Return the frames of a walk."""
    space = "z" if node.path == "slerp" else "w" if keys[0].space == "z" else keys[0].space
    codes = [promote(key, space).code for key in keys]
    count = len(codes)
    if node.closed:
        points = [codes[-1], *codes, codes[0], codes[1]]
    else:
        points = [2 * codes[0] - codes[1], *codes, 2 * codes[-1] - codes[-2], codes[-1]]
    last = count if node.closed else count - 1
    times = node.times or tuple(range(last + 1))
    shares = np.arange(node.frames) / (node.frames if node.closed else node.frames - 1)
    shares = shares if node.at is None else np.array(node.rows_of("at"))
    made = []
    for place in np.interp(times[0] + shares * (times[-1] - times[0]), times, range(last + 1)):
        segment = min(int(place + 1e-9), last - 1)
        t = float(place) - segment
        t = {"linear": t, "smooth": t * t * (3 - 2 * t), "in": t * t, "out": t * (2 - t)}[node.ease]
        near, width = points[segment : segment + 4], keys[0].model.table.z_dim
        code = _between(near, t, node.path)
        if node.path == "slerp":  # class labels, after z, are interpolated linearly
            ends = [[one[:, :width] for one in near], [one[:, width:] for one in near]]
            code = torch.cat([_between(ends[0], t, "slerp"), _between(ends[1], t, "lerp")], dim=1)
        made.append(replace(keys[0], space=space, code=code))
    return made


def _between(points: list[Tensor], t: float, path: str) -> Tensor:
    before, a, b, after = points
    if path == "lerp":
        return a + t * (b - a)
    if path == "spline":  # Hermite form with Catmull-Rom tangents
        slope_a, slope_b = (b - before) / 2, (after - a) / 2
        h = (2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, -2 * t**3 + 3 * t**2, t**3 - t**2)
        return h[0] * a + h[1] * slope_a + h[2] * b + h[3] * slope_b
    cosine = float((a * b).sum() / (a.norm() * b.norm()))
    angle = math.acos(max(-1.0, min(1.0, cosine)))
    if math.sin(angle) < 1e-6:
        return a + t * (b - a)
    return (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle)
