"""The order of nodes, and cycles.

networkx takes a tenth of a second to load, so functions import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fgraph.digraph.expansion import Flat

if TYPE_CHECKING:
    import networkx as nx

_MOST_CYCLES = 20  # reported at once


def in_order(nodes: Iterable[Flat]) -> tuple[list[Flat], list[list[str]]]:
    """Sort nodes topologically, otherwise in the given order; return them, and the cycles as paths of ids.

    The result omits nodes on cycles and nodes that depend on them. It has one of the cycles that share an edge.
    """
    import networkx as nx

    flats = list(nodes)
    rank = {flat.id: number for number, flat in enumerate(flats)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for flat in flats:
        graph.add_node(flat.id, flat=flat)
    graph.add_edges_from((one, flat.id) for flat in flats for ids in flat.inputs.values() for one in ids if one in rank)
    cycles: list[list[str]] = []
    if not nx.is_directed_acyclic_graph(graph):
        looped, cycles = _cycles(graph, rank)
        waiting = list(looped)
        while waiting:  # omit what depends on a cycle
            found = set(graph[waiting.pop()]) - looped
            looped |= found
            waiting += found
        graph.remove_nodes_from(looped)
    ordered = nx.lexicographical_topological_sort(graph, key=rank.__getitem__)
    return [flats[rank[node_id]] for node_id in ordered], cycles


def _cycles(graph: nx.DiGraph[str], rank: Mapping[str, int]) -> tuple[set[str], list[list[str]]]:
    import networkx as nx

    looped: set[str] = set()
    found: list[list[str]] = []
    groups = (sorted(group, key=rank.__getitem__) for group in nx.strongly_connected_components(graph))
    for group in sorted(groups, key=lambda ids: rank[ids[0]]):  # the order of sets is arbitrary
        part: nx.DiGraph[str] = nx.DiGraph()
        part.add_nodes_from(group)
        part.add_edges_from((one, other) for one in group for other in graph[one] if other in part)
        if part.number_of_edges() == 0:
            continue
        looped |= set(group)
        while len(found) < _MOST_CYCLES and not nx.is_directed_acyclic_graph(part):
            edges = [edge[:2] for edge in nx.find_cycle(part)]
            part.remove_edges_from(edges)
            path = [start for start, _ in edges]
            first = path.index(min(path, key=rank.__getitem__))
            found.append([*path[first:], *path[: first + 1]])
    return looped, sorted(found, key=lambda path: rank[path[0]])
