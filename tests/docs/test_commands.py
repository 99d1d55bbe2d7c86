"""Commands that the README and the graphs' comments suggest are accepted; they are checked, not run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import fgraph
from fgraph.cli import main
from fgraph.save import save_results
from fgraph.save.recording import record_graph
from tests.docs.blocks import ROOT, blocks_of

GRAPHS = sorted((ROOT / "graphs" / "graph").glob("*.yaml"))
PLACEHOLDERS = ("PATH", "YOUR")


def readme_commands() -> list[str]:
    """Every line of the README's shell blocks that calls fgraph, without its comment."""
    lines = [line for block in blocks_of("README.md", "bash") for line in block.text.splitlines()]
    parts = [part.strip() for line in lines for part in line.partition("  #")[0].split("&&")]
    return [part for part in parts if part.startswith(("python run.py", "fgraph "))]


def suggestions(path: Path) -> list[list[str]]:
    """The overrides after `Try:` in a graph's comment: remarks in brackets left out, alternatives apart."""
    comment = " ".join(line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# "))
    assert "Try: " in comment, f"{path.name} suggests nothing to try"
    text = re.sub(r"\([^()]*\)", "", comment.partition("Try: ")[2])
    found = [[word for word in shlex.split(part) if "=" in word] for part in re.split(r",(?=\s)", text)]
    return [words for words in found if words and not any(mark in word for word in words for mark in PLACEHOLDERS)]


@pytest.mark.parametrize("command", readme_commands())
def test_readme_commands(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("mine/graph", "path/to"):
        Path(folder).mkdir(parents=True)
    (block,) = (one for one in blocks_of("README.md", "yaml") if one.name == "blend.yaml")
    Path("mine/graph/own.yaml").write_text(block.text, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "goldens" / "soat64_a.pt", "path/to/generator.pt")
    if "from=" in command:  # what the command before it writes
        graph = fgraph.load(ROOT / "graphs" / "graph" / "blend_horizontal.yaml")
        save_results({"image": fgraph.Image(np.zeros((1, 3, 4, 4)))}, "out", record=record_graph(graph))
    arguments = shlex.split(command.removeprefix("python run.py").removeprefix("fgraph"))
    if "mode=invert" in arguments:
        Path("photos").mkdir()
        shutil.copy(ROOT / "graphs" / "pictures" / "landscape.png", "photos/one.png")
        arguments += ["inversion.steps=2", "inversion.cache=kept"]
    if not any(argument.startswith("mode=") or argument == "--help" for argument in arguments):
        arguments.append("mode=check")
    assert main(arguments) == 0


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_what_a_graph_suggests(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    choices = suggestions(path)
    assert choices
    for words in choices:
        graph = [] if any(word.startswith("graph=") for word in words) else [f"graph={path.stem}"]
        assert main([*graph, *words, "mode=check"]) == 0, words
