"""Training from pairs alone: without a discriminator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from fgraph.training import TrainingError
from fgraph.training.begin import begin
from fgraph.training.paired_loop import laplacian_pyramid
from fgraph.training.run import MODEL, train
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from tests.training.conftest import Choose
from tests.training.states import assert_same, colours_apart, drawn_texture

ALONE = {"mode": "train", "discriminator": "none", "style_mixing": 0.0, "flip": False, "learning_rate": 0.01}


def test_the_bands_of_a_pyramid_add_up_to_the_image() -> None:
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    bands = laplacian_pyramid(images)
    assert [tuple(band.shape[2:]) for band in bands] == [(16, 16), (8, 8), (4, 4)]
    assert torch.equal(bands[2], F.avg_pool2d(F.avg_pool2d(images, 2), 2))
    total = bands[2]
    for band in bands[1::-1]:
        total = F.interpolate(total, scale_factor=2, mode="bilinear", align_corners=False) + band
    bound = 4 * 2.0**-24 * float(images.abs().max()) * 4  # four roundings of terms of at most four times the image
    assert float((total - images).abs().max()) <= bound


def test_pairs_alone_teach_what_the_numbers_mean(
    choose: Choose, painter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = choose(**{**ALONE, "learning_rate": 0.03}, data=painter, images=400)
    train(settings)
    state = read_snapshot(settings.target / SNAPSHOT)
    assert state.discriminator_table is None
    assert state.discriminator == {}
    own, other = colours_apart(state.trained_generator())
    assert own < other
    assert state.history[-1]["pair"] < state.history[0]["pair"]
    assert f"400 of 400 images, pair {state.history[-1]['pair']:.3f}" in capsys.readouterr().out


def test_a_training_from_pairs_alone_resumes_bit_for_bit(choose: Choose, painter: str) -> None:
    halves = choose(**ALONE, data=painter)
    whole = halves.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))


def test_noise_learns_the_texture_that_the_painter_draws_from_it(choose: Choose, speckled: str) -> None:
    settings = choose(**{**ALONE, "learning_rate": 0.03}, data=speckled, images=240, noise_strengths={16: 0.2})
    assert not 0.5 < drawn_texture(begin(settings), speckled) < 1.5
    train(settings)
    assert 0.5 < drawn_texture(read_snapshot(settings.target / SNAPSHOT), speckled) < 1.5


def test_a_model_of_pairs_alone_grows_and_then_gets_a_discriminator(
    choose: Choose, painter: str, tmp_path: Path
) -> None:
    first = choose(**ALONE, data=painter)
    train(first)
    grown = {**ALONE, "mode": "grow", "model": str(first.target / SNAPSHOT), "data": painter, "target": tmp_path / "32"}
    train(choose(**grown))
    snapshot = tmp_path / "32" / SNAPSHOT
    state = read_snapshot(snapshot)
    assert (state.table.resolution, state.discriminator_table, state.earlier) == (32, None, 16)
    assert set(state.generator_moments.steps) > {"b32.conv1.weight", "b16.conv1.weight"}
    judged = choose(mode="finetune", model=str(snapshot), freeze=False, target=tmp_path / "judged", images=4)
    begun = begin(judged)
    assert begun.discriminator_table is not None
    assert begun.origin["discriminator_first"] == 2000
    train(judged)
    assert (judged.target / MODEL).exists()


def test_a_model_of_pairs_alone_gets_the_discriminator_that_the_settings_name(
    choose: Choose, painter: str, tmp_path: Path
) -> None:
    first = choose(**ALONE, data=painter, images=4)
    train(first)
    other = choose(target=tmp_path / "other", images=4)
    train(other)
    named = {"discriminator": str(other.target / SNAPSHOT), "model": str(first.target / SNAPSHOT)}
    begun = begin(choose(mode="finetune", target=tmp_path / "judged", **named))
    learned = read_snapshot(other.target / SNAPSHOT)
    assert begun.discriminator_table == learned.discriminator_table
    assert [name for name, x in learned.discriminator.items() if not torch.equal(x, begun.discriminator[name])] == []
    assert begun.origin["discriminator_first"] == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"flip": True}, "training.discriminator=none compares .*: add training.style_mixing=0 training.flip=false"),
        ({"data": "pictures"}, "training.discriminator=none needs a painter, .*: data=FILE.py:CLASS"),
        ({"latent": 2}, "training.discriminator=none needs a painter of at most 2 numbers, .* needs 3"),
    ],
)
def test_invalid_settings_of_pairs_alone_are_refused(
    choose: Choose, painter: str, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        train(choose(**{**ALONE, "data": painter, **changed}))
