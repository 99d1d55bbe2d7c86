"""The discriminator's network against the formulas of the paper, written out with plain convolutions."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.discriminator import Discriminator, features, initial_tensors, score
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from tests.rounding import assert_summed

pytestmark = pytest.mark.numeric

TABLE = DiscriminatorTable(size=16, channels=((4, 8), (8, 6), (16, 5)))
TERMS = 3 + 9 * (5 + 5 + 6 + 6 + 9) + 4 * 4 * 4 + 8 * 16 + 8  # fromRGB, convolutions, filters, linear layers


def tensors_of(table: DiscriminatorTable) -> dict[str, Tensor]:
    drawn = initial_tensors(table, seed=3)
    draw = torch.Generator().manual_seed(4)
    return {
        name: torch.randn(value.shape, generator=draw) if "bias" in name else value for name, value in drawn.items()
    }


def pictures(rows: int, size: int = 16) -> Tensor:
    return torch.randn(rows, 3, size, size, generator=torch.Generator().manual_seed(rows))


def plain_filter(x: Tensor, pad: int) -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, (pad, pad, pad, pad)), kernel, groups=x.shape[1])


def plain_conv(x: Tensor, weight: Tensor, bias: Tensor, stride: int = 1) -> Tensor:
    """Compute a layer of the paper: equalised weight, bias, leaky ReLU times the square root of 2."""
    scaled = weight / math.sqrt(weight[0].numel())
    y = F.conv2d(x, scaled, stride=stride, padding=weight.shape[2] // 2 if stride == 1 else 0)
    return F.leaky_relu(y + bias.view(1, -1, 1, 1), 0.2) * math.sqrt(2)


def plain_features(table: DiscriminatorTable, tensors: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    made = [plain_conv(x, tensors["convs.0.0.weight"], tensors["convs.0.1.bias"])]
    for i in range(1, table.blocks + 1):
        block = {
            key.removeprefix(f"convs.{i}."): value for key, value in tensors.items() if key.startswith(f"convs.{i}.")
        }
        y = plain_conv(made[-1], block["conv1.0.weight"], block["conv1.1.bias"])
        y = plain_conv(plain_filter(y, 2), block["conv2.1.weight"], block["conv2.2.bias"], stride=2)
        skip = F.conv2d(plain_filter(made[-1], 1), block["skip.1.weight"] / math.sqrt(made[-1].shape[1]), stride=2)
        made.append((y + skip) / math.sqrt(2))
    return made


def plain_score(table: DiscriminatorTable, tensors: dict[str, Tensor], x: Tensor) -> Tensor:
    x = plain_features(table, tensors, x)[-1]
    group = min(table.stddev_group, len(x))
    maps = []
    for first in range(len(x) // group):
        members = x[first :: len(x) // group]
        maps.append((members.var(dim=0, unbiased=False) + 1e-8).sqrt().mean())
    stddev_map = torch.stack([maps[row % len(maps)] for row in range(len(x))])[:, None, None, None].expand(-1, 1, 4, 4)
    x = plain_conv(torch.cat([x, stddev_map], dim=1), tensors["final_conv.0.weight"], tensors["final_conv.1.bias"])
    for i in range(2):
        weight = tensors[f"final_linear.{i}.weight"]
        x = x.flatten(1) @ (weight / math.sqrt(weight.shape[1])).t() + tensors[f"final_linear.{i}.bias"]
        x = F.leaky_relu(x, 0.2) * math.sqrt(2) if i == 0 else x
    return x


@pytest.mark.parametrize("rows", [1, 3, 4, 8])
def test_features_and_scores_follow_the_formulas(rows: int) -> None:
    tensors, x = tensors_of(TABLE), pictures(rows)
    made = list(features(TABLE, tensors, x))
    assert [tuple(one.shape[1:]) for one in made] == [(5, 16, 16), (6, 8, 8), (8, 4, 4)]
    for one, other in zip(made, plain_features(TABLE, tensors, x), strict=True):
        assert_summed(one, other, TERMS)
    assert_summed(score(TABLE, tensors, x), plain_score(TABLE, tensors, x), TERMS)


def test_a_former_from_rgb_is_added_to_its_share_of_the_new_block() -> None:
    table = DiscriminatorTable(size=16, channels=TABLE.channels, faded=(8,))
    tensors, x = tensors_of(table), pictures(2)
    new = plain_features(TABLE, tensors, x)[1]
    small = F.avg_pool2d(x, 2)
    former = plain_conv(small, tensors["faded.8.0.weight"], tensors["faded.8.1.bias"])
    assert tensors["faded.8.share"] == pytest.approx(0.1)
    assert_summed(list(features(table, tensors, x))[1], 0.1 * new + former, TERMS)


def test_gradients_of_the_first_and_second_order_are_right() -> None:
    table = DiscriminatorTable(size=8, channels=((4, 3), (8, 2)), faded=(4,))
    tensors = {name: value.double() for name, value in tensors_of(table).items()}
    x = pictures(2, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: score(table, tensors, x), (x,))
    assert torch.autograd.gradgradcheck(lambda x: score(table, tensors, x), (x,))


def test_layers_are_clamped_with_their_gain() -> None:
    table = DiscriminatorTable(size=8, channels=((4, 3), (8, 2)), clamp=0.5)
    made = list(features(table, tensors_of(table), 100 * pictures(2, 8)))
    assert float(made[0].abs().max()) == 0.5


def test_features_of_a_row_do_not_depend_on_its_batch() -> None:
    discriminator = Discriminator(TABLE, tensors_of(TABLE)).to(dtype=torch.float64)
    x = pictures(4).double()
    for one, all_four in zip(discriminator.features(x[:1]), discriminator.features(x), strict=True):
        assert_summed(one, all_four[:1], TERMS)


def test_wrong_sizes_and_rows_are_refused() -> None:
    discriminator = Discriminator(TABLE, tensors_of(TABLE))
    with pytest.raises(ValueError, match="images are 3x8x8; this discriminator takes 3x16x16"):
        discriminator.features(pictures(1, 8))
    with pytest.raises(ValueError, match="takes a multiple of 4"):
        discriminator.score(pictures(6))


def test_initial_tensors_have_the_shapes_of_the_table() -> None:
    drawn = initial_tensors(TABLE, seed=0)
    assert {name: tuple(value.shape) for name, value in drawn.items()} == discriminator_shapes(TABLE)
    assert all(torch.equal(value, initial_tensors(TABLE, seed=0)[name]) for name, value in drawn.items())
