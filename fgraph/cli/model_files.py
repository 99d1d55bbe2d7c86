"""The modes inspect, convert and mix, which read model files and no graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads, use_downloads
from fgraph._errors import FgraphError
from fgraph.cli.modes import ModelMode
from fgraph.cli.settings import read_downloads
from fgraph.cli.standalone import StandaloneJob, read_target, refuse_search, setting_errors
from fgraph.cli.terminal import say

if TYPE_CHECKING:
    from fgraph.stylegan import Mixing


@dataclass(frozen=True)
class ModelJob(StandaloneJob):
    """A model file to describe or, with `written`, to convert or to mix with others."""

    model: str
    written: str | None = None  # the file to write; None: only the report is printed
    half: bool = False
    ending: str = "\n"  # printed after the report
    others: tuple[str, ...] = ()  # the models to mix `model` with
    mixing: Mixing | None = None  # None: convert the model
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
        from fgraph.stylegan import convert, inspect, mix  # imports numpy, which --help does not need

        if self.written and self.mixing is not None:
            return mix([self.model, *self.others], self.written, self.mixing, half=self.half)
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
        raise FgraphError(f"mode={mode} needs model=, a path, a URL or the name of a bundled model")
    ending = "\n\n" if hydra_config.mode is RunMode.MULTIRUN else "\n"
    if mode == "inspect":
        return ModelJob(str(model), ending=ending, downloads=read_downloads(config))
    job = ModelJob(str(model), read_target(mode, target), _read_half(half), ending, downloads=read_downloads(config))
    return job if mode == "convert" else replace(job, **_read_mix(config))


def _read_mix(config: DictConfig) -> dict[str, Any]:
    """Return the fields of a job that mixes models.

    Raises:
        FgraphError: a setting has an invalid value.
    """
    from fgraph.stylegan import Mixing

    with setting_errors():
        found: Any = OmegaConf.to_container(config.mix, resolve=True)
    resolution, width, weights = found["resolution"], found["width"], found["weights"]
    models = [found["models"]] if isinstance(found["models"], str) else found["models"]
    if not isinstance(models, list) or not all(isinstance(one, str) for one in models):
        raise FgraphError(f"mix.models is a list of models, not '{models}'")
    if resolution is not None and (type(resolution) is not int or resolution < 1):
        raise FgraphError(f"mix.resolution is a resolution of layers, such as 32, not '{resolution}'")
    if not _is_number(width) or not (weights is None or (isinstance(weights, list) and all(map(_is_number, weights)))):
        raise FgraphError(f"mix.width is a number and mix.weights a list of numbers, not '{width}' and '{weights}'")
    given = None if weights is None else tuple(map(float, weights))
    return {"others": tuple(models), "mixing": Mixing(resolution, float(width), given)}


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _read_half(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise FgraphError(f"half is true or false, not '{value}'")
