"""Kernels of point-based editing."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor

from fgraph._cache import cache_folder
from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import Dragged, DragSearch
from fgraph.dragging.settings import ENDINGS
from fgraph.inversion.cache import InversionCache, are_tensors, make_key
from fgraph.ir.ops import Arrows, Drag, DragPart
from fgraph.ir.ops.dragging import ABSENT, TRAIL
from fgraph.runtime.drag_snapshots import run_search
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.progress import progress

_DRAWN = 16  # segments of a drawn trail
_WHITE, _RED, _BLUE = (1.0, 1.0, 1.0), (1.0, -0.5, -0.5), (-0.6, -0.2, 1.0)


def drag(op: Drag, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Move the points of every row by optimisation of its code: code, ending and trail of each row.

    Rows are cached by content in the user's cache folder as they finish, and unfinished ones every few seconds.
    """
    codes, mask = inputs[0], inputs[1] if len(inputs) > 1 else None
    cache = InversionCache(cache_folder())
    keys = [
        _key(op, context, codes[row], params[row], None if mask is None else mask[row]) for row in range(len(codes))
    ]
    rows = {row: known for row, key in enumerate(keys) if (known := _cached(cache, op, key)) is not None}
    missing = [row for row in range(len(codes)) if row not in rows]

    def make(members: list[int]) -> DragSearch:
        points = [cast(DragPoints, params[row]) for row in members]
        given = None if mask is None else mask[members].clone()
        return DragSearch(context.generators[op.model], op.settings, codes[members].clone(), points, given)

    def note(row: int, one: Dragged) -> None:
        rows[row] = _row(op, one)
        cache.write("drags", keys[row], {"row": rows[row]}, {})

    with torch.inference_mode(False), torch.enable_grad(), progress(op.settings.steps, "dragging") as job:

        def advance(search: DragSearch) -> None:
            job.note(rows=str(len(search.rows)))
            job.advance()

        if missing:
            key = make_key("drag search", keys)
            run_search(make, missing, cache, key=key, on_found=note, on_step=advance)
    return torch.stack([rows[row] for row in range(len(codes))]).to(context.device, context.dtype)


def _key(op: Drag, context: KernelContext, code: Tensor, points: Hashable, mask: Tensor | None) -> str:
    """Return the key of everything that the result of a row depends on."""
    tensors = [code] if mask is None else [code, mask]
    content = [hashlib.sha256(one.float().cpu().contiguous().numpy().tobytes()).hexdigest() for one in tensors]
    digest = context.generators[op.model].digest
    return make_key("drag", digest, op.settings.digest, str(op.points), repr(points), str(context.dtype), content)


def _cached(cache: InversionCache, op: Drag, key: str) -> Tensor | None:
    """Return the row of an earlier run, if there is one and it is whole."""
    entry, (length,) = cache.read("drags", key), op.length
    return entry.tensors["row"] if entry and are_tensors(entry.tensors, {"row": (length,)}) else None


def part(op: DragPart, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Take a part of the result of a drag."""
    return inputs[0][:, op.columns].reshape(-1, *op.shape)


def arrows(op: Arrows, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Draw the ways of points: trails (white), where they began (red) and where they are (blue)."""
    images, trails = inputs[0].clone(), inputs[1][:, :: TRAIL // _DRAWN]
    height, width = images.shape[2:]
    y = torch.arange(height, device=images.device, dtype=images.dtype)[:, None]
    x = torch.arange(width, device=images.device, dtype=images.dtype)
    pixels = torch.stack([x.expand(height, width), y.expand(height, width)], dim=-1)  # [H, W, 2]
    half = op.width * min(height, width) / 2
    white, red, blue = context.constant((_WHITE, _RED, _BLUE), images.dtype)
    ends = torch.cat([trails, inputs[1][:, -1:]], dim=1) * context.constant([width, height], images.dtype) - 0.5
    for image, ways in zip(images, ends, strict=True):
        for way in ways.unbind(1):
            there = (way[0] >= -0.5).all().to(images.dtype)  # else the row has fewer points
            _paint(image, _from_lines(pixels, way) - half, white, there)
            for end, colour in ((way[0], red), (way[-1], blue)):
                _paint(image, (pixels - end).norm(dim=2) - 2.5 * half, colour, there)
    return images


def _from_lines(pixels: Tensor, way: Tensor) -> Tensor:
    """Return the distance of pixels [H, W, 2] from a polyline [n, 2]."""
    nearest = pixels.new_full(pixels.shape[:2], torch.inf)
    for start, end in pairwise(way):
        along = end - start
        share = ((pixels - start) @ along / along.square().sum().clamp_min(1e-9)).clamp(0, 1)
        nearest = torch.minimum(nearest, (pixels - start - share[..., None] * along).norm(dim=2))
    return nearest


def _paint(image: Tensor, outside: Tensor, colour: Tensor, there: Tensor) -> None:
    """Paint an image [C, H, W] where `outside`, in pixels, is negative, with smooth edges."""
    alpha = (0.5 - outside).clamp(0, 1) * there
    channels = colour[: len(image), None, None]
    image[: len(channels)].lerp_(channels.expand(-1, *alpha.shape), alpha)


def _row(op: Drag, one: Dragged) -> Tensor:
    """Lay out the outcome of a row: its trail at `TRAIL` even times, with `ABSENT` for the points that it has not."""
    at = torch.linspace(0, one.steps, TRAIL).round().long()
    trail = torch.full((TRAIL, op.points, 2), ABSENT)
    trail[:, : one.trail.shape[1]] = one.trail[at].float()
    ending = torch.tensor([float(ENDINGS.index(one.ending)), float(one.steps), one.distance])
    return torch.cat([one.code.flatten().float(), ending, trail.flatten()])
