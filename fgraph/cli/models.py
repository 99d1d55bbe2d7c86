"""The modes that look at a model file, and read no graph: inspect, convert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from fgraph._downloads import USUAL, Downloads, applied
from fgraph._errors import FgraphError
from fgraph.cli.configuration import ModelMode, is_searching, read_downloads


class LoneJob:
    """A job that reads no graph: it is done alone, and needs no other engine."""

    def run(self) -> None:
        """Do it, and print what is to be said."""
        raise NotImplementedError


@dataclass(frozen=True)
class ModelJob(LoneJob):
    """A model to report on and, with a target, to convert."""

    model: str
    target: str | None = None  # absent: nothing is written
    half: bool = False
    ending: str = "\n"  # of what is printed
    downloads: Downloads = USUAL

    def run(self) -> None:
        """Do it, and print the report.

        Raises:
            FgraphError: the model cannot be read or converted, or the target cannot be written.
        """
        try:
            with applied(self.downloads):
                report = self._report()
        except OSError as error:
            raise FgraphError(f"{error.filename or self.model}: {error.strerror or error}") from error
        print(report, end=self.ending)

    def _report(self) -> object:
        from fgraph.stylegan import convert, inspect  # with numpy, which --help can do without

        return convert(self.model, self.target, half=self.half) if self.target else inspect(self.model)


def read_model_job(config: DictConfig, mode: ModelMode, hydra_config: HydraConf) -> ModelJob:
    """The job of a composed config, of which the graph is not looked at.

    Raises:
        FgraphError: a setting is missing, or has a value it cannot have.
    """
    if is_searching(hydra_config):
        name = hydra_config.runtime.choices.get("hydra/sweeper")
        raise FgraphError(f"mode={mode} returns no number that hydra/sweeper={name} could look at; use the basic one")
    try:
        model, target, half = config.model, config.target, config.half
        bending, clusters = config.bending, config.clusters
    except OmegaConfBaseException as error:
        raise FgraphError(f"{error.full_key}: {str(error.msg or error).splitlines()[0]}") from error
    ending = "\n\n" if hydra_config.mode is RunMode.MULTIRUN else "\n"
    if bending and mode == "convert":
        from fgraph.cli.bending import BendingJob, check_target

        written = check_target(_read_target(target))
        place = read_downloads(config)
        return BendingJob(model or "", written, False, ending, place, bending=str(bending), clusters=clusters)
    if not model:
        raise FgraphError(f"mode={mode} needs model=, a path, an address or the name of a bundled model")
    if mode == "inspect":
        return ModelJob(str(model), ending=ending, downloads=read_downloads(config))
    return ModelJob(str(model), _read_target(target), _read_half(half), ending, read_downloads(config))


def _read_target(value: Any) -> str:
    if not value:
        raise FgraphError("mode=convert needs target=, the file to write: OUT.safetensors, or OUT.pt for rosinality")
    return str(value)


def _read_half(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise FgraphError(f"half is true or false, not '{value}'")
