"""The commands that are not modes of a run: name -> what it does. Each has a module, imported when it is called.

A module has a function `main(arguments) -> int`, which returns the exit code.
"""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "list": "the bundled graphs and models, with a line on each",
    "nodes": "the nodes; of one node, its fields and an example",
    "new": "a new graph file, to begin with",
    "watch": "run a graph file again each time it is saved",
    "open": "show the last result",
    "cache": "the files that fgraph keeps between runs: list, clear",
    "completion": "completion of commands, nodes, fields and values by the Tab key",
    "help": "all commands and settings",
}
