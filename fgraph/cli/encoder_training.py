"""mode=train-encoder: an encoder for a model, trained on the samples of the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf

from fgraph._downloads import Downloads, use_downloads
from fgraph._errors import FgraphError
from fgraph.cli.settings import read_downloads
from fgraph.cli.standalone import TrainingTask, refuse_search, setting_errors
from fgraph.cli.terminal import say

if TYPE_CHECKING:
    from fgraph.training.encoder_settings import EncoderSettings


@dataclass(frozen=True)
class EncoderJob(TrainingTask):
    """An encoder to train."""

    settings: EncoderSettings
    downloads: Downloads

    def run(self) -> None:
        """Train the encoder, and print its path.

        Raises:
            FgraphError: the model can't be read, the snapshot doesn't fit, or the target can't be written.
        """
        from fgraph.training.encoder_run import train_encoder  # loads torch

        with use_downloads(self.downloads):
            say(train_encoder(self.settings))


def read_encoder_job(config: DictConfig, hydra_config: HydraConf) -> EncoderJob:
    """Read the job from a composed config, whose graph is ignored.

    Raises:
        FgraphError: a setting is missing or has an invalid value.
    """
    from fgraph.training.encoder_settings import read_encoder_settings

    refuse_search("train-encoder", hydra_config)
    with setting_errors():
        values = cast(dict[str, Any], OmegaConf.to_container(config.encoder, resolve=True))
        for name in ("model", "target", "device", "precision"):
            values[name] = config[name]
    if not values["model"]:
        raise FgraphError("mode=train-encoder needs model=, the generator whose codes the encoder finds")
    values["target"] = values["target"] or Path("outputs", "training", f"{Path(str(values['model'])).stem}-encoder")
    settings = read_encoder_settings({**values, "mode": "train-encoder", "seed": config.seed or 0})
    return EncoderJob(settings, read_downloads(config))
