"""Code of the pages runs: Python blocks in order, graph files checked with the nodes that the page defines."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import fgraph
from fgraph.cli import main
from fgraph.node import Node
from tests.docs.blocks import blocks_of
from tests.docs.commands import PAGES, commands_of
from tests.paths import ROOT

SHOWN = "# graphs/"  # a bundled graph: tests/docs/test_generated.py compares it with the file
ELSEWHERE = {"docs/how-to/output.md"}  # test_output_page runs it after its commands
RUN = [page for page in PAGES if page not in ELSEWHERE and blocks_of(page, "python", "yaml")]
JOBS = [page for page in PAGES if page.startswith("docs/how-to/jobs/") and not page.endswith("README.md")]
PARTS = ["The equation", "The graph", "The command", "The picture", "Paper, code, ours"]
_QUOTED = re.compile(r"\[(\d[\d.]*)\]\(([^)#]+\.md)[^)]*\)")


@pytest.mark.parametrize("page", RUN)
def test_blocks(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    if page == "docs/reference/nodes.md":
        shutil.copytree(ROOT / "examples" / "nodes", tmp_path, dirs_exist_ok=True)
    namespace = vars(ModuleType(page))
    graphs = [block for block in blocks_of(page, "yaml") if not block.text.startswith(SHOWN)]
    programs = blocks_of(page, "python")
    for block in graphs:
        if block.name:
            Path(block.name).write_text(block.text, encoding="utf-8")
    for block in programs:
        padding = "\n" * (block.line - 1)  # so that a failure names the line of the page
        exec(compile(padding + block.text, page, "exec", dont_inherit=True), namespace)
    nodes = [one for one in namespace.values() if isinstance(one, type) and issubclass(one, Node) and one is not Node]
    for block in graphs:
        assert fgraph.check(block.text, nodes=nodes) == [], f"{page}:{block.line}"


@pytest.mark.parametrize("page", JOBS)
def test_a_job_has_all_its_parts(page: str) -> None:
    """The README also names the job, with a command that is on its page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in PARTS] == PARTS
    assert "![" in text
    assert any(block.text.startswith(SHOWN) for block in blocks_of(page, "yaml"))
    (command,) = re.findall(rf"\({page}\) \| `([^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert command in commands_of(page)


@pytest.mark.parametrize("page", PAGES)
def test_a_linked_figure_is_on_the_linked_page(page: str) -> None:
    for figure, link in _QUOTED.findall((ROOT / page).read_text(encoding="utf-8")):
        assert re.search(
            rf"(?<![\d.]){re.escape(figure)}(?![\d.])", (ROOT / page).parent.joinpath(link).read_text("utf-8")
        )


def test_the_readme_shows_the_faults_that_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = (one for one in blocks_of("README.md", "yaml") if one.name == "blend.yaml")
    wrong = block.text.replace("mask: fade}", "mask: fad}").replace("{op: decode, of: mix}", "{op: decode, off: mix}")
    Path("blend.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(fgraph.GraphError) as error:
        fgraph.load("blend.yaml")
    shown = [one.text.rstrip() for one in blocks_of("README.md", "") if "faults" in one.text]
    assert shown == [str(error.value)]
    assert main(["blend.yaml", "mode=check"]) == 2
    assert capsys.readouterr().err.rstrip() == shown[0]
