"""Devices and processes of a training: the choice of a device, several processes, and what cannot be."""

from __future__ import annotations

import os
import pickle
import signal
from queue import SimpleQueue

import pytest
import torch

from fgraph.training import TrainingError
from fgraph.training.devices import Fabric, OneProcess, _work_in_process, average, launch, make_fabric, runs_on_cpu
from fgraph.training.encoder_settings import read_encoder_settings
from fgraph.training.run import train
from fgraph.training.settings import CommonSettings
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from tests.training.conftest import Choose


def have(monkeypatch: pytest.MonkeyPatch, cuda: int = 0, mps: bool = False) -> None:
    """Let the machine have these devices, for torch and for Lightning Fabric."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "device"), [(0, False, "cpu"), (0, True, "mps:0"), (2, False, "cuda:0"), (1, True, "cuda:0")]
)
def test_the_device_that_auto_takes(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, device: str
) -> None:
    have(monkeypatch, cuda, mps)
    monkeypatch.setattr("torch.cuda.set_device", lambda device: None)
    fabric = make_fabric(choose(device="auto"))
    assert isinstance(fabric, OneProcess)
    assert str(fabric.device) == device
    assert runs_on_cpu("auto") == (device == "cpu")


def test_the_devices_that_are_the_cpu() -> None:
    assert runs_on_cpu("cpu")
    assert not runs_on_cpu("cuda:1")
    with pytest.raises(TrainingError, match="device=tpu: expected auto, cpu, cuda, cuda:1 or mps"):
        runs_on_cpu("tpu")


@pytest.mark.parametrize("device", ["cpu:1", "cuda:7"])
def test_a_device_that_is_not_there(choose: Choose, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, cuda=7)
    with pytest.raises(TrainingError, match=rf"device={device}: found \d devices of kind {device[:-2]}; device=auto"):
        make_fabric(choose(device=device))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"device": "cuda:1"}, r"device=cuda:1 is one device, and training.devices=4 needs several: device=cuda takes"),
        ({"device": "cpu:0"}, r"device=cpu:0 is one device, and .*training.devices=1"),
        ({"device": "cuda"}, r"training.devices=4: found 2 devices of kind cuda; lower it, or take device=cpu"),
        ({"device": "auto"}, r"training.devices=4: found 2 devices of kind cuda; lower it, or take device=cpu"),
        ({"device": "mps"}, r"training.devices=4: found 1 devices of kind mps; lower it, or take device=cpu"),
        ({"device": "tpu"}, r"device=tpu: expected auto, cpu"),
    ],
)
def test_devices_that_several_processes_cannot_have(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], message: str
) -> None:
    have(monkeypatch, cuda=2, mps=True)
    with pytest.raises(TrainingError, match=message):
        make_fabric(choose(devices=4, **changed))


def test_an_encoder_names_its_own_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, cuda=2)
    given = {"mode": "train-encoder", "model": "landscape", "target": "t", "device": "cuda:1", "devices": 2}
    with pytest.raises(TrainingError, match=r"and encoder.devices=2 needs several: .* or encoder.devices=1"):
        make_fabric(read_encoder_settings(given))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LT_STRATEGY", "nonsense"), ("LT_ACCELERATOR", "cuda"), ("LT_ACCELERATOR", "nonsense"), ("LT_DEVICES", "many")],
)
def test_what_lightning_fabric_refuses_is_an_error_of_the_training(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    if (variable, value) == ("LT_ACCELERATOR", "cuda") and torch.cuda.is_available():
        pytest.skip("Lightning Fabric takes it on this machine")
    monkeypatch.setenv(variable, value)
    cure = f"unset {variables(variable)}, or training.devices=1 trains without it"
    with pytest.raises(TrainingError, match=rf"^training.devices=2: Lightning Fabric cannot .* device=cpu: .*; {cure}"):
        make_fabric(choose(devices=2))


def variables(added: str) -> str:
    """The names of the settings of Lightning Fabric in the environment."""
    return ", ".join(sorted({added, *(name for name in os.environ if name.startswith("LT_"))}))


@pytest.mark.parametrize("kind", [TypeError, RuntimeError, ValueError, OSError])
def test_every_kind_of_error_of_lightning_fabric_is_one_of_the_training(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def fail(**settings: object) -> None:
        raise kind("no such thing")

    monkeypatch.setattr("lightning_fabric.Fabric", fail)
    with pytest.raises(TrainingError, match=r"training.devices=2: .*device=cpu: no such thing; .*training.devices=1"):
        make_fabric(choose(devices=2))


@pytest.mark.slow
def test_two_processes_train_one_model(choose: Choose) -> None:
    settings = choose(devices=2, images=8)
    train(settings)
    state = read_snapshot(settings.target / SNAPSHOT)
    assert (state.images, state.steps) == (8, 2)
    alone = choose(images=8, target=settings.target / "alone")
    train(alone)
    # the same pictures and averaged gradients, other codes: alike, not equal
    assert state.generator.keys() == read_snapshot(alone.target / SNAPSHOT).generator.keys()


def fail_in_one(fabric: Fabric, settings: CommonSettings) -> None:
    """Raise an error in the second process, after both have met."""
    average(fabric, torch.zeros(()))
    if fabric.global_rank == 1:
        raise TrainingError(f"a loss became nan in {settings.target.name}")
    average(fabric, torch.zeros(()))


def end_one(fabric: Fabric, settings: CommonSettings) -> None:
    """Kill the second process."""
    if fabric.global_rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    average(fabric, torch.zeros(()))


def test_a_message_between_processes_fits_the_pipe(choose: Choose) -> None:
    def fail(fabric: Fabric, settings: CommonSettings) -> None:
        raise TrainingError("😀" * 100_000)

    errors: SimpleQueue[str] = SimpleQueue()
    settings = choose()
    with pytest.raises(TrainingError):
        _work_in_process(make_fabric(settings), errors, fail, settings)
    assert len(pickle.dumps(errors.get())) < 1 << 14  # bytes, the smallest pipe of a system


@pytest.mark.slow
def test_an_error_in_one_of_several_processes_is_that_of_the_training(choose: Choose) -> None:
    settings = choose(devices=2)
    with pytest.raises(TrainingError, match=r"^a loss became nan in training$"):
        launch(settings, fail_in_one)
    with pytest.raises(TrainingError, match=r"^training.devices=2: a process ended: .*SIGKILL"):
        launch(settings, end_one)
