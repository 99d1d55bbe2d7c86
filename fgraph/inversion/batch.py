"""The inversion of images in memory, in one batch that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from fgraph.inversion.cache import InversionCache
from fgraph.inversion.optimise import Problem, Search, SearchOutcome
from fgraph.inversion.resuming import Resumable, run_search
from fgraph.inversion.snapshots import is_state

_KIND = "searches"


def invert(
    problem: Problem,
    images: Tensor,
    on_step: Callable[[Search], object] = lambda search: None,
    start: Tensor | None = None,
    *,
    rows: Sequence[int] | None = None,
    on_found: Callable[[int, SearchOutcome], object] = lambda row, found: None,
    cache: InversionCache | None = None,
    key: str = "",
) -> list[SearchOutcome]:
    """Invert images; return the result of each row.

    Args:
        problem: the generator, settings and losses.
        images: [rows, C, height, width] in [-1, 1].
        on_step: called after every step; may raise to cancel the search.
        start: the codes to start from, [rows, ...]; by default the mean.
        rows: the images to invert; by default all.
        on_found: called with each row as soon as it finishes.
        cache: where an unfinished search is stored every few seconds, to continue from; by default nowhere.
        key: the digest of everything that the results of all images depend on, for the cache.

    Raises:
        ValueError: the images don't have the size and channels of the generator.
    """
    _check_size(problem, images)
    rows = range(len(images)) if rows is None else rows
    found: dict[int, SearchOutcome] = {}

    def resume(members: list[int], state: Mapping[str, Tensor] | None) -> Search | None:
        if state is not None and not is_state(problem, len(members), state):
            return None
        targets = images[members].to(problem.generator.device, problem.generator.dtype)
        return Search(problem, targets, state, None if start is None else start[members])

    def make(members: list[int]) -> Search:
        search = resume(members, None)
        assert search is not None
        return search

    def note(row: int, outcome: SearchOutcome) -> None:
        found[row] = outcome
        on_found(row, outcome)

    with torch.inference_mode(False), torch.enable_grad():
        images = images.clone()  # tensors made in inference mode have no gradient
        start = None if start is None else start.clone()
        resumable = Resumable(cache or InversionCache(None), _KIND, key, make, resume)
        run_search(resumable, rows, note, on_step)
    return [found[row] for row in rows]


def _check_size(problem: Problem, images: Tensor) -> None:
    table = problem.generator.table
    wanted = (table.image_channels, *table.size)
    if tuple(images.shape[1:]) != wanted:
        given, expected = ("x".join(map(str, shape)) for shape in (images.shape[1:], wanted))
        raise ValueError(f"images are {given}, the generator makes {expected} (channels, height, width)")
