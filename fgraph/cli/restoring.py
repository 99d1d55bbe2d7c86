"""`from=picture.png`, `from=sheet.png#12`: the graph, seeds and settings of a picture, in place of a graph file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fgraph._errors import FgraphError
from fgraph._paths import expanded
from fgraph.cli.arguments import quoted, unquoted

if TYPE_CHECKING:
    from fgraph.save.record import Record

KEY = "from"
_PRECISION = "precision"


@dataclass
class RestoredPicture:
    """A picture with its record and its graph."""

    path: str
    record: Record
    graph: dict[str, Any] = field(repr=False)
    warned: set[str] = field(default_factory=set)  # warnings printed so far, each once for all jobs of a sweep

    @property
    def name(self) -> str:
        """The name of the graph, which differs from those of graph files."""
        return "from_" + re.sub(r"[^A-Za-z0-9_-]+", "_", Path(self.path).stem)[:80]

    def settings_without(self, overrides: Sequence[str]) -> dict[str, Any]:
        """Return `precision` and the `output` settings of the record, without those that the command line overrides."""
        from fgraph.save.options import OPTIONS

        given = {override.partition("=")[0] for override in overrides}
        found = {name: value for name, value in self.record.settings.items() if name not in given}
        return {
            name: value
            for name, value in found.items()
            if name == _PRECISION or (name in OPTIONS and f"output.{name}" not in given and "output" not in given)
        }

    def store(self) -> None:
        """Register the graph, so that `graph=` can choose it."""
        from hydra.core.config_store import ConfigStore  # most runs read no picture

        ConfigStore.instance().store(group="graph", name=self.name, node=self.graph, provider="fgraph")


def take_picture(arguments: Sequence[str]) -> tuple[list[str], RestoredPicture | None]:
    """Read the picture that `from=` names, if any; return the arguments with its graph chosen, and the picture.

    Hydra gets the graph as data. It would obey directives in the text, such as `@package`.

    Raises:
        FgraphError: there is no such picture, it holds no valid record, or `graph=` is given as well.
    """
    given = [argument for argument in arguments if argument.startswith(f"{KEY}=")]
    values = [argument.removeprefix(f"{KEY}=") for argument in given]
    if not values or values[-1] in ("", "null"):
        return list(arguments), None
    if len(values) > 1:
        raise FgraphError(f"{KEY}= is given {len(values)} times: one picture at a time")
    if any(argument.startswith("graph=") for argument in arguments):
        raise FgraphError(f"{KEY}= brings the graph of the picture: leave graph= out")
    from fgraph.save.cells import find_picture  # not for --help
    from fgraph.save.restoring import restore

    named = unquoted(values[0])
    path = find_picture(expanded(named))
    restored = RestoredPicture(str(path), *restore(path))
    kept = [f"{KEY}={quoted(named)}" if argument == given[0] else argument for argument in arguments]
    return [*kept, f"graph={restored.name}"], restored
