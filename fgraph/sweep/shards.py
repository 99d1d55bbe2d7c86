"""Shards of a sweep: jobs that share work are in the same shard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from fgraph._errors import GraphError
from fgraph._ports import Kind
from fgraph._seeds import derive_seed
from fgraph.api.graph_jobs import GraphJob
from fgraph.digraph import WiredNode, Wiring, wire
from fgraph.node import field_roles

_SLACK = 0.25  # distance that a cut may move from the place that makes all shards equal, as a share of a shard


@dataclass(frozen=True)
class JobFingerprint:
    """The computation of a job: a digest for each node, in order of dependency, and an estimate of its cost."""

    digests: tuple[str, ...] = ()
    weight: float = 1.0

    def common(self, other: JobFingerprint) -> int:
        """Return how many nodes two jobs have in common."""
        return len(set(self.digests) & set(other.digests))


def cut(fingerprints: Sequence[JobFingerprint], count: int) -> list[list[int]]:
    """Cut jobs into at most `count` shards of about equal weight; return the job numbers of each shard.

    Jobs are sorted by their digests, so that jobs with a common prefix are neighbours. Each cut is placed where its
    neighbours share the fewest nodes, near the place that makes the shards equal.

    >>> a, b = JobFingerprint(("a", "x")), JobFingerprint(("b", "x"))
    >>> cut([a, b, a, b], 2)
    [[0, 2], [1, 3]]
    """
    count = min(count, len(fingerprints))
    order = sorted(range(len(fingerprints)), key=lambda number: fingerprints[number].digests)
    ends = np.cumsum([fingerprints[number].weight for number in order])
    shared = [fingerprints[a].common(fingerprints[b]) for a, b in pairwise(order)]
    cuts = [0]
    for shard in range(1, count):
        left = len(order) - (count - shard)  # the last place that leaves a job for each later shard
        cuts.append(_place(ends, shared, shard / count, 1 / count, range(cuts[-1] + 1, left + 1)))
    return [order[start:stop] for start, stop in zip(cuts, [*cuts[1:], len(order)], strict=True)]


def _place(
    ends: np.ndarray[Any, np.dtype[np.float64]], shared: Sequence[int], share: float, width: float, places: range
) -> int:
    """Return the job to cut before: within the slack, the one that shares the fewest nodes with the job before it."""
    off = {place: abs(ends[place - 1] / ends[-1] - share) for place in places}
    near = [place for place in places if off[place] <= _SLACK * width] or [min(places, key=lambda one: off[one])]
    return min(near, key=lambda place: (shared[place - 1], off[place]))


def fingerprint(job: GraphJob) -> JobFingerprint:
    """Return the fingerprint of a job; it is empty if the graph is wrong."""
    try:
        wiring, faults = wire(job.graph.spec)
    except GraphError:
        return JobFingerprint()
    if faults:
        return JobFingerprint()
    digests: dict[str, str] = {}
    for wired in wiring.nodes:
        if wired.id in wiring.used:
            digests[wired.id] = _digest(wired, wiring, digests)
    passes = (one.rows for one in wiring.nodes if one.id in digests and one.kind in (Kind.FEATURES, Kind.IMAGE))
    return JobFingerprint(tuple(digests.values()), max(1.0, float(sum(passes))))


def _digest(wired: WiredNode, wiring: Wiring, known: dict[str, str]) -> str:
    """Return the digest of a node, over its class, its fields, its derived seed, and the digests of its inputs."""
    ports = field_roles(type(wired.node)).ports
    fields = {name: getattr(wired.node, name) for name in type(wired.node).model_fields if name not in ports}
    if "seed" in fields and fields["seed"] is None:
        fields["seed"] = derive_seed(wiring.spec.seed, wired.id)
    read = {port: [known[one] for one in ids] for port, ids in wired.inputs.items()}
    text = repr((type(wired.node).__name__, fields, read, dict(wiring.spec.models), wiring.spec.noise))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
