"""Growing: the pictures stay what they were, and the discriminator keeps what it reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn.discriminator import score
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from fgraph.training.begin import begin
from fgraph.training.grow import grow
from fgraph.training.initial import draw_generator
from fgraph.training.run import train
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from fgraph.training.state import Tensors  # type: ignore[attr-defined]
from tests.rounding import assert_summed, network_terms
from tests.training.conftest import Choose

pytestmark = pytest.mark.numeric


def test_a_grown_generator_first_makes_the_former_pictures_enlarged(choose: Choose) -> None:
    state = begin(choose())
    grown = grow(state, None, seed=0)
    assert grown.table.channels == ((4, 8), (8, 8), (16, 4), (32, 16))
    before, after = state.trained_generator(), grown.trained_generator()
    z = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        small = before.synthesise(before.affine(before.map(z)), "none")
        large = after.synthesise(after.affine(after.map(z)), "none")
        assert small.std() > 0.1
        assert_summed(large, network.upsample_skip(small), network_terms(grown.table))


def test_a_grown_discriminator_keeps_its_former_fromrgb(choose: Choose) -> None:
    state = begin(choose())
    once = grow(state, 16, seed=0)
    twice = grow(once, 16, seed=1)
    assert twice.discriminator_table.faded == (16, 32)  # type: ignore[union-attr]
    for old, new in ((state, once), (once, twice)):
        assert {key: tuple(value.shape) for key, value in new.discriminator.items()} == discriminator_shapes(
            new.discriminator_table
        )
        size = old.table.resolution
        assert float(new.discriminator[f"faded.{size}.share"]) == torch.tensor(0.1)
        images = torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(0))
        muted = new.discriminator | {f"faded.{size}.share": torch.tensor(0.0)}
        enlarged = images.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)  # averaged, it is what it was
        found = score(new.discriminator_table, muted, enlarged)
        assert_summed(
            found, score(old.discriminator_table, old.discriminator, images), _score_terms(new.discriminator_table)
        )


def _score_terms(table: DiscriminatorTable) -> int:
    """Count the terms of the sums that a score goes through: convolutions with their filters, and linear layers."""
    channels = [count for _, count in table.channels]
    return sum(2 * 9 * count + 4 * 4 for count in channels) + 17 * channels[0]


def test_growing_resumes_from_a_snapshot_with_its_moments(choose: Choose) -> None:
    first = choose()
    train(first)
    start = first.target / SNAPSHOT
    grown = begin(choose(mode="grow", model=str(start), target=first.target / "grown"))
    former = read_snapshot(start)
    assert (grown.images, grown.earlier) == (0, 16)
    assert grown.table.resolution == 32
    names = grown.discriminator_moments.steps
    assert names["convs.2.conv1.0.weight"] == former.discriminator_moments.steps["convs.1.conv1.0.weight"] > 0
    assert "convs.1.conv1.0.weight" not in names
    assert torch.equal(
        grown.discriminator_moments.first["faded.16.0.weight"], former.discriminator_moments.first["convs.0.0.weight"]
    )
    train(choose(mode="grow", model=str(start), target=first.target / "grown", images=8))
    after = read_snapshot(first.target / "grown" / SNAPSHOT)
    assert after.images == 8
    assert after.discriminator_moments.steps["convs.2.conv1.0.weight"] > names["convs.2.conv1.0.weight"]


def test_drawn_networks_begin_with_signals_of_unit_variance(choose: Choose) -> None:
    table = replace(begin(choose()).table, channels=((4, 64), (8, 64), (16, 64)), z_dim=64, w_dim=64)
    tensors: Tensors = draw_generator(table, seed=0)
    generator = StyleGAN2Generator.from_tensors(table, tensors)
    z = torch.randn(256, 64, generator=torch.Generator().manual_seed(0))
    w = generator.map(z)
    assert 0.5 < float(w.std()) < 1.5
    style = generator.affine(w)[:, :64]
    x = generator.conv(table.at(0), generator.const().expand(256, -1, -1, -1), style, None)
    assert 0.6 < float(x.square().mean().sqrt()) < 1.4
