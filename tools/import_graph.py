"""Draw the import graph: stages from the last to the first, and what each imports.

    python tools/import_graph.py            every stage and what it imports
    python tools/import_graph.py PACKAGE    the modules of one package, such as fgraph.stylegan

All imports count: those inside functions and those for type checkers too. The order of the stages is the first contract
of [tool.importlinter] in pyproject.toml; `lint-imports` enforces it. Exits with 1 if there is a cycle.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import grimp
import networkx as nx

ROOT = Path(__file__).resolve().parent.parent


def _read_stages() -> tuple[str, ...]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = settings["contracts"][0]["layers"]
    return tuple(name.strip() for layer in layers for name in layer.replace(":", "|").split("|"))


STAGES = _read_stages()  # the last first


def build_graph(external: bool = False) -> grimp.ImportGraph:
    """Return the graph of all imports; with `external`, those of libraries too."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return grimp.build_graph(
        "fgraph", "nodes", include_external_packages=external, exclude_type_checking_imports=False, cache_dir=None
    )


def stage_of(module: str) -> str | None:
    """Return the stage that a module belongs to; None for `fgraph` itself and for libraries."""
    parts = module.split(".")
    name = "nodes" if parts[0] == "nodes" else ".".join(parts[:2])
    return name if name in STAGES else None


def library_users(library: str) -> set[str]:
    """Return the modules that import a library."""
    graph = build_graph(external=True)
    return set(graph.find_modules_that_directly_import(library)) if library in graph.modules else set()


def cycles(graph: grimp.ImportGraph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others."""
    edges = ((name, other) for name in graph.modules for other in graph.find_modules_directly_imported_by(name))
    groups = nx.strongly_connected_components(nx.DiGraph(edges))
    return sorted(sorted(group) for group in groups if len(group) > 1)


def list_stages(graph: grimp.ImportGraph) -> list[str]:
    """Return a line for each stage: how many modules it has, and the stages that it imports."""
    imported: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for name in graph.modules:
        if (stage := stage_of(name)) is None:
            continue
        counts[stage] += 1
        others = {stage_of(other) for other in graph.find_modules_directly_imported_by(name)}
        imported[stage] |= {other for other in others if other is not None} - {stage}
    width = max(map(len, STAGES))
    return [
        f"{stage:{width}} {counts[stage]:4}  {' '.join(sorted(imported[stage], key=STAGES.index))}" for stage in STAGES
    ]


def list_package(graph: grimp.ImportGraph, package: str) -> list[str]:
    """Return a line for each module of a package: the modules of fgraph that it imports."""
    names = sorted(name for name in graph.modules if name == package or name.startswith(f"{package}."))
    return [f"{name}  {' '.join(sorted(graph.find_modules_directly_imported_by(name)))}" for name in names]


def main() -> int:
    graph = build_graph()
    found = cycles(graph)
    print("\n".join(list_package(graph, sys.argv[1]) if sys.argv[1:] else list_stages(graph)))
    print(f"\n{len(graph.modules)} modules, {graph.count_imports()} imports, {len(found)} cycles")
    for group in found:
        print("cycle: " + " -> ".join([*group, group[0]]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
