"""Trainings of encoders: they learn, resume bit for bit, and refuse what does not belong together."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.encoder_file import read_encoder
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.training import TrainingError
from fgraph.training.devices import make_fabric
from fgraph.training.encoder_loop import EncoderTrainer
from fgraph.training.encoder_run import ENCODER, reconstruction_grid, train_encoder
from fgraph.training.encoder_settings import EncoderSettings, read_encoder_settings
from fgraph.training.encoder_snapshot import read_encoder_snapshot, write_encoder_snapshot
from fgraph.training.encoder_state import EncoderState, begin_encoder
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from tests.networks import tiny
from tests.stylegan3_networks import tiny_stylegan3

Choose = Callable[..., EncoderSettings]


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    """Settings of a tiny training, with what is given changed."""
    save_generator(tiny(1), tmp_path / "tiny.safetensors")
    usual = {
        "mode": "train-encoder",
        "model": str(tmp_path / "tiny.safetensors"),
        "target": tmp_path / "encoder",
        "device": "cpu",
        "channels": {4: 6, 8: 5, 16: 4},
        "batch": 4,
        "images": 16,
        "iterations": 2,
        "log_images": 4,
    }
    return lambda **changed: read_encoder_settings({**usual, **changed})


def assert_same(state: EncoderState, other: EncoderState) -> None:
    for own, theirs in (
        (state.tensors, other.tensors),
        (state.averaged, other.averaged),
        (state.moments.first, other.moments.first),
        (state.moments.second, other.moments.second),
    ):
        assert own.keys() == theirs.keys()
        assert all(torch.equal(own[name], theirs[name]) for name in own)
    names = ("table", "steps", "images", "history", "pending")
    assert [getattr(state, name) for name in names] == [getattr(other, name) for name in names]
    assert state.moments.steps == other.moments.steps


def test_an_encoder_learns_to_find_codes(choose: Choose) -> None:
    """Images of its codes are nearer to samples than the image of the mean code, with which it begins."""
    generator, settings = tiny(1), choose(average_images=40)
    trainer = EncoderTrainer(make_fabric(settings), settings, begin_encoder(settings, generator), generator)
    for _ in range(100):
        trainer.step()

    def draw(codes: torch.Tensor) -> torch.Tensor:
        return generator.synthesise(generator.affine(codes))

    with torch.no_grad():
        samples = draw(generator.map(torch.randn(32, 8, generator=torch.Generator().manual_seed(0))))
        found = draw(trainer.current_state().encoder().encode(samples, generator.w_mean, draw, settings.iterations))
        mean = draw(generator.w_mean[None])
    apart, apart_mean = (float((one - samples).square().mean()) for one in (found, mean))
    assert apart < apart_mean


OTHERS = {
    "grey": lambda: tiny(1, image_channels=1),
    "twice as high as wide": lambda: tiny(1, family="tall"),
    "StyleGAN3": lambda: tiny_stylegan3(1),
}


@pytest.mark.parametrize("name", OTHERS)
def test_any_generator_has_an_encoder(name: str, choose: Choose) -> None:
    generator, settings = OTHERS[name](), choose(channels=None, size=8)
    state = begin_encoder(settings, generator)
    trainer = EncoderTrainer(make_fabric(settings), settings, state, generator)
    trainer.step()
    assert all(map(math.isfinite, trainer.read()[0].values()))
    grid = reconstruction_grid(state.encoder(), generator, 0, 0.8)
    assert grid.shape == (8 * generator.table.size[0], 8 * generator.table.size[1], generator.table.image_channels)


def test_the_first_code_is_the_mean(choose: Choose) -> None:
    encoder = begin_encoder(choose(), tiny(1)).encoder()
    images = torch.rand(2, 3, 16, 16)
    codes = encoder.encode(images, torch.zeros(8), lambda codes: images, 2)
    assert torch.equal(codes, tiny(1).w_mean.expand(2, tiny(1).table.num_ws, 8))


def test_a_resumed_training_equals_an_uninterrupted_one(choose: Choose, tmp_path: Path) -> None:
    whole, halves = choose(target=tmp_path / "whole"), choose()
    train_encoder(whole)
    train_encoder(halves.model_copy(update={"images": 8}))
    train_encoder(halves)
    states = [read_encoder_snapshot(one.target / SNAPSHOT) for one in (whole, halves)]
    assert states[0].images == 16
    assert_same(*states)
    assert (whole.target / ENCODER).read_bytes() == (halves.target / ENCODER).read_bytes()
    header = read_encoder(halves.target / ENCODER)
    assert header.metadata["model_sha256"] == states[1].origin["model_sha256"]
    assert header.table.iterations == 2
    assert {path.name for path in halves.target.iterdir()} >= {"losses.csv", "losses.svg", "samples"}


def test_a_snapshot_holds_all_of_a_state(choose: Choose, tmp_path: Path) -> None:
    settings = choose(images=8)
    train_encoder(settings)
    state = read_encoder_snapshot(settings.target / SNAPSHOT)
    write_encoder_snapshot(state, tmp_path / "again.safetensors")
    assert_same(read_encoder_snapshot(tmp_path / "again.safetensors"), state)


def test_an_interrupted_training_keeps_its_last_step(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = choose(images=10_000)
    step = EncoderTrainer.step

    def interrupted(trainer: EncoderTrainer) -> None:
        if trainer.state.steps == 2:
            assert threading.current_thread() is threading.main_thread()
            os.kill(os.getpid(), 2)  # as Ctrl-C
        step(trainer)

    monkeypatch.setattr(EncoderTrainer, "step", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            train_encoder(settings)
    finally:
        signal.signal(signal.SIGINT, before)
    assert read_encoder_snapshot(settings.target / SNAPSHOT).steps == 3


def test_what_does_not_belong_together_is_refused(choose: Choose, tmp_path: Path) -> None:
    settings = choose(images=4)
    train_encoder(settings)
    with pytest.raises(TrainingError, match=r"iterations \(2 -> 3\).*choose another target="):
        train_encoder(choose(iterations=3))
    save_generator(tiny(2), tmp_path / "tiny.safetensors")
    with pytest.raises(TrainingError, match=r"other weights of .*tiny.safetensors, which has changed"):
        train_encoder(choose(images=8))
    with pytest.raises(TrainingError, match=r"encoder.channels has .* expected a width for each of"):
        begin_encoder(choose(channels={4: 3}), tiny(1))
    with pytest.raises(TrainingError, match="is conditional"):
        begin_encoder(choose(), tiny(1, family="conditional"))
    with pytest.raises(ModelError, match="format fgraph-encoder-training; expected a snapshot, fgraph-training"):
        read_snapshot(settings.target / SNAPSHOT)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 20}, "encoder.size: value error, must be a power of two"),
        ({"imagse": 3}, r"encoder.imagse: there is no such setting \(did you mean 'images'\?\)"),
        ({"model": None}, "model is missing"),
        ({"batch": 5, "devices": 2}, "encoder.batch=5 is not a multiple of encoder.devices=2"),
    ],
)
def test_wrong_settings_are_named(choose: Choose, values: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        choose(**values)


def test_damaged_snapshots_are_refused(choose: Choose, tmp_path: Path) -> None:
    settings = choose(images=4)
    train_encoder(settings)
    whole = (settings.target / SNAPSHOT).read_bytes()
    path = tmp_path / "bad.safetensors"
    for content in (
        whole[:-9],
        whole.replace(b'\\"steps\\": 1', b'\\"steps\\":-1'),
        whole.replace(b'w_dim\\": \\"8', b'w_dim\\": \\"9'),
    ):
        assert content != whole
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"bad\.safetensors"):
            read_encoder_snapshot(path)
