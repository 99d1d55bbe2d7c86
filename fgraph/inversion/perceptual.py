"""LPIPS by the optional package `lpips`, with the backbone of torchvision, which downloads its weights."""

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
    """Return LPIPS (VGG, spatial, as in SOAT) as a function of images in [-1, 1], with the result [rows].

    Raises:
        FgraphError: lpips or torchvision can't be imported, or the weights can't be downloaded.
    """
    network = _network().to(device)

    def compare(images: Tensor, wanted: Sequence[Tensor]) -> Tensor:
        distance: Tensor = network(at_most(images), wanted[0])  # [rows, 1, H, W]
        return distance.mean(dim=(1, 2, 3))

    return compare


@lru_cache(maxsize=1)
def _network() -> Any:
    try:
        import lpips
    except Exception as error:  # a torchvision for another torch raises errors of many types
        raise FgraphError(
            f"LPIPS needs the packages lpips and torchvision, and one of them cannot be imported ({error}): install "
            f"fgraph-gan[lpips] with the torchvision that belongs to torch {torch.__version__}, {_ADVICE}"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old arguments of torchvision
            network = lpips.LPIPS(net="vgg", spatial=True, verbose=False)
    except Exception as error:
        raise FgraphError(
            f"LPIPS needs the ImageNet weights of VGG, which torchvision downloads once, and that failed "
            f"({error}): run once with access to the internet, {_ADVICE}"
        ) from error
    return network.eval().requires_grad_(False)
