"""`from=picture.png`: the graph, seeds and settings of a picture, in place of a graph file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore

from fgraph._errors import FgraphError
from fgraph._paths import expanded

if TYPE_CHECKING:
    from fgraph.save.record import Record

KEY = "from"
_PRECISION = "precision"


@dataclass
class Restored:
    """A picture, and how it was made."""

    path: str
    record: Record
    graph: dict[str, Any] = field(repr=False)
    warned: set[str] = field(default_factory=set)  # warnings printed so far, each once for all jobs of a sweep

    @property
    def name(self) -> str:
        """What the graph is called: no name of a graph file, for those would win."""
        return "from_" + re.sub(r"[^A-Za-z0-9_-]+", "_", Path(self.path).stem)[:80]

    def settings_without(self, overrides: Sequence[str]) -> dict[str, Any]:
        """The settings of the record but for those that the command line gives: `precision` and those of `output`."""
        from fgraph.save.options import OPTIONS

        given = {override.partition("=")[0] for override in overrides}
        found = {name: value for name, value in self.record.settings.items() if name not in given}
        return {
            name: value
            for name, value in found.items()
            if name == _PRECISION or (name in OPTIONS and f"output.{name}" not in given and "output" not in given)
        }

    def store(self) -> None:
        """Make the graph one that can be chosen."""
        ConfigStore.instance().store(group="graph", name=self.name, node=self.graph, provider="fgraph")


def take_picture(arguments: Sequence[str]) -> tuple[list[str], Restored | None]:
    """Read the picture that `from=` names, if it does; the arguments with its graph chosen.

    Hydra never sees the text of the picture as a file: there, a comment of the first line could set what is run.

    Raises:
        FgraphError: there is no such picture, it carries no sound record, or a graph is chosen as well.
    """
    given = [argument for argument in arguments if argument.startswith(f"{KEY}=")]
    values = [argument.removeprefix(f"{KEY}=") for argument in given]
    if not values or values[-1] in ("", "null"):
        return list(arguments), None
    if len(values) > 1:
        raise FgraphError(f"{KEY}= is given {len(values)} times: one picture at a time")
    if any(argument.startswith("graph=") for argument in arguments):
        raise FgraphError(f"{KEY}= brings the graph of the picture: leave graph= out")
    from fgraph.save.restoring import restore  # not for --help

    path = _unquoted(values[0])
    restored = Restored(path, *restore(expanded(path)))
    kept = [_quoted(path) if argument == given[0] else argument for argument in arguments]
    return [*kept, f"graph={restored.name}"], restored


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _quoted(path: str) -> str:
    """The override with the path as a string of Hydra's grammar, whatever stands in it."""
    plain = path.replace("\\", "/").replace("'", r"\'").replace("${", "_{")
    return f"{KEY}='{plain}'"
