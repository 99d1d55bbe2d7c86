"""mode=convert of a network-bending configuration, which becomes a graph file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads, use_downloads
from fgraph._errors import FgraphError
from fgraph._paths import expanded
from fgraph.cli.settings import read_downloads
from fgraph.cli.standalone import StandaloneJob, read_target, refuse_search, setting_errors
from fgraph.cli.terminal import say


@dataclass(frozen=True)
class BendingJob(StandaloneJob):
    """A network-bending configuration to convert."""

    bending: str
    clusters: str | None
    model: str | None  # model of the graph; its file is read only to count the layers of a sample strip
    written: str
    ending: str = "\n"  # printed after the report
    downloads: Downloads = DEFAULT_DOWNLOADS

    @property
    def target(self) -> str:
        """The graph file that is written."""
        return self.written

    def run(self) -> None:
        """Write the graph, then print its path and the notes of the conversion.

        Raises:
            FgraphError: a file cannot be read or converted, or the target cannot be written.
        """
        from fgraph._atomic import write_atomic
        from fgraph.api.graphs import load  # imports the graph stages, which --help does not need
        from fgraph.declare.bending import convert_bending

        made = convert_bending(self.bending, self.clusters, model=self.model, strip_layers=self._strip_layers())
        head = [f"# Converted from {Path(self.bending).name}.", *(f"# Note: {note}." for note in made.notes)]
        text = "\n".join([*head, load(made.document).to_yaml()])
        write_atomic(expanded(self.written), text.encode())
        say("\n".join([self.written, *made.notes]), end=self.ending)

    def _strip_layers(self) -> int:
        """Count the convolutions that a sample strip passes through; 0 for other configurations, which ignore it."""
        from fgraph.declare.bending import is_strip, open_bending
        from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL, read_header

        if not is_strip(open_bending(self.bending)[1]):
            return 0
        with use_downloads(self.downloads):
            table = read_header(self.model or DEFAULT_MODEL).table
        if table.is_stylegan3:
            raise FgraphError(
                f"{self.bending}: its layers belong to StyleGAN2, and '{self.model}' is a {table.architecture}: "
                "name a StyleGAN2 by model="
            )
        return sum(layer.kind == "conv" for layer in table.layers) - 1


def read_bending_job(config: DictConfig, hydra_config: HydraConf) -> BendingJob:
    """Read the job from a composed config, whose graph is ignored.

    Raises:
        FgraphError: a setting is missing or has an invalid value, or the target is not a graph file.
    """
    refuse_search("convert", hydra_config)
    with setting_errors():
        bending, clusters, model, target = config.bending, config.clusters, config.model, config.target
    target = read_target("convert", target)
    if not target.endswith((".yaml", ".yml")):
        raise FgraphError(f"a network-bending configuration becomes a graph: target={target} must end in .yaml")
    ending = "\n\n" if hydra_config.mode is RunMode.MULTIRUN else "\n"
    return BendingJob(str(bending), clusters, model or None, target, ending, read_downloads(config))
