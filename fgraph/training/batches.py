"""The pictures of a step and their random flips, which follow from the seed and the step alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fgraph.training.draws import draw_for


class PictureSource(Protocol):
    """An endless source of batches of pictures."""

    def take(self, start: int, rows: int, purpose: str = "real") -> Tensor:
        """Return pictures `start` to `start + rows` of the order of this purpose, [rows, 3, size, size] in [-1, 1]."""
        ...


class Batches:
    """Batches of pictures as floats, in a new random order for each pass over the pictures."""

    def __init__(self, pixels: NDArray[np.uint8], seed: int, flip: bool) -> None:
        self._pixels, self._seed, self._flip = pixels, seed, flip
        self._order = lru_cache(maxsize=2)(self._shuffle)

    def take(self, start: int, rows: int, purpose: str = "real") -> Tensor:
        """Return pictures `start` to `start + rows` of the order of this purpose, [rows, 3, size, size] in [-1, 1]."""
        count = len(self._pixels)
        places = [divmod(number, count) for number in range(start, start + rows)]
        chosen = np.stack([self._pixels[self._order(purpose, round_)[place]] for round_, place in places])
        images = torch.from_numpy(chosen).permute(0, 3, 1, 2).float().mul_(1 / 127.5).sub_(1)  # channels-last
        if self._flip:
            flipped = torch.rand(rows, generator=draw_for(self._seed, f"flip {purpose}", start)) < 0.5
            images = torch.where(flipped[:, None, None, None], images.flip(3), images)
        return images.contiguous(memory_format=torch.channels_last)

    def _shuffle(self, purpose: str, round_: int) -> NDArray[np.int64]:
        order = torch.randperm(len(self._pixels), generator=draw_for(self._seed, f"order {purpose}", round_))
        return order.numpy()
