"""The order of nodes, and cycles.

networkx takes a fifth of a second to load, so only a graph with a cycle needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from fgraph.digraph.expansion import Flat

if TYPE_CHECKING:
    import networkx as nx

_MOST_CYCLES = 20  # reported at once


def in_order(nodes: Iterable[Flat]) -> tuple[list[Flat], list[list[str]]]:
    """Sort nodes topologically, otherwise in the given order; return them, and the cycles as paths of ids.

    The sorted nodes omit nodes on cycles and nodes that depend on these. Of cycles that share an edge, one is returned.
    """
    flats = list(nodes)
    rank = {flat.id: number for number, flat in enumerate(flats)}
    readers: list[list[int]] = [[] for _ in flats]
    waits = [0] * len(flats)  # the number of nodes that each still waits for
    for number, flat in enumerate(flats):
        for one in {rank[one] for ids in flat.inputs.values() for one in ids if one in rank}:
            readers[one].append(number)
            waits[number] += 1
    ready = [number for number, count in enumerate(waits) if not count]
    heapify(ready)
    ordered: list[Flat] = []
    while ready:  # Kahn's algorithm
        number = heappop(ready)
        ordered.append(flats[number])
        for reader in readers[number]:
            waits[reader] -= 1
            if not waits[reader]:
                heappush(ready, reader)
    return ordered, _find_cycles(flats, rank) if len(ordered) < len(flats) else []


def _find_cycles(flats: list[Flat], rank: Mapping[str, int]) -> list[list[str]]:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(rank)
    graph.add_edges_from((one, flat.id) for flat in flats for ids in flat.inputs.values() for one in ids if one in rank)
    found: list[list[str]] = []
    groups = (sorted(group, key=rank.__getitem__) for group in nx.strongly_connected_components(graph))
    for group in sorted(groups, key=lambda ids: rank[ids[0]]):  # the order of sets is arbitrary
        part: nx.DiGraph[str] = nx.DiGraph()
        part.add_nodes_from(group)
        part.add_edges_from((one, other) for one in group for other in graph[one] if other in part)
        if part.number_of_edges() == 0:
            continue
        while len(found) < _MOST_CYCLES and not nx.is_directed_acyclic_graph(part):
            edges = [edge[:2] for edge in nx.find_cycle(part)]
            part.remove_edges_from(edges)
            path = [start for start, _ in edges]
            first = path.index(min(path, key=rank.__getitem__))
            found.append([*path[first:], *path[: first + 1]])
    return sorted(found, key=lambda path: rank[path[0]])
