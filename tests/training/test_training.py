"""Whole trainings of a few steps: what they learn, leave alone, and leave behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fgraph._errors import FgraphError
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.training import TrainingError, read_training_settings
from fgraph.training.begin import begin
from fgraph.training.loop import Trainer
from fgraph.training.run import MODEL, train
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from fgraph.training.state import is_trained
from tests.networks import tiny
from tests.training.conftest import TINY, Choose
from tests.training.states import level_error


def test_a_training_leaves_model_samples_and_losses(choose: Choose, capsys: pytest.CaptureFixture[str]) -> None:
    settings = choose(tensorboard=True)
    path = train(settings)
    names = sorted(str(file.relative_to(settings.target)) for file in settings.target.rglob("*") if file.is_file())
    assert names[:5] == ["losses.csv", "losses.svg", MODEL, "samples/00000016.png", SNAPSHOT]
    assert names[5].startswith("tensorboard/events")
    assert load_stylegan2(path).table.size == (16, 16)
    with Image.open(settings.target / "samples" / "00000016.png") as grid:
        assert grid.size == (128, 128)
    header, *rows = (settings.target / "losses.csv").read_text().splitlines()
    assert header == "images,discriminator,generator,r1,real_sign"
    assert [row.split(",")[0] for row in rows] == ["4.0", "8.0", "12.0", "16.0"]
    assert "<polyline" in (settings.target / "losses.svg").read_text()
    printed = capsys.readouterr().out
    assert "10 pictures of 16 pixels" in printed
    assert "16 of 16 images" in printed
    assert "images/s" in printed


def test_the_generator_learns_what_pictures_are_like(choose: Choose, data: Path) -> None:
    """After 60 steps with pictures of one grey, the distance to it is less than half that of a middle grey."""
    for file in data.iterdir():
        Image.new("RGB", (16, 16), (210, 210, 210)).save(file)
    settings = choose(images=60 * 4, learning_rate=0.01, gamma=0.1)
    level = 210 / 127.5 - 1
    assert level_error(begin(settings).trained_generator(), level) > level**2
    train(settings)
    assert level_error(read_snapshot(settings.target / SNAPSHOT).trained_generator(), level) < (level / 2) ** 2


@pytest.mark.parametrize("freeze", [None, False])
def test_fine_tuning_leaves_styles_bit_identical_unless_asked(choose: Choose, tmp_path: Path, freeze: bool) -> None:
    save_generator(tiny(0), tmp_path / "first.safetensors")
    settings = choose(mode="finetune", model=str(tmp_path / "first.safetensors"), freeze=freeze, discriminator_first=0)
    first, second = load_stylegan2(tmp_path / "first.safetensors"), load_stylegan2(train(settings))
    z = torch.randn(16, 8, generator=torch.Generator().manual_seed(3))
    same = torch.equal(first.affine(first.map(z)), second.affine(second.map(z)))
    assert same == (freeze is None)
    assert torch.equal(first.w_mean, second.w_mean) == (freeze is None)
    changed = {name for name in first.tensors if not torch.equal(first.tensors[name], second.tensors[name])}
    frozen = {name for name in first.tensors if not is_trained(name, freeze is None)}
    assert "b16.conv1.weight" in changed
    assert not {name for name in changed & frozen if not name.startswith(("style_", "w_mean"))}


def test_given_strengths_of_noise_are_those_of_the_first_input_of_a_resolution(choose: Choose) -> None:
    settings = choose(noise_strengths={4: 0.5, 16: 0.25}, images=8)
    train(settings)
    tensors = read_snapshot(settings.target / SNAPSHOT).generator
    found = {name: float(value) for name, value in tensors.items() if name.endswith(".noise_strength")}
    assert {name: value for name, value in found.items() if value} == {
        "b4.conv1.noise_strength": 0.5, "b16.conv0.noise_strength": 0.25,
    }  # fmt: skip
    with pytest.raises(TrainingError, match=r"training.noise_strengths has 32; expected .* \[4, 8, 16\]"):
        train(choose(noise_strengths={32: 0.5}, target=settings.target / "other"))
    with pytest.raises(TrainingError, match="noise_strengths needs noise: remove it"):
        choose(noise_strengths={16: 0.5}, noise=False)


def test_without_noise_there_is_none_and_none_is_learned(choose: Choose, tmp_path: Path) -> None:
    save_generator(tiny(0), tmp_path / "first.safetensors")
    tuning = {"mode": "finetune", "model": str(tmp_path / "first.safetensors"), "discriminator_first": 0}
    for noise in (False, True):
        model = load_stylegan2(train(choose(**tuning, noise=noise, target=tmp_path / f"noise {noise}")))
        strengths = [float(value) for name, value in model.tensors.items() if name.endswith(".noise_strength")]
        assert len(strengths) == 5
        assert all(value == 0 for value in strengths) == (not noise)


def test_a_drawn_discriminator_first_learns_alone(choose: Choose, tmp_path: Path) -> None:
    save_generator(tiny(0), tmp_path / "first.safetensors")
    settings = choose(mode="finetune", model=str(tmp_path / "first.safetensors"))
    train(settings)
    state, start = read_snapshot(settings.target / SNAPSHOT), begin(settings)
    assert [name for name in start.generator if not torch.equal(state.generator[name], start.generator[name])] == []
    assert not torch.equal(state.discriminator["convs.1.conv1.0.weight"], start.discriminator["convs.1.conv1.0.weight"])


def test_a_model_without_discriminator_takes_that_of_a_snapshot(choose: Choose, tmp_path: Path) -> None:
    save_generator(tiny(0), tmp_path / "first.safetensors")
    other = choose()
    train(other)
    tuning = {"mode": "finetune", "model": str(tmp_path / "first.safetensors"), "target": tmp_path / "second"}
    state = begin(choose(**tuning, discriminator=other.target / SNAPSHOT))
    learned = read_snapshot(other.target / SNAPSHOT).discriminator
    assert all(torch.equal(value, learned[name]) for name, value in state.discriminator.items())
    save_generator(tiny(0, 32), tmp_path / "first.safetensors")
    with pytest.raises(TrainingError, match="is for 16 pixels, the model makes 32"):
        begin(choose(**tuning, discriminator=other.target / SNAPSHOT))


def test_the_average_moves_slower_than_the_generator(choose: Choose) -> None:
    settings = choose(average_images=8)
    train(settings)
    state, start = read_snapshot(settings.target / SNAPSHOT), begin(settings)
    name = "b8.conv1.weight"
    moved, averaged = (value[name] - start.generator[name] for value in (state.generator, state.averaged))
    assert 0 < float(averaged.norm()) < float(moved.norm())


def test_one_step_is_the_same_in_two_trainers_and_others_with_another_seed(choose: Choose) -> None:
    def weights(seed: int) -> torch.Tensor:
        from fgraph.training.batches import Batches
        from fgraph.training.devices import make_fabric

        settings = choose(seed=seed)
        state = begin(choose())
        pixels = np.full((4, 16, 16, 3), 90, np.uint8)
        Trainer(make_fabric(settings), settings, state, Batches(pixels, seed, flip=True)).step()
        return state.generator["b4.conv1.weight"].detach()

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_half_precision_trains(choose: Choose) -> None:
    settings = choose(precision="bfloat16", images=8)
    train(settings)
    weight = read_snapshot(settings.target / SNAPSHOT).generator["b16.conv1.weight"]
    assert weight.dtype == torch.float32
    assert not torch.equal(weight, begin(settings).generator["b16.conv1.weight"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"imagse": 3}, r"training.imagse: there is no such setting \(did you mean 'images'\?\)"),
        ({"images": -1}, "training.images: input should be greater than or equal to 1, found -1"),
        ({"size": 20}, "must be a power of two"),
        ({"size": None}, "mode=train needs training.size="),
        ({"mode": "finetune"}, "mode=finetune needs model="),
        ({"batch": 4, "devices": 3}, "not a multiple of training.devices=3"),
        ({"augment": "adda"}, "training.augment: input should be 'none', 'diffaugment' or 'ada', found 'adda'"),
    ],
)
def test_settings_that_cannot_be_are_told(changed: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        read_training_settings({**TINY, "data": "d", "target": "t", **changed})


def test_models_that_cannot_be_trained_are_told(choose: Choose, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"expected a width for each of \[4, 8, 16\]"):
        begin(choose(channels={4: 8}))
    with pytest.raises(FgraphError, match="there is no model"):
        begin(choose(mode="finetune", model=str(tmp_path / "nothing.pt")))
    with pytest.raises(TrainingError, match="device=tpu"):
        train(choose(device="tpu"))


def test_an_infinite_loss_stops_a_training(choose: Choose) -> None:
    with pytest.raises(TrainingError, match="a loss is not finite"):
        train(choose(learning_rate=1e30, images=400))
