"""The estimate before the first step, and the widths by device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fgraph.training.batches import Batches
from fgraph.training.begin import begin
from fgraph.training.devices import make_fabric
from fgraph.training.estimate import FEWEST_STEPS, measure_speed
from fgraph.training.initial import default_channels
from fgraph.training.report import CURVES, LONG, Report
from fgraph.training.run import train
from fgraph.training.trainers import make_trainer
from tests.training.conftest import Choose


def test_an_estimate_leaves_no_trace(choose: Choose) -> None:
    settings = choose(discriminator_first=8)
    state = begin(settings)
    groups = (state.generator, state.averaged, state.discriminator)
    before = [value.clone() for group in groups for value in group.values()]
    counters = (state.steps, state.images, state.signs, dict(state.pending))
    pixels = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    speed = measure_speed(make_trainer, make_fabric(settings), settings, state, Batches(pixels, 0, flip=True))
    assert speed > 0
    after = [value for group in groups for value in group.values()]
    assert all(torch.equal(one, other) and not other.requires_grad for one, other in zip(before, after, strict=True))
    assert (state.steps, state.images, state.signs, dict(state.pending)) == counters
    assert not state.generator_moments.steps


def test_a_training_says_how_long_it_takes(choose: Choose, capsys: pytest.CaptureFixture[str]) -> None:
    train(choose(images=4 * FEWEST_STEPS))
    printed = capsys.readouterr().out
    assert f"{4 * FEWEST_STEPS} images at about " in printed
    assert " images/s on cpu: " in printed
    train(choose(images=4 * FEWEST_STEPS + 4))  # a few steps more
    assert "at about" not in capsys.readouterr().out


def test_a_long_training_on_a_cpu_is_a_warning(choose: Choose, capsys: pytest.CaptureFixture[str]) -> None:
    settings = choose(images=1_000_000)
    report = Report(settings, begin(settings), "10 pictures", CURVES)
    report.forecast(1_000_000 / (60 * 3600), "cpu")
    printed = capsys.readouterr().out
    assert "1000000 images at about 4.63 images/s on cpu: 2 days 12 h" in printed
    assert "this is long" in printed
    report.forecast(1_000_000 / (LONG / 2), "cpu")
    report.forecast(1.0, "cuda")
    assert "this is long" not in capsys.readouterr().out


def test_widths_by_device() -> None:
    assert default_channels(64, on_cpu=True) == {4: 128, 8: 128, 16: 64, 32: 32, 64: 16}  # as the bundled models
    assert default_channels(1024)[1024] == default_channels(1024, on_cpu=True)[1024] == 16
    assert default_channels(64) == {4: 512, 8: 512, 16: 512, 32: 512, 64: 256}
