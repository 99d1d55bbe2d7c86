"""`fgraph new`: a graph file to begin with."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError, nearest
from fgraph._paths import expanded
from fgraph.cli.arguments import GRAPHS
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_ENDINGS = (".yaml", ".yml")
_COMMANDS = {
    "fgraph {file}": "make the picture",
    "fgraph watch {file}": "make it again each time this file is saved",
    "fgraph {file} seed=7": "try other pictures",
    "fgraph nodes": "all nodes; fgraph nodes mask shows the fields of one",
}
_FIRST = """\
# {file}: two pictures in one, which meet in the middle.
#
{commands}
version: 1
seed: 0
nodes:
  left:  {{op: sample}}
  right: {{op: sample}}
  fade:  {{op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}}
  mix:   {{op: blend, a: left, b: right, mask: fade}}
  image: {{op: decode, of: mix}}
outputs: [image]
"""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Write the file, and print its path.

    Raises:
        FgraphError: the file exists, its name does not end in .yaml, or there is no graph to copy.
        SaveError: the file can't be written.
    """
    parser = argparse.ArgumentParser("fgraph new", description="Write a graph file to begin with.")
    parser.add_argument("file", help="the new file, such as mine.yaml")
    parser.add_argument("--like", metavar="GRAPH", help="a bundled graph, a graph file, or a picture, to copy")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    chosen = parser.parse_args(arguments)
    path = expanded(chosen.file)
    if path.suffix.lower() not in _ENDINGS:
        raise FgraphError(f"a graph file ends in .yaml: write '{chosen.file}.yaml'")
    if path.exists() and not chosen.force:
        raise FgraphError(f"'{path}' exists: choose another name, or replace it with --force")
    text = _first(path) if chosen.like is None else _copy(chosen.like)
    write_atomic(path, text.encode())
    say(path)
    return 0


def _first(path: Path) -> str:
    """Return the text of a first graph, with the first commands to try in its comment."""
    commands = {command.format(file=path): does for command, does in _COMMANDS.items()}
    width = max(map(len, commands))
    lines = [f"#   {command:<{width}}   {does}" for command, does in commands.items()]
    return _FIRST.format(file=path, commands="\n".join(lines))


def _copy(source: str) -> str:
    """Return the text of a graph.

    Raises:
        FgraphError: there is no such graph.
    """
    bundled, path = GRAPHS / f"{source}.yaml", expanded(source)
    if bundled.is_file() and "/" not in source:
        return bundled.read_text("utf-8")
    if path.suffix.lower() in _ENDINGS and path.is_file():
        from fgraph.declare.text_files import read_text

        return read_text(path)
    if path.is_file():
        from fgraph.api.graphs import load

        return load(path).to_yaml()
    hint = nearest(source, [graph.stem for graph in GRAPHS.glob("*.yaml")]) or "fgraph list graphs shows all"
    raise FgraphError(f"there is no graph '{source}' ({hint})")
