"""A large picture in a file, written piece by piece along its longer side and read in windows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fgraph._imaging.encode import Pixels

BLOCK = 1024  # pixels along the longer side that are halved at once


class Slabs:
    """Pixels of 1, 3 or 4 channels in a file, in lines across the longer side, so that a piece is contiguous.

    At most one piece is in memory: `put` writes the file and `window` reads it.
    """

    def __init__(self, path: Path, height: int, width: int, channels: int = 3) -> None:
        self.path, self.height, self.width, self.channels = path, height, width, channels
        self.along_x = width >= height
        self._bytes = min(height, width) * channels  # bytes of one line across the longer side
        self._file = path.open("w+b")

    @property
    def length(self) -> int:
        """The number of pixels along the longer side."""
        return max(self.height, self.width)

    def put(self, start: int, pixels: Pixels) -> None:
        """Write a piece [h, w, channels] at `start` pixels along the longer side; it spans the shorter side."""
        across, channels = pixels.shape[1 - self.along_x], pixels.shape[2]
        assert (across, channels) == (min(self.height, self.width), self.channels), pixels.shape
        lines = pixels.transpose(1, 0, 2) if self.along_x else pixels  # [along, across, channels]
        self._file.seek(start * self._bytes)
        self._file.write(np.ascontiguousarray(lines).tobytes())

    def piece(self, start: int, stop: int) -> Pixels:
        """Read all pixels between two positions along the longer side, [h, w, channels]."""
        self._file.seek(start * self._bytes)
        flat: NDArray[np.uint8] = np.frombuffer(self._file.read((stop - start) * self._bytes), np.uint8)
        lines = flat.reshape(stop - start, -1, self.channels)
        return lines.transpose(1, 0, 2) if self.along_x else lines

    def window(self, top: int, left: int, bottom: int, right: int) -> Pixels:
        """Read a rectangle, [h, w, channels]."""
        if self.along_x:
            return self.piece(left, right)[top:bottom]
        return self.piece(top, bottom)[:, left:right]

    def halved(self, path: Path) -> Slabs:
        """Write the picture at half its size, each pixel the mean of four; odd sides are rounded up.

        The mean of the colours of transparent pixels is weighted by their opacity.
        """
        small = Slabs(path, math.ceil(self.height / 2), math.ceil(self.width / 2), self.channels)
        for start in range(0, self.length, BLOCK):
            small.put(start // 2, _halve(self.piece(start, min(start + BLOCK, self.length))))
        return small

    def close(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def pyramid(base: Slabs, least: int) -> Iterator[Slabs]:
    """Yield the picture, then each level at half the size of the one before, until no side exceeds `least` pixels.

    A level is valid until the next but one is made; `base` stays.
    """
    level, number = base, 0
    yield level
    while level.length > least:
        number += 1
        smaller = level.halved(base.path.with_name(f"{base.path.name}.{number}"))
        if level is not base:
            level.close()
        level = smaller
        yield level
    if level is not base:
        level.close()


def _halve(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.uint32)
    if even.shape[2] < 4:
        return ((_sum_fours(even) + 2) // 4).astype(np.uint8)
    opacity = even[:, :, 3:]
    total = _sum_fours(opacity)
    weight = np.maximum(total, 1)
    colours = (_sum_fours(even[:, :, :3] * opacity) + weight // 2) // weight
    return np.concatenate([colours, (total + 2) // 4], axis=2).astype(np.uint8)


def _sum_fours(even: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]
