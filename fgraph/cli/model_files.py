"""The modes inspect and convert, which read a model file and no graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads, use_downloads
from fgraph._errors import FgraphError
from fgraph.cli.configuration import read_downloads
from fgraph.cli.modes import ModelMode
from fgraph.cli.standalone import StandaloneJob, read_target, refuse_search, setting_errors
from fgraph.cli.terminal import say


@dataclass(frozen=True)
class ModelJob(StandaloneJob):
    """A model file to describe or, with `written`, to convert."""

    model: str
    written: str | None = None  # the file to write; None: only the report is printed
    half: bool = False
    ending: str = "\n"  # printed after the report
    downloads: Downloads = DEFAULT_DOWNLOADS

    @property
    def target(self) -> str | None:
        """The file that is written."""
        return self.written

    def run(self) -> None:
        """Convert the model if there is a target, and print the report.

        Raises:
            FgraphError: the model cannot be read or converted, or the target cannot be written.
        """
        try:
            with use_downloads(self.downloads):
                report = self._report()
        except OSError as error:
            raise FgraphError(f"{error.filename or self.model}: {error.strerror or error}") from error
        say(report, end=self.ending)

    def _report(self) -> object:
        from fgraph.stylegan import convert, inspect  # imports numpy, which --help does not need

        return convert(self.model, self.written, half=self.half) if self.written else inspect(self.model)


def read_model_job(config: DictConfig, mode: ModelMode, hydra_config: HydraConf) -> ModelJob:
    """Read the job from a composed config, whose graph is ignored.

    Raises:
        FgraphError: a setting is missing or has an invalid value.
    """
    refuse_search(mode, hydra_config)
    with setting_errors():
        model, target, half = config.model, config.target, config.half
    if not model:
        raise FgraphError(f"mode={mode} needs model=, a path, an address or the name of a bundled model")
    ending = "\n\n" if hydra_config.mode is RunMode.MULTIRUN else "\n"
    if mode == "inspect":
        return ModelJob(str(model), ending=ending, downloads=read_downloads(config))
    return ModelJob(str(model), read_target(target), _read_half(half), ending, read_downloads(config))


def _read_half(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise FgraphError(f"half is true or false, not '{value}'")
