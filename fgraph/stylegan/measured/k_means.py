"""Spherical k-means: clusters of unit vectors by the cosine of the angle between them."""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST = 1e-12


def spherical_k_means(
    points: Tensor, count: int, draw: torch.Generator, *, rounds: int, starts: int = 1
) -> tuple[Tensor, Tensor]:
    """Cluster unit vectors (Dhillon & Modha 2001; Hornik et al. 2012), with seeds of k-means++.

    Args:
        points: [n, C], each of length 1.
        count: the number of clusters, at most n.
        draw: the source of the seeds.
        rounds: the most iterations of one start.
        starts: the number of starts; the result with the largest sum of cosines is returned.

    Returns:
        Unit centres [count, C], and the cluster of each point, [n]. No cluster is empty.
    """
    best: tuple[Tensor, Tensor] | None = None
    highest = -torch.inf
    for _ in range(starts):
        centres, groups = _iterate(points, _seeds(points, count, draw), rounds)
        score = float((points * centres[groups]).sum())
        if best is None or score > highest + 1e-9:
            best, highest = (centres, groups), score
    assert best is not None
    return best


def _seeds(points: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """Draw centres from the points, each with a weight of 1 - cos to the nearest centre drawn so far."""
    centres = points[torch.randint(len(points), (1,), generator=draw)]
    while len(centres) < count:
        far = (1 - (points @ centres.t()).amax(dim=1)).clamp_min(_LEAST)
        centres = torch.cat([centres, points[torch.multinomial(far, 1, generator=draw)]])
    return centres


def _iterate(points: Tensor, centres: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    groups = torch.full((len(points),), -1)
    for _ in range(rounds):
        found = _assign(points @ centres.t())
        if torch.equal(found, groups):
            break
        groups = found
        sums = torch.zeros_like(centres).index_add_(0, groups, points)
        centres = torch.nn.functional.normalize(sums, dim=1, eps=_LEAST)
    return centres, groups


def _assign(cosines: Tensor) -> Tensor:
    """Return the nearest centre of each point, given cosines [n, count]; an empty cluster takes the farthest point."""
    groups = cosines.argmax(dim=1)
    counts = torch.bincount(groups, minlength=cosines.shape[1])
    for empty in torch.nonzero(counts == 0).flatten().tolist():
        to_centre = cosines.gather(1, groups[:, None])[:, 0]
        farthest = int(to_centre.masked_fill(counts[groups] < 2, torch.inf).argmin())
        counts[groups[farthest]] -= 1
        groups[farthest], counts[empty] = empty, 1
    return groups
