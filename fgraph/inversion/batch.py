"""The inversion of images in memory, in one batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fgraph.inversion.optimise import Problem, Search, SearchOutcome


def invert(
    problem: Problem,
    images: Tensor,
    on_step: Callable[[Search], object] = lambda search: None,
    start: Tensor | None = None,
) -> list[SearchOutcome]:
    """Invert images; return the result of each row.

    Args:
        problem: the generator, settings and losses.
        images: [rows, C, height, width] in [-1, 1].
        on_step: called after every step.
        start: codes to start from, [rows, ...]; by default the mean.

    Raises:
        ValueError: the images haven't the size and channels of the generator.
    """
    table = problem.generator.table
    wanted = (table.image_channels, *table.size)
    if tuple(images.shape[1:]) != wanted:
        given, expected = ("x".join(map(str, shape)) for shape in (images.shape[1:], wanted))
        raise ValueError(f"images are {given}, the generator makes {expected} (channels, height, width)")
    found: dict[int, SearchOutcome] = {}
    with torch.inference_mode(False), torch.enable_grad():
        search = Search(problem, images.to(problem.generator.device, problem.generator.dtype, copy=True), start=start)
        while search.rows:
            found |= search.step()
            on_step(search)
    return [found[row] for row in range(len(images))]
