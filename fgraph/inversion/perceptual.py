"""LPIPS by the `lpips` package, which is optional; torchvision has its backbone, and fetches the weights of that."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from fgraph._errors import FgraphError
from fgraph.inversion.losses import Compare, at_most

_ADVICE = "or do without: lpips=0 with mse, pyramid or discriminator"


def load_lpips(device: torch.device) -> Compare:
    """LPIPS (VGG, spatial, as SOAT takes it) of images in [-1, 1]: [rows].

    Raises:
        FgraphError: the package or torchvision is missing or does not fit, or the weights cannot be had.
    """
    network = _network().to(device)

    def compare(images: Tensor, wanted: Sequence[Tensor]) -> Tensor:
        apart: Tensor = network(at_most(images), wanted[0])  # [rows, 1, H, W]
        return apart.mean(dim=(1, 2, 3))

    return compare


@lru_cache(maxsize=1)
def _network() -> Any:
    try:
        import lpips
    except Exception as error:  # torchvision for another torch fails in many ways
        raise FgraphError(
            f"LPIPS needs the packages lpips and torchvision, and one of them cannot be imported ({error}): install "
            f"fgraph-gan[lpips] with the torchvision that belongs to torch {torch.__version__}, {_ADVICE}"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torchvision's old arguments
            network = lpips.LPIPS(net="vgg", spatial=True, verbose=False)
    except Exception as error:
        raise FgraphError(
            f"LPIPS needs the ImageNet weights of VGG, which torchvision fetches once, and they cannot be had "
            f"({error}): run once where the net can be reached, {_ADVICE}"
        ) from error
    return network.eval().requires_grad_(False)
