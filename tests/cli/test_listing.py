"""mode=ir: the program as lowered, after each pass, and the plan."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

import fgraph
from fgraph.api.stages import Stage, list_stages
from fgraph.cli import main
from fgraph.passes import PASSES, PassRun, find_differences, optimise, simplify
from tests.docs.blocks import blocks_of
from tests.plan.graphs import local_edit
from tests.programs import lowered

ROUND = [one.__name__ for one in PASSES]
HEADING = re.compile(r"^== (\w+), \d+\.\d ms(?:: (\d+) instructions, (\d+) rows)?(, no change)?$", re.MULTILINE)
TINY = {
    "noise": {"mode": "none"},
    "nodes": {
        "z": {"op": "sample", "seed": [5, 5]},
        "t": {"op": "tap", "of": "z", "layer": "b4.conv1"},
    },
    "outputs": ["t"],
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the output of the command for the panorama, by listing."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty"))
        for listing in ("full", "diff"):
            found[listing] = printed([f"listing={listing}", "graph=panorama"])
        assert not [path for path in Path().rglob("*") if path.is_file()]
    return found


def printed(arguments: list[str]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["mode=ir", *arguments]) == 0
    return out.getvalue()


@pytest.mark.parametrize("listing", ["full", "diff"])
def test_every_stage_has_a_heading_with_its_time(shown: dict[str, str], listing: str) -> None:
    found = HEADING.findall(shown[listing])
    names = [name for name, *_ in found]
    assert names[0] == "lower"
    assert names[-2:] == ["find_differences", "plan"]
    assert names[1:-2] == ROUND * (len(names[1:-2]) // len(ROUND))
    assert all(same for _, _, _, same in found[-2 - len(ROUND) : -2])  # the last round changes nothing
    assert "b64.conv1" in shown[listing].rpartition("== plan")[2]


def test_a_whole_program_follows_the_pass_that_made_it(shown: dict[str, str]) -> None:
    parts = HEADING.split(shown["full"])[1:]
    for count, same, text in zip(parts[1::5], parts[3::5], parts[4::5], strict=True):
        lines = [line for line in text.splitlines() if line.startswith("%")]
        assert len(lines) == (0 if same or count is None else int(count))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/how-to/programs.md"])
def test_the_output_quoted_in_the_pages_is_printed(shown: dict[str, str], page: str) -> None:
    quoted = [line for block in blocks_of(page, "text") for line in block.text.splitlines()]
    assert len(quoted) >= 3
    assert not [line for line in quoted if line not in shown["diff"].splitlines()]


def test_differences_show_only_what_a_pass_changes() -> None:
    program = lowered(TINY)
    runs: list[PassRun] = []
    optimise(program, after=runs.append)
    stages = [Stage("lower", program, 0.0), *(Stage(one.name, one.program, one.seconds) for one in runs)]
    listing = list_stages(stages, "diff")
    cse = listing.partition("== cse")[2].partition("== ")[0]
    assert "-%old0 = draw(tiny0, width=8) () {(torch, 5, 1, 0.0, 0) x2}" not in cse
    assert "\n-%old1 = map(" in cse
    assert "\n+%1 = map(tiny0, width=8, depth=2) (%0[0]) x1 : w[8]" in cse
    assert "const" not in cse


def test_the_callback_sees_each_pass_and_its_result() -> None:
    runs: list[PassRun] = []
    program = optimise(lowered(TINY), after=runs.append)
    assert [one.name for one in runs[:4]] == ROUND
    assert runs[-1].name == find_differences.__name__
    assert runs[-1].program is program
    assert all(one.seconds >= 0 for one in runs)


def test_other_passes_can_be_chosen() -> None:
    runs: list[PassRun] = []
    optimise(lowered(TINY), passes=(simplify,), after=runs.append)
    assert [one.name for one in runs] == ["simplify", "find_differences"]


def test_faults_and_unknown_listings_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mode=ir", "listing=dif"]) == 2
    assert "unknown listing 'dif': expected full, diff (did you mean 'diff'?)" in capsys.readouterr().err
    assert main(["mode=explain", "listing=diff"]) == 2
    assert "listing is for mode=ir, not for mode=explain" in capsys.readouterr().err


def test_bases_are_listed() -> None:
    plan = fgraph.compile([local_edit(0.5), local_edit(1.0)], device="cpu")
    assert "    row 1 = %" in str(plan.program)
