"""The filter of training against sums written out, forwards and differentiated twice."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.nn.resampling import downsample, smooth
from tests.rounding import assert_rounded

pytestmark = pytest.mark.numeric


def written_out(x: Tensor, padding: int) -> Tensor:
    taps = (1 / 8, 3 / 8, 3 / 8, 1 / 8)
    x = F.pad(x, (padding,) * 4)
    height, width = x.shape[2] - 3, x.shape[3] - 3
    x = torch.stack([tap * x[:, :, i : i + height] for i, tap in enumerate(taps)]).sum(dim=0)
    return torch.stack([tap * x[..., i : i + width] for i, tap in enumerate(taps)]).sum(dim=0)


def test_the_filter_is_1331_in_both_directions() -> None:
    x = torch.randn(2, 3, 7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for padding in (0, 1, 2):
        assert_rounded(smooth(x, padding), written_out(x, padding), 16)
    assert_rounded(smooth(x, gain=64.0), written_out(x, 0) * 64, 16)
    even = x[:, :, :6]
    assert_rounded(downsample(even), written_out(even, 1)[:, :, ::2, ::2], 16)


def test_resampling_is_differentiable_twice() -> None:
    x = torch.randn(1, 2, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    for function in (lambda v: smooth(v, 2).pow(3), lambda v: smooth(v).pow(3), lambda v: downsample(v).pow(3)):
        assert torch.autograd.gradcheck(function, x)
        assert torch.autograd.gradgradcheck(function, x)
