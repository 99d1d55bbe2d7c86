"""The estimated duration of a training, from two steps that leave no trace."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import torch

from fgraph.training.batches import PictureSource
from fgraph.training.devices import Fabric
from fgraph.training.loop import Trainer
from fgraph.training.projected import ProjectedTable
from fgraph.training.settings import TrainingSettings
from fgraph.training.state import TrainingState

MakeTrainer = Callable[[Fabric, TrainingSettings, TrainingState, PictureSource], Trainer]
FEWEST_STEPS = 20  # least steps of a training that gets an estimate
_ROWS, _ROWS_PROJECTED = 1, 4  # rows of the first trial in each process: a projected discriminator compares 4 rows
_SHORT = 1.0  # seconds of a trial above which a whole batch is not tried


def measure_speed(
    make_trainer: MakeTrainer, fabric: Fabric, settings: TrainingSettings, state: TrainingState, source: PictureSource
) -> float:
    """Return the images a second of a training, measured with a copy of its state.

    The first trial has few rows. A whole batch is tried if that is quick, since a larger batch is more efficient.

    Args:
        make_trainer: makes the trainer for a state.
        fabric: the device and the processes.
        settings: the settings of the training.
        state: before the next step; it does not change.
        source: the source of the pictures.
    """
    rows = _ROWS_PROJECTED if isinstance(state.discriminator_table, ProjectedTable) else _ROWS
    batch = min(settings.batch, rows * fabric.world_size)
    speed = _try(make_trainer, fabric, settings.model_copy(update={"batch": batch}), state, source)
    if batch < settings.batch and 2 * batch / speed < _SHORT:
        speed = _try(make_trainer, fabric, settings, state, source)
    return speed


def _try(
    make_trainer: MakeTrainer, fabric: Fabric, settings: TrainingSettings, state: TrainingState, source: PictureSource
) -> float:
    """Take a step with R1, and one without; return the images a second of a mix of both."""
    learns_alone = state.origin.get("discriminator_first", settings.discriminator_first or 0)
    trial = copy.deepcopy(state)
    trial.steps, trial.images = 0, state.images + learns_alone  # R1 is part of step 0
    trainer = make_trainer(fabric, settings, trial, source)
    first, second = _seconds(trainer, fabric), _seconds(trainer, fabric)
    return settings.batch / (second + max(0.0, first - second) / settings.gamma_every)


def _seconds(trainer: Trainer, fabric: Fabric) -> float:
    began = time.perf_counter()
    trainer.step()
    if fabric.device.type == "cuda":
        torch.cuda.synchronize(fabric.device)
    return max(time.perf_counter() - began, 1e-6)
