"""Measurements of steps: they stay on the device, and are read once in ten steps there."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch

from fgraph.training import TrainingError
from fgraph.training.batches import Batches
from fgraph.training.begin import begin
from fgraph.training.encoder_loop import EncoderTrainer
from fgraph.training.encoder_settings import read_encoder_settings
from fgraph.training.encoder_state import begin_encoder
from fgraph.training.loop import Trainer
from fgraph.training.readings import CHECKED, Readings
from tests.networks import tiny
from tests.training.conftest import Choose


class OnMeta:
    """A device that has no data to read: what reads a value of it raises an error."""

    device = torch.device("meta")
    world_size, global_rank = 1, 0

    def autocast(self) -> Any:
        return nullcontext()

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def all_reduce(self, value: torch.Tensor, reduce_op: str) -> torch.Tensor:
        return value


def test_a_training_reads_nothing_for_ten_steps(choose: Choose) -> None:
    settings = choose(augment="diffaugment")
    pixels = np.full((4, 16, 16, 3), 90, np.uint8)
    trainer = Trainer(OnMeta(), settings, begin(settings), Batches(pixels, 0, flip=True))
    for step in range(CHECKED):
        assert not trainer.readings.are_due, step
        trainer.step()
    assert trainer.readings.are_due
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        trainer.read()


def test_a_training_of_an_encoder_reads_nothing_for_ten_steps() -> None:
    settings = read_encoder_settings({
        "mode": "train-encoder", "model": "tiny", "target": "t", "device": "cpu", "size": 16,
        "channels": {4: 6, 8: 5, 16: 4}, "batch": 4, "images": 16,
    })  # fmt: skip
    trainer = EncoderTrainer(OnMeta(), settings, begin_encoder(settings, tiny(1)), tiny(1))
    for step in range(CHECKED):
        assert not trainer.readings.are_due, step
        trainer.step()
    assert trainer.readings.are_due


def test_readings_are_those_of_each_step_in_one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    readings, real = Readings(torch.device("cuda"), "try less"), torch.stack
    copies: list[int] = []

    def stack(values: list[torch.Tensor]) -> torch.Tensor:
        copies.append(len(values))
        return real(values)

    monkeypatch.setattr(torch, "stack", stack)
    for step in range(3):
        readings.add(step, {"loss": torch.tensor(0.5 + step), "augment": 0.1 * step})
    assert not readings.are_due
    assert readings.read() == [{"loss": 0.5 + step, "augment": 0.1 * step} for step in range(3)]
    assert copies == [3]
    assert readings.read() == []


def test_a_loss_that_is_not_finite_names_its_step() -> None:
    readings = Readings(torch.device("cpu"), "try less")
    readings.add(6, {"loss": torch.tensor(1.0)})
    assert readings.are_due
    readings.add(7, {"loss": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match=r"a loss is not finite at step 7 .*: try less"):
        readings.read()
