"""Ownership of parts by channels: spherical k-means, shares, and the choice of channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from fgraph.runtime.kernels.owning import weigh
from fgraph.stylegan.measured.k_means import spherical_k_means
from fgraph.stylegan.measured.ownership import OwnershipSettings, find_owners, membership, resized
from tests.networks import tiny
from tests.rounding import assert_rounded, assert_summed, assert_within, likely, network_terms

pytestmark = pytest.mark.numeric

SETTINGS = OwnershipSettings("b8", 4, 24, 0)


def test_k_means_goes_by_direction_and_not_by_length() -> None:
    draw = torch.Generator().manual_seed(0)
    truth = normalize(torch.eye(3) + 0.1, dim=1)
    labels = torch.arange(300) % 3
    lengths = torch.rand(300, 1, generator=draw) * 10 + 0.1
    vectors = lengths * (truth[labels] + 0.05 * torch.randn(300, 3, generator=draw))
    points = torch.nn.functional.normalize(vectors, dim=1)
    centres, _ = spherical_k_means(points, 3, draw, rounds=50)
    assert_rounded(centres.norm(dim=1), torch.ones(3), 3 + 2)
    found = (centres @ truth.t()).max(dim=1)
    assert sorted(found.indices.tolist()) == [0, 1, 2]
    assert found.values.min() > 0.99


def test_shares_follow_the_formula() -> None:
    """M by its definition: activations are standardised per channel, squared, and summed over each part."""
    generator = tiny(0)
    found = find_owners(generator, SETTINGS)
    z = torch.randn(24, generator.table.code_width, generator=torch.Generator().manual_seed(0))
    read: dict[int, Tensor] = {}
    x, skip, s = generator.const().expand(24, -1, -1, -1), None, generator.affine(generator.map(z))
    for layer in generator.table.layers[1:]:
        read[layer.index] = x
        if layer.kind == "conv":
            x = generator.conv(layer, x, s[:, layer.style_slice], generator.noise_const(layer))
    members = membership(read[generator.table.pause("b8")], found.centres)
    for layer in generator.table.layers[1:]:
        a = read[layer.index].double()
        deviation, mean = torch.std_mean(a, dim=(0, 2, 3), keepdim=True, correction=0)
        a = (a - mean) / deviation
        u = resized(members, tuple(a.shape[-2:])).double()
        m = torch.einsum("nchw,nkhw->kc", a**2, u) / (a.shape[0] * a.shape[2] * a.shape[3])
        varies = ~m.isnan().any(dim=0)
        # The shares are sums of x², less the mean, in units of the variance.
        square = 1 + float((mean / deviation)[:, varies].square().max())
        terms = network_terms(generator.table) + a.shape[0] * a.shape[2] * a.shape[3]
        assert_within(found.shares[:, layer.style_slice][:, varies], m[:, varies], likely(terms, square))
    assert skip is None


def test_parts_are_ordered_and_complete() -> None:
    generator = tiny(0)
    found = find_owners(generator, SETTINGS)
    assert found.places.shape == (4, 8, 8)
    assert_summed(found.places.sum(dim=0), torch.ones(8, 8), 24 * 4)  # 24 samples, four parts
    sizes = found.places.sum(dim=(1, 2))
    assert (sizes[:-1] >= sizes[1:]).all()
    terms = 2 * 24 * generator.table.resolution**2  # sums of squares over samples and pixels, and their deviation
    assert_summed(found.shares.sum(dim=0), torch.ones(found.shares.shape[1]), terms)


def test_the_same_settings_find_the_same() -> None:
    first, again = (find_owners(tiny(0), SETTINGS) for _ in range(2))
    assert torch.equal(first.shares, again.shares)
    assert not torch.equal(first.shares, find_owners(tiny(0), OwnershipSettings("b8", 4, 24, 1)).shares)


def test_memberships_of_a_pixel_sum_to_1_at_every_size() -> None:
    members = membership(torch.randn(2, 5, 8, 8, generator=torch.Generator().manual_seed(1)), torch.eye(5)[:3])
    for side in (4, 8, 16, 32):
        assert_rounded(resized(members, (side, side)).sum(dim=1), torch.ones(2, side, side), 3 + 16)


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0, 100.0])
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_greedy_takes_the_most_owned_within_the_budget(rho: float, epsilon: float) -> None:
    """The published program's choice: in order of M, while the sum of 1 - M is below ε, and only where M > ρ."""
    share = torch.rand(20, generator=torch.Generator().manual_seed(2))
    taken, spent = set(), 0.0
    for channel in np.argsort(-share.numpy()):
        spent += 1 - float(share[channel])
        if spent < epsilon and share[channel] > rho:
            taken.add(int(channel))
    found: Any = weigh("greedy", share, 1.0, rho, epsilon)
    assert set(torch.nonzero(found)[:, 0].tolist()) == taken
    assert set(found.unique().tolist()) <= {0.0, 1.0}
