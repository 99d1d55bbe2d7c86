"""Fixtures of passes: the text of small programs before and after.

After an intended change, write the files again with `python -m tests.passes.test_fixtures` and review the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fgraph.ir.baseline import Baseline
from fgraph.ir.program import Program
from fgraph.ir.verify import verify
from fgraph.passes import cse, dce, find_differences, reuse, simplify, stack
from tests.programs import lowered

FILES = Path(__file__).parent / "fixtures"
PAUSED = {
    "a": {"op": "sample", "seed": 1},
    "b": {"op": "sample", "seed": 2},
    "ta": {"op": "tap", "of": "a", "layer": "b4.conv1"},
    "tb": {"op": "tap", "of": "b", "layer": "b4.conv1"},
}


@dataclass(frozen=True)
class Fixture:
    """A program and the pass that rewrites it."""

    name: str
    says: str
    rewrite: Callable[..., Program]
    documents: tuple[dict[str, Any], ...]
    baseline: tuple[dict[str, Any], ...] = ()  # the graphs of an earlier run, which the pass reads too

    @property
    def path(self) -> Path:
        return FILES / f"{self.name}.txt"

    def text(self) -> str:
        program = lowered(*self.documents)
        earlier = f"baseline:\n{lowered(*self.baseline)}\n" if self.baseline else ""
        return f"# {self.says}\n\n{earlier}before:\n{program}\nafter:\n{verify(self.rewritten(program))}"

    def rewritten(self, program: Program) -> Program:
        if not self.baseline:
            return self.rewrite(program)
        earlier = lowered(*self.baseline)
        tensors = dict.fromkeys(range(len(earlier.instructions)))  # passes read only the keys
        return self.rewrite(program, Baseline(earlier, tensors, {}, "float32"))


def document(outputs: list[str], seed: int = 0, **nodes: Any) -> dict[str, Any]:
    return {"seed": seed, "noise": {"mode": "none"}, "nodes": nodes, "outputs": outputs}


def constant(value: Any) -> dict[str, Any]:
    return {"op": "mask", "kind": "constant", "value": value}


def blend(a: str, b: str, mask: str) -> dict[str, Any]:
    return {"op": "blend", "a": a, "b": b, "mask": mask, "layers": "here"}


def paused(layer: str, seed: Any) -> dict[str, Any]:
    return {"z": {"op": "sample", "seed": seed}, "t": {"op": "tap", "of": "z", "layer": layer}}


def moved(amount: Any) -> dict[str, Any]:
    return {"op": "shift", "of": "t", "dx": amount}


def box_edit(alpha: Any) -> dict[str, Any]:
    box = {"op": "mask", "kind": "box", "box": [0, 0, 0.25, 0.25], "alpha": alpha}
    nodes = {name: node | ({"layer": "b8.conv1"} if node["op"] == "tap" else {}) for name, node in PAUSED.items()}  # type: ignore[index, operator]
    return document(["m"], **nodes, k=box, m=blend("ta", "tb", "k"))


FIXTURES = (
    Fixture(
        "stack_runs",
        "The calls of the cells of a mosaic become one call, and so do their masks.",
        stack,
        (
            document(
                ["t"],
                z={"op": "sample", "seed": [1, 2, 3]},
                m={"op": "mosaic", "of": "z", "grid": [1, 3]},
                t={"op": "tap", "of": "m", "layer": "b4.torgb"},
            ),
        ),
    ),
    Fixture(
        "simplify_weights",
        "Rows of a mix with all weight on one operand are that operand; the row between stays a mix.",
        simplify,
        (document(["m"], **PAUSED, alpha=constant([0, 0.5, 1]), m=blend("ta", "tb", "alpha")),),
    ),
    Fixture(
        "simplify_nested_weights",
        "Of three operands one has no weight in a row: that row's mix has two.",
        simplify,
        (
            document(
                ["n"],
                **PAUSED,
                c={"op": "sample", "seed": 3},
                inner=constant([0.5, 0]),
                outer=constant(0.25),
                m={"op": "blend", "a": "a", "b": "b", "mask": "inner"},
                m2={"op": "blend", "a": "m", "b": "c", "mask": "outer"},
                n={"op": "tap", "of": "m2", "layer": "b4.conv1"},
            ),
        ),
    ),
    Fixture(
        "simplify_equal_operands",
        "A mix of a value with itself is that value, whatever the mask.",
        simplify,
        (document(["m"], **PAUSED, fade={"op": "mask", "kind": "ramp"}, m=blend("ta", "ta", "fade")),),
    ),
    Fixture(
        "simplify_edits",
        "A shift by nothing, and a roll by a whole canvas, are no edits; the others stay, with fewer rows.",
        simplify,
        (document(["s"], **paused("b4.conv1", 1), s=moved([0, 0.25, 1, 0.5])),),
    ),
    Fixture(
        "simplify_identities",
        "A pad by nothing, a crop of all and a resize to the same size are no edits.",
        simplify,
        (
            document(
                ["r"],
                **paused("b4.conv1", 1),
                p={"op": "pad", "of": "t"},
                c={"op": "crop", "of": "p"},
                r={"op": "resize", "of": "c"},
            ),
        ),
    ),
    Fixture(
        "cse_rows",
        "Equal rows of one operation are one row.",
        cse,
        (document(["t"], **paused("b4.conv1", [5, 6, 5])),),
    ),
    Fixture(
        "cse_across_operations",
        "The same layer on the same styles, lowered twice because one pass continues, is called once.",
        cse,
        (
            document(
                ["t", "u"],
                **paused("b4.conv1", [5, 6]),
                y={"op": "sample", "seed": 6, "truncation": 1.0},
                u={"op": "tap", "of": "y", "layer": "b4.torgb"},
            ),
        ),
    ),
    Fixture(
        "cse_across_graphs",
        "Edits of one seed in several graphs share what lies below the edit.",
        cse,
        tuple(document(["s"], **paused("b4.conv1", 5), s=moved(amount)) for amount in (0.25, 0.5, 0.25)),
    ),
    Fixture(
        "dce_rows",
        "Rows that no output reads are not computed, back to their seeds.",
        dce,
        (document(["last"], **paused("b4.conv1", [5, 6, 7]), last={"op": "rows", "of": "t", "take": "-1"}),),
    ),
    Fixture(
        "dce_operations",
        "Instructions that lead to no output are removed.",
        dce,
        (document(["ta"], **PAUSED, alpha=constant(0.5), m=blend("ta", "tb", "alpha")),),
    ),
    Fixture(
        "differences_strengths",
        "Two strengths of an edit differ only in its box, so the second row gets the first as its base.",
        find_differences,
        (box_edit([0.5, 1]),),
    ),
    Fixture(
        "reuse_rows",
        "Rows of an earlier run come first and are read; of the edit, only the mix with another strength is computed.",
        reuse,
        (box_edit(1),),
        (box_edit(0.5),),
    ),
    Fixture(
        "differences_baseline",
        "With the rows of an earlier run in front, the new mix differs from the earlier one only in its box.",
        lambda program, baseline: find_differences(reuse(program, baseline), baseline),
        (box_edit(1),),
        (box_edit(0.5),),
    ),
)


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_a_pass_rewrites_as_in_its_fixture(fixture: Fixture) -> None:
    assert fixture.text() == fixture.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("fixture", [one for one in FIXTURES if not one.baseline], ids=lambda fixture: fixture.name)
def test_a_second_run_of_a_pass_changes_nothing(fixture: Fixture) -> None:
    once = fixture.rewrite(lowered(*fixture.documents))
    assert str(fixture.rewrite(once)) == str(once)


def test_every_file_belongs_to_a_fixture() -> None:
    assert {path.stem for path in FILES.glob("*.txt")} == {fixture.name for fixture in FIXTURES}


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    for one in FIXTURES:
        one.path.write_text(one.text(), encoding="utf-8")
