"""The modes train, finetune and grow, which train a generator and read no graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fgraph._errors import FgraphError
from fgraph.cli.modes import TrainingMode
from fgraph.cli.standalone import TrainingTask, setting_errors
from fgraph.cli.terminal import say

if TYPE_CHECKING:
    from fgraph.training import TrainingSettings


@dataclass(frozen=True)
class TrainingJob(TrainingTask):
    """A generator to train."""

    settings: TrainingSettings

    def run(self) -> None:
        """Train the generator, and print the path of the model.

        Raises:
            FgraphError: the data or the model can't be read, the snapshot doesn't fit, or the target can't be written.
        """
        from fgraph.training.run import train  # loads torch

        say(train(self.settings))


def read_training_job(config: DictConfig, mode: TrainingMode, hydra_config: HydraConf) -> TrainingJob:
    """Read the job from a composed config, whose graph is ignored.

    Raises:
        FgraphError: a setting is missing or has an invalid value.
    """
    from fgraph.training import read_training_settings

    with setting_errors():
        values = cast(dict[str, Any], OmegaConf.to_container(config.training, resolve=True))
        for name in ("data", "model", "target", "device", "precision"):
            values[name] = config[name]
    if not values["data"]:
        raise FgraphError(f"mode={mode} needs data=, a folder or zip of pictures")
    if hydra_config.mode is RunMode.MULTIRUN and not values["target"]:
        raise FgraphError(f"mode={mode} in a sweep needs target=, a folder for each job")
    values["target"] = values["target"] or Path("outputs", "training", f"{Path(str(values['data'])).stem}-{mode}")
    return TrainingJob(read_training_settings({**values, "mode": mode, "seed": config.seed or 0}))
