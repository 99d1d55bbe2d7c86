"""What the pages show is run: Python blocks in order, graph files checked with the nodes that the page defines."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import fgraph
from fgraph.node import Node
from tests.docs.blocks import blocks_of

NAMES = ("bending", "directions", "extending", "inversion", "models", "one_image", "python", "transfer")
PAGES = ("README.md", *(f"docs/{name}.md" for name in NAMES))


@pytest.mark.parametrize("page", PAGES)
def test_blocks(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names = vars(ModuleType(page))
    graphs, programs = blocks_of(page, "yaml"), blocks_of(page, "python")
    for block in graphs:
        if block.name:
            Path(block.name).write_text(block.text, encoding="utf-8")
    for block in programs:
        padding = "\n" * (block.line - 1)  # so that a failure names the line of the page
        exec(compile(padding + block.text, page, "exec", dont_inherit=True), names)
    own = [one for one in names.values() if isinstance(one, type) and issubclass(one, Node) and one is not Node]
    for block in graphs:
        assert fgraph.check(block.text, nodes=own) == [], f"{page}:{block.line}"
    assert programs


def test_the_readme_shows_the_faults_that_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = (one for one in blocks_of("README.md", "yaml") if one.name == "blend.yaml")
    wrong = block.text.replace("mask: fade}", "mask: fad}").replace("{op: decode, of: mix}", "{op: decode, off: mix}")
    Path("blend.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(fgraph.GraphError) as error:
        fgraph.load("blend.yaml")
    shown = [one.text.rstrip() for one in blocks_of("README.md", "") if "faults" in one.text]
    assert shown == [str(error.value)]
