"""`fgraph list`: the bundled graphs and models, with a line on each. This module needs no torch, Hydra or YAML."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from fgraph.cli.arguments import GRAPHS
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

MODELS = Path(__file__).resolve().parents[2] / "stylegan" / "bundled"
_WIDTH = 120
_SENTENCE = re.compile(r"(?<=\.)(?<! al\.)\s")  # the space after a sentence, but not the one in "et al. 2020"
_DIRECTIONS = """\
  The node `direction` moves codes; every model has
    kind: pca       principal components of w, in standard deviations (GANSpace)
    kind: sefa      factors of the affine layers (SeFa)
    kind: channel   channels of StyleSpace, in standard deviations
    kind: file      your own or a published one, from .npy, .npz, .safetensors, .pt or .pkl
    kind: mapper    networks that compute an offset for each code (StyleCLIP), from a file
    kind: text      from one text to another (StyleCLIP), with a file of the effects of the channels
  and models for which edits were published have
    kind: named     these edits; fgraph list edits shows them with model and source
  fgraph directions draws some of them, and fgraph nodes direction shows the fields."""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Print the requested lists, by default all."""
    parser = argparse.ArgumentParser(
        "fgraph list", description="Show the bundled graphs and models, and published edits."
    )
    parser.add_argument("what", nargs="*", help="graphs, models, directions, edits; default: all but edits")
    chosen = parser.parse_args(arguments).what
    if unknown := [one for one in chosen if one not in _LISTS]:
        parser.error(f"there is no list '{unknown[0]}': use {', '.join(_LISTS)}")
    say("\n\n".join("\n".join([f"{name.capitalize()}:", *_LISTS[name]()]) for name in chosen or _DEFAULT))
    return 0


def graphs() -> dict[str, str]:
    """Return the bundled graphs: name -> the first sentence of its comment."""
    return {path.stem: first_sentence(path) for path in sorted(GRAPHS.glob("*.yaml"))}


def models() -> dict[str, str]:
    """Return the bundled models: name -> the title of its card."""
    found = {}
    for path in sorted(MODELS.glob("*.safetensors")):
        lines = path.with_suffix(".md").read_text("utf-8").splitlines()
        found[path.stem] = lines[0].removeprefix("# ")
    return found


def first_sentence(path: Path) -> str:
    """Return the first sentence of the comment at the start of a graph file."""
    comment = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    return _SENTENCE.split(" ".join(comment))[0].rstrip(":.")


def _edits() -> list[str]:
    from fgraph.array_files.named_edits import SOURCES, published_edits  # imports numpy

    edits = published_edits()
    lines = _table(
        {edit.name: f"{edit.model}, {edit.size} pixels: {edit.summary} ({edit.source})" for edit in edits.values()}
    )
    return [*lines, "", *(f"  {name}: {text}" for name, text in SOURCES.items())]


def _table(entries: dict[str, str]) -> list[str]:
    width = max(map(len, entries), default=0) + 2
    indent = " " * (width + 2)
    return [
        textwrap.fill(text, _WIDTH, initial_indent=f"  {name:<{width}}", subsequent_indent=indent)
        for name, text in entries.items()
    ]


_LISTS = {
    "graphs": lambda: _table(graphs()),
    "models": lambda: _table(models()),
    "directions": lambda: [_DIRECTIONS],
    "edits": _edits,
}
_DEFAULT = ("graphs", "models", "directions")
