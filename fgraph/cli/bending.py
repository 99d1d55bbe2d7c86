"""mode=convert of a configuration of network bending: a graph is written, of a model only its layers are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fgraph._downloads import applied
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
        from fgraph._atomic import write_atomic
        from fgraph.api import pipeline  # with what reads graphs, which --help can do without
        from fgraph.declare.bending import convert_bending

        made = convert_bending(self.bending, self.clusters, model=self.model or None, strip_layers=self._strip_layers())
        assert self.target is not None
        head = [f"# Converted from {Path(self.bending).name}.", *(f"# Note: {note}." for note in made.notes)]
        text = "\n".join([*head, pipeline.load(made.document).to_yaml()])
        write_atomic(Path(self.target).expanduser(), text.encode())
        print("\n".join([self.target, *made.notes]), end=self.ending)

    def _strip_layers(self) -> int:
        """Through how many layers of the model a sample strip goes; other configurations do not look at it."""
        from fgraph.declare.bending import is_strip, open_bending
        from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL, read_header

        if not is_strip(open_bending(self.bending)[1]):
            return 0
        with applied(self.downloads):
            table = read_header(self.model or DEFAULT_MODEL).table
        if table.is_alias_free:
            raise FgraphError(f"{self.bending}: its layers are those of a StyleGAN2, and '{self.model}' is none")
        return sum(layer.kind == "conv" for layer in table.layers) - 1


def check_target(target: str) -> str:
    """The file to write.

    Raises:
        FgraphError: it is no graph file.
    """
    if not target.endswith((".yaml", ".yml")):
        raise FgraphError(f"a configuration of network bending becomes a graph: target={target} must end in .yaml")
    return target
