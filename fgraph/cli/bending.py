"""mode=convert of a configuration of network bending: a graph is written, no model read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fgraph._errors import FgraphError
from fgraph.cli.models import ModelJob


@dataclass(frozen=True)
class BendingJob(ModelJob):
    """A configuration to convert; `model`, if any, becomes that of the graph."""

    bending: str = ""
    clusters: str | None = None

    def run(self) -> None:
        """Write the graph, and print where, with what should be known of it.

        Raises:
            FgraphError: a file cannot be read or converted, or the target cannot be written.
        """
        from fgraph import _front  # with what reads graphs, which --help can do without
        from fgraph._atomic import write_atomic
        from fgraph.declare.bending import convert_bending

        made = convert_bending(self.bending, self.clusters, model=self.model or None)
        assert self.target is not None
        head = [f"# Converted from {Path(self.bending).name}.", *(f"# Note: {note}." for note in made.notes)]
        text = "\n".join([*head, _front.load(made.document).to_yaml()])
        write_atomic(Path(self.target).expanduser(), text.encode())
        print("\n".join([self.target, *made.notes]), end=self.ending)


def check_target(target: str) -> str:
    """The file to write.

    Raises:
        FgraphError: it is no graph file.
    """
    if not target.endswith((".yaml", ".yml")):
        raise FgraphError(f"a configuration of network bending becomes a graph: target={target} must end in .yaml")
    return target
