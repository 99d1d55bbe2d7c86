"""The cut of the project: imports run backwards along the pipeline, torch comes last, kernels match operations."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIPELINE: tuple[tuple[str, ...], ...] = (
    ("_collector", "_downloads", "_errors", "_paths", "_seeds", "_version"),
    ("_limits", "_sizes", "_temporary"),
    ("_options",),
    ("_atomic", "_files", "_geometry", "_graphviz", "_arrays", "_imaging"),
    ("_cache",),
    ("stylegan",),
    ("array_files",),
    ("masks", "_ports", "_results"),
    ("inversion",),
    ("ir",),
    ("lowering",),
    ("node",),
    ("nodes", "registry"),
    ("declare",),
    ("digraph",),
    ("stacks",),
    ("analysis",),
    ("passes",),
    ("plan",),
    ("runtime",),
    ("save",),
    ("api",),
    ("sweep",),
    ("training",),
    ("cli",),
)
RANK = {part: rank for rank, parts in enumerate(PIPELINE) for part in parts}
NODES_MAY_READ = {
    "_arrays",
    "array_files",
    "_geometry",
    "_imaging",
    "_ports",
    "inversion",
    "ir",
    "lowering",
    "masks",
    "node",
    "stylegan",
}
TORCH_FREE = (  # before the runtime
    "_errors",
    "_geometry",
    "_ports",
    "array_files",
    "masks",
    "ir",
    "lowering",
    "node",
    "declare",
    "digraph",
    "stacks",
    "analysis",
    "passes",
    "plan",
)


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in ("fgraph", "nodes"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def part_of(module: str) -> str:
    """`ir` for `fgraph.ir.ops.base`; `nodes` for `nodes.tap`."""
    return module.split(".")[1] if module.startswith("fgraph.") else module.split(".", maxsplit=1)[0]


def statements(body: list[ast.stmt], everywhere: bool) -> Iterator[ast.stmt]:
    """The statements that run on import; with `everywhere` all, those for type checkers too."""
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test) and not everywhere:
            yield from statements(statement.orelse, everywhere)
            continue
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and not everywhere:
            continue
        yield statement
        for field in ("body", "orelse", "finalbody", "handlers"):
            for inner in getattr(statement, field, []):
                yield from statements([inner] if isinstance(inner, ast.stmt) else inner.body, everywhere)


@cache
def imported(module: str, everywhere: bool = True) -> frozenset[str]:
    """The modules that a module imports, ours by their full name."""
    found: set[str] = set()
    for statement in statements(ast.parse(modules()[module].read_text(encoding="utf-8")).body, everywhere):
        if isinstance(statement, ast.Import):
            found.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{module} has a relative import"
            source = str(statement.module)
            inner = {f"{source}.{alias.name}" for alias in statement.names}
            found.update(inner & modules().keys())
            if inner - modules().keys():
                found.add(source)
    return frozenset(found)


def libraries(module: str, everywhere: bool = True) -> set[str]:
    """The packages that a module imports from."""
    return {name.split(".")[0] for name in imported(module, everywhere)}


def ours(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in ("fgraph", "nodes") and name != "fgraph"}


def test_every_module_has_its_place_in_the_pipeline() -> None:
    parts = {part_of(name) for name in modules() if name != "fgraph"}
    assert parts - RANK.keys() == set()
    assert RANK.keys() - parts - {"sweep"} == set()


def test_imports_run_backwards_along_the_pipeline() -> None:
    ahead = [
        f"{module} imports {other}"
        for module in modules()
        if module != "fgraph"
        for other in ours(imported(module))
        if part_of(other) != part_of(module) and RANK[part_of(other)] >= RANK[part_of(module)]
    ]
    assert ahead == []


def test_nodes_know_only_what_lowering_needs() -> None:
    own = [name for name in modules() if name.split(".")[0] == "nodes"]
    read = {part_of(other) for module in own for other in ours(imported(module))} - {"nodes"}
    assert read - NODES_MAY_READ == set()
    assert not [module for module in own if "torch" in libraries(module)]


TRAINING_MAY_READ = {"_atomic", "_cache", "_errors", "_imaging", "_paths", "stylegan"}


def test_training_knows_the_generator_and_nothing_of_the_pipeline() -> None:
    own = [name for name in modules() if part_of(name) == "training"]
    read = {part_of(other) for module in own for other in ours(imported(module))} - {"training"}
    assert read <= TRAINING_MAY_READ
    users = {part_of(name) for name in modules() if any(part_of(one) == "training" for one in ours(imported(name)))}
    assert users == {"training", "cli"}


KNOWN_CIRCLE = {"fgraph.plan.plan", "fgraph.plan.text"}  # by annotations; to be broken


@pytest.mark.parametrize("everywhere", [False, True], ids=["on import", "anywhere, for type checkers too"])
def test_no_module_imports_itself_through_others(everywhere: bool) -> None:
    def visit(module: str, trail: tuple[str, ...]) -> None:
        if {module, *trail[-1:]} == KNOWN_CIRCLE:
            return
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for other in sorted(imported(module, everywhere) & modules().keys()):
                visit(other, (*trail, module))
            done.add(module)

    done: set[str] = set()
    for module in modules():
        visit(module, ())
    assert done == set(modules())


def test_networkx_stays_in_digraph() -> None:
    users = {part_of(name) for name in modules() if "networkx" in libraries(name)}
    assert users == {"digraph"}


def test_one_module_knows_graphviz() -> None:
    assert [name for name, path in modules().items() if "pygraphviz" in path.read_text("utf-8")] == ["fgraph._graphviz"]


def test_omegaconf_and_hydra_stay_in_the_stages_that_read_configuration() -> None:
    for library, allowed in (("omegaconf", {"declare", "cli", "sweep"}), ("hydra", {"declare", "cli", "sweep"})):
        users = {part_of(name) for name in modules() if library in libraries(name)}
        assert users <= allowed, library


def test_no_stage_before_the_runtime_imports_torch() -> None:
    stages = [name for name in modules() if part_of(name) in TORCH_FREE]
    assert len(stages) > 50
    assert not [module for module in stages if "torch" in libraries(module, everywhere=False)]


def test_each_operation_that_is_run_has_one_kernel() -> None:
    from fgraph.ir.ops import OPS, BaselineRows, Join
    from fgraph.runtime.kernels import KERNELS

    assert len(set(OPS)) == len(OPS)
    assert set(OPS) == {*KERNELS, Join, BaselineRows}
    assert len({op.name for op in OPS}) == len(OPS)


def test_every_file_in_nodes_is_listed() -> None:
    from nodes import NODES

    files = {f"nodes.{path.stem}" for path in (ROOT / "nodes").glob("[!_]*.py")}
    assert {node.__module__ for node in NODES} == files


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


GRAPH = """
nodes:
  left: {op: sample, truncation: 0.7}
  right: {op: sample}
  fade: {op: mask, kind: ramp}
  mix: {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image]
"""
HEAVY = "sorted({'torch', 'hydra', 'scipy', 'networkx'} & set(sys.modules))"


def test_importing_fgraph_loads_neither_torch_nor_hydra() -> None:
    loaded = run_python(f"import sys, fgraph; print({HEAVY})")
    assert "torch" not in loaded
    assert "hydra" not in loaded


def test_compiling_and_explaining_a_graph_does_not_load_torch() -> None:
    code = f"import sys, fgraph; plan = fgraph.compile(fgraph.load({GRAPH!r})); print(str(plan)); print({HEAVY})"
    *table, loaded = run_python(code).splitlines()
    assert any("b8.conv0" in line for line in table)
    assert "torch" not in loaded


def test_a_wrong_graph_is_told_without_torch() -> None:
    wrong = GRAPH.replace("a: left", "a: lef")
    code = f"import sys, fgraph; print([fault.hint for fault in fgraph.check({wrong!r})]); print({HEAVY})"
    hints, loaded = run_python(code).splitlines()
    assert hints == "[\"did you mean 'left'?\"]"
    assert "torch" not in loaded
