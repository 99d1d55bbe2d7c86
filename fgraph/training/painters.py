"""Painters: Python classes that make pictures on the fly, as endless data.

A painter is a smooth function of few numbers. `data=FILE.py:CLASS` names one; its class is called without arguments.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor

from fgraph.training.draws import draw_for
from fgraph.training.settings import TrainingError

PIXELS = 2**17  # that a painter paints at a time


class Painter(Protocol):
    """A maker of pictures from normally distributed numbers.

    A painter may also have `free`, the count of numbers that no code decides, such as the places of leaves: a generator
    can only learn to draw them from its noise. Without it, there are none.
    """

    numbers: int

    def paint(self, z: Tensor, size: int) -> Tensor:
        """Paint pictures [rows, 3, size, size] in [-1, 1] from z [rows, numbers + free]."""
        ...


def count_numbers(painter: Painter) -> int:
    """Return how many numbers a painter makes a picture of, with the free ones."""
    return painter.numbers + int(getattr(painter, "free", 0))


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
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise TrainingError(f"data={place}: there is no file {file}")
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
    if not isinstance(getattr(painter, "numbers", None), int) or not callable(getattr(painter, "paint", None)):
        raise TrainingError(f"data={place}: {name} is not a painter; expected `numbers` and `paint(z, size)`")
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
    def paint(self, z: Tensor, draw: torch.Generator) -> Tensor:
        """Paint the pictures of codes z [rows, n], n at least `numbers`: [rows, 3, size, size] in [-1, 1].

        The mapping network normalises z, so the first numbers of the normalised z count. `draw` draws the free ones.
        """
        normal = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        free = torch.randn(len(z), count_numbers(self._painter) - self.numbers, generator=draw)
        return self._paint(torch.cat([normal[:, : self.numbers], free], dim=1))

    @torch.no_grad()
    def take(self, start: int, rows: int, purpose: str = "real") -> Tensor:
        """Paint pictures `start` to `start + rows` of this purpose, [rows, 3, size, size] in [-1, 1]."""
        draw = draw_for(self._seed, f"paint {purpose}", start)
        numbers = torch.randn(rows, count_numbers(self._painter), generator=draw)
        images = self._paint(numbers)
        if self._flip:
            flipped = torch.rand(rows, generator=draw) < 0.5
            images = torch.where(flipped[:, None, None, None], images.flip(3), images)
        return images.contiguous(memory_format=torch.channels_last)

    def _paint(self, numbers: Tensor) -> Tensor:
        """Paint a few pictures at a time, whose intermediate results fit the processor's cache."""
        pieces = torch.split(numbers, max(1, PIXELS // self._size**2))
        images = [self._checked(self._painter.paint(piece, self._size), len(piece)) for piece in pieces]
        return torch.cat(images)

    def _checked(self, images: Tensor, rows: int) -> Tensor:
        found, expected = tuple(images.shape), (rows, 3, self._size, self._size)
        if found != expected:
            raise TrainingError(f"a painter made pictures of shape {found}; expected {expected}")
        return images.clamp(-1, 1).contiguous(memory_format=torch.channels_last)
