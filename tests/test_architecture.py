"""The architecture of the project: contracts of imports, late imports of torch, one kernel for each operation."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import grimp
import pytest
from import_graph import STAGES, build_graph, cycles, library_users, stage_of

ROOT = Path(__file__).parent.parent
TORCH_FREE = STAGES[STAGES.index("fgraph.plan") :]  # the plan and every stage below it
LOADS_TORCH = ("fgraph.stylegan", "fgraph.inversion", "fgraph.dragging")  # packages with modules that run networks


@cache
def graph() -> grimp.ImportGraph:
    """Return every import of the project, including imports inside functions and for type checkers."""
    return build_graph()


def test_every_module_is_in_a_stage() -> None:
    assert {name for name in graph().modules if stage_of(name) is None} == {"fgraph"}
    assert set(STAGES) == {stage_of(name) for name in graph().modules} - {None}


def test_the_contracts_of_imports_hold() -> None:
    """The contracts are in pyproject.toml, under [tool.importlinter]."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_module_imports_itself_through_others() -> None:
    assert cycles(graph()) == []


def test_a_cycle_is_found() -> None:
    made = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")):
        made.add_import(importer=importer, imported=imported)
    assert cycles(made) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("networkx", {"fgraph.digraph"}),
        ("pygraphviz", set()),  # imported by a child process of fgraph._graphviz
        ("omegaconf", {"fgraph.declare", "fgraph.cli", "fgraph.sweep"}),
        ("hydra", {"fgraph.declare", "fgraph.cli", "fgraph.sweep"}),
    ],
)
def test_a_library_stays_in_its_stages(library: str, allowed: set[str]) -> None:
    assert {stage_of(name) for name in library_users(library)} <= allowed


def test_no_stage_before_the_runtime_imports_torch() -> None:
    light = [stage for stage in TORCH_FREE if stage not in LOADS_TORCH]
    names = sorted(name for name in graph().modules if stage_of(name) in light)
    assert len(names) > 100
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names!r}]; print('torch' in sys.modules)"
    )
    assert run_python(code) == "False"


def test_each_operation_that_is_run_has_one_kernel() -> None:
    from fgraph.ir.ops import OPS, BaselineRows
    from fgraph.runtime.kernels import KERNELS

    assert len(set(OPS)) == len(OPS)
    assert set(OPS) == {*KERNELS, BaselineRows}
    assert len({op.name for op in OPS}) == len(OPS)


def test_every_file_in_nodes_is_listed() -> None:
    from fgraph.registry import op_of
    from nodes import NODES, OPS, classes_of

    files = {f"nodes.{path.stem}" for path in (ROOT / "nodes").glob("[!_]*.py")}
    assert {node.__module__ for node in NODES} == files
    assert {op: {op_of(node) for node in classes_of(op)} for op in OPS} == {op: {op} for op in OPS}


def run_python(code: str) -> str:
    """Run code in a fresh interpreter and return its output."""
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


def test_a_graph_is_checked_with_few_imports() -> None:
    """A check loads neither torch nor Pillow, neither passes nor plans, and only the nodes that the graph names."""
    wrong = GRAPH.replace("a: left", "a: lef")
    code = f"import sys, fgraph, fgraph.cli; print([fault.hint for fault in fgraph.check({wrong!r})]); "
    code += "fgraph.cli.main(['check', 'blend_horizontal']); print(*sorted(sys.modules))"
    hints, done, loaded = run_python(code).splitlines()
    assert hints == "[\"did you mean 'left'?\"]"
    assert done == "blend_horizontal: ok"
    unused = {
        "torch",
        "hydra",
        "PIL",
        "networkx",
        "fgraph.passes",
        "fgraph.plan",
        "fgraph.save.writer",
        "fgraph.inversion",
    }
    assert unused & set(loaded.split()) == set()
    assert {one for one in loaded.split() if one.startswith("nodes.") and one[6] != "_"} == {
        f"nodes.{op}" for op in ("sample", "mask", "blend", "decode", "truncate")
    }  # `sample` truncates
