"""Kernels of point-based editing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor

from fgraph._cache import cache_folder
from fgraph._log import get_logger
from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import DragOutcome, DragSearch
from fgraph.dragging.settings import REMEDIES
from fgraph.inversion.cache import InversionCache, make_key
from fgraph.inversion.resuming import run_search
from fgraph.ir.ops import Arrows, Drag, DragPart
from fgraph.ir.ops.dragging import TRAIL
from fgraph.runtime.drag_outcomes import Outcomes, lay_out
from fgraph.runtime.drag_snapshots import resumable_drag
from fgraph.runtime.kernels.context import KernelContext, Params

_LOG = get_logger()
_DRAWN = 16  # segments of a drawn trail
_WHITE, _RED, _BLUE = (1.0, 1.0, 1.0), (1.0, -0.5, -0.5), (-0.6, -0.2, 1.0)


def drag(op: Drag, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Move the points of every row by optimisation of its code: code, ending and trail of each row.

    Rows are cached by content in the user's cache folder as they finish, and unfinished ones every few seconds.
    """
    codes, mask = inputs[0], inputs[1] if len(inputs) > 1 else None
    points = [cast(DragPoints, param) for param in params]
    cache, generator = InversionCache(cache_folder() if context.keeps else None), context.generators[op.model]
    outcomes = Outcomes(cache, generator, op.settings, context.dtype, op.every)
    keys = [outcomes.key(codes[row], points[row], None if mask is None else mask[row]) for row in range(len(codes))]
    found = {row: known for row, key in enumerate(keys) if (known := outcomes.read(key, points[row])) is not None}
    missing = [row for row in range(len(codes)) if row not in found]

    def make(members: list[int]) -> DragSearch:
        given = None if mask is None else mask[members].clone()
        return DragSearch(
            generator, op.settings, codes[members].clone(), [points[row] for row in members], given, every=op.every
        )

    def note(row: int, outcome: DragOutcome) -> None:
        found[row] = outcome
        outcomes.write(keys[row], outcome)

    if missing:
        resumable = resumable_drag(cache, make_key("drag search", keys), make)
        with torch.inference_mode(False), torch.enable_grad(), context.searching("drag", op.settings.steps) as job:
            run_search(
                resumable,
                missing,
                note,
                lambda search: job.step(search.done, len(search.rows), distance=search.distance),
            )
    _warn_of_endings(found)
    rows = [lay_out(op, found[row], points[row], generator.table.size) for row in range(len(codes))]
    return torch.stack(rows).to(context.device, context.dtype)


def _warn_of_endings(found: Mapping[int, DragOutcome]) -> None:
    """Warn of rows whose points did not arrive, with the remedy."""
    for ending, remedy in REMEDIES.items():
        ended = sorted(row for row, one in found.items() if one.ending == ending)
        if not ended:
            continue
        rows = f"row {ended[0]}" if len(ended) == 1 else f"{len(ended)} rows, the first is row {ended[0]}"
        one = found[ended[0]]
        after = f"{ending} after {one.steps} steps, {one.distance:.1f} pixels from the targets"
        _LOG.warning("drag: %s: %s: %s", rows, after, remedy)


def part(op: DragPart, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Take a part of the result of a drag."""
    return inputs[0][:, op.columns].reshape(-1, *op.shape)


def arrows(op: Arrows, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Draw the paths of points: trails (white), where they began (red) and where they are (blue)."""
    images, trails = inputs[0].clone(), inputs[1][:, :: TRAIL // _DRAWN]
    height, width = images.shape[2:]
    y = torch.arange(height, device=images.device, dtype=images.dtype)[:, None]
    x = torch.arange(width, device=images.device, dtype=images.dtype)
    pixels = torch.stack([x.expand(height, width), y.expand(height, width)], dim=-1)  # [H, W, 2]
    half = op.width * min(height, width) / 2
    white, red, blue = context.constant((_WHITE, _RED, _BLUE), images.dtype)
    ends = torch.cat([trails, inputs[1][:, -1:]], dim=1) * context.constant([width, height], images.dtype) - 0.5
    for image, of_image in zip(images, ends, strict=True):
        for trail in of_image.unbind(1):
            present = (trail[0] >= -0.5).all().to(images.dtype)  # false if the row has fewer points
            _paint(image, _from_lines(pixels, trail) - half, white, present)
            for end, colour in ((trail[0], red), (trail[-1], blue)):
                _paint(image, (pixels - end).norm(dim=2) - 2.5 * half, colour, present)
    return images


def _from_lines(pixels: Tensor, trail: Tensor) -> Tensor:
    """Return the distance of pixels [H, W, 2] from a polyline [n, 2]."""
    nearest = pixels.new_full(pixels.shape[:2], torch.inf)
    for start, end in pairwise(trail):
        along = end - start
        share = ((pixels - start) @ along / along.square().sum().clamp_min(1e-9)).clamp(0, 1)
        nearest = torch.minimum(nearest, (pixels - start - share[..., None] * along).norm(dim=2))
    return nearest


def _paint(image: Tensor, outside: Tensor, colour: Tensor, present: Tensor) -> None:
    """Paint an image [C, H, W] where `outside`, in pixels, is negative, with smooth edges."""
    alpha = (0.5 - outside).clamp(0, 1) * present
    channels = colour[: len(image), None, None]
    image[: len(channels)].lerp_(channels.expand(-1, *alpha.shape), alpha)
