"""Painters: Python classes that make pictures on the fly, as endless data.

A painter is a smooth function of few numbers. `data=FILE.py:CLASS` names one; its class is called without arguments.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor

from fgraph._paths import expanded
from fgraph.training.draws import draw_for
from fgraph.training.settings import TrainingError

MOST = 2**16  # numbers that a painter reads
PIXELS = 2**17  # that a painter paints at a time


class Painter(Protocol):
    """A maker of pictures from normally distributed numbers.

    A painter with `noise = True` also draws fine texture from noise: `paint` has a third argument, the maps of
    `draw_maps`. In a training from pairs, they are the noise inputs of the generator.
    """

    numbers: int

    def paint(self, z: Tensor, size: int) -> Tensor:
        """Paint pictures [rows, 3, size, size] in [-1, 1] from z [rows, numbers]."""
        ...


def draw_maps(rows: int, size: int, draw: torch.Generator) -> list[Tensor]:
    """Draw normally distributed noise for a painter: maps [rows, 1, s, s] of s = 4, 8, ... `size` pixels."""
    return [torch.randn(rows, 1, side, side, generator=draw) for side in _sides(size)]


def _sides(size: int) -> list[int]:
    return [4 << i for i in range((size // 4).bit_length())]


def paint_with(painter: Painter, z: Tensor, size: int, maps: Sequence[Tensor]) -> Tensor:
    """Paint pictures of numbers [rows, numbers], with noise maps if the painter reads them."""
    return painter.paint(z, size, maps) if getattr(painter, "noise", False) else painter.paint(z, size)  # type: ignore[call-arg]


def names_painter(place: Path) -> bool:
    """Return whether `data` names a class in a Python file, and no folder or zip."""
    file, found, name = str(place).rpartition(":")
    return bool(found) and file.endswith(".py") and name.isidentifier()


def load_painter(place: Path) -> Painter:
    """Load the painter that `FILE.py:CLASS` names. This runs the code of the file.

    Raises:
        TrainingError: there is no such file or class, or it is not a painter.
    """
    file, _, name = str(place).rpartition(":")
    path = expanded(file)
    if not os.path.isfile(path):
        raise TrainingError(f"data={place}: there is no file {file}")
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(f"fgraph_painter_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for it there
    sys.path.insert(0, str(path.parent))  # for modules beside the file that it imports
    try:
        spec.loader.exec_module(module)
        painter = getattr(module, name)()
    except Exception as error:  # the painter is code of the user
        raise TrainingError(f"data={place}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    numbers = getattr(painter, "numbers", None)
    if type(numbers) is not int or not 1 <= numbers <= MOST or not callable(getattr(painter, "paint", None)):
        raise TrainingError(
            f"data={place}: {name} is not a painter; expected `numbers` from 1 to {MOST}, and `paint(z, size)`"
        )
    return cast(Painter, painter)


class PaintedBatches:
    """Batches of a painter's pictures, which the seed and the number of the first picture determine."""

    def __init__(self, painter: Painter, size: int, seed: int, flip: bool) -> None:
        self._painter, self._size, self._seed, self._flip = painter, size, seed, flip

    @property
    def numbers(self) -> int:
        """The count of numbers of a code that the painter reads."""
        return self._painter.numbers

    @torch.no_grad()
    def paint(self, z: Tensor, noise: Sequence[Tensor], draw: torch.Generator) -> Tensor:
        """Paint the pictures of codes: [rows, 3, size, size] in [-1, 1].

        Args:
            z: the codes [rows, n], n at least `numbers`. The mapping network normalises z, so the first numbers of the
                normalised z count.
            noise: the noise inputs of a generator, [rows, 1, side, side]. The first of each side counts; without them,
                the noise is drawn.
            draw: the random generator for it.
        """
        normal = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        first = {each.shape[-1]: each for each in reversed(noise)}
        maps = [first[side] for side in _sides(self._size)] if noise else draw_maps(len(z), self._size, draw)
        return self._paint(normal[:, : self.numbers], maps)

    @torch.no_grad()
    def take(self, start: int, rows: int, purpose: str = "real") -> Tensor:
        """Paint pictures `start` to `start + rows` of this purpose, [rows, 3, size, size] in [-1, 1]."""
        draw = draw_for(self._seed, f"paint {purpose}", start)
        numbers = torch.randn(rows, self.numbers, generator=draw)
        images = self._paint(numbers, draw_maps(rows, self._size, draw))
        if self._flip:
            flipped = torch.rand(rows, generator=draw) < 0.5
            images = torch.where(flipped[:, None, None, None], images.flip(3), images)
        return images.contiguous(memory_format=torch.channels_last)

    def _paint(self, numbers: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Paint a few pictures at a time, whose intermediate results fit the processor's cache."""
        rows = max(1, PIXELS // self._size**2)
        pieces = zip(*(torch.split(each, rows) for each in (numbers, *maps)), strict=True)
        return torch.cat([self._checked_piece(piece, noise) for piece, *noise in pieces])

    def _checked_piece(self, numbers: Tensor, maps: Sequence[Tensor]) -> Tensor:
        images = paint_with(self._painter, numbers, self._size, maps)
        expected = (len(numbers), 3, self._size, self._size)
        if not isinstance(images, Tensor) or not images.is_floating_point():
            found = getattr(images, "dtype", type(images).__name__)
            raise TrainingError(f"a painter made {found}; expected a tensor of floating-point numbers")
        if tuple(images.shape) != expected:
            raise TrainingError(f"a painter made pictures of shape {tuple(images.shape)}; expected {expected}")
        if not bool(images.isfinite().all()):
            raise TrainingError("a painter made pictures with numbers that are not finite")
        return images.clamp(-1, 1).contiguous(memory_format=torch.channels_last)
