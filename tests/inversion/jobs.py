"""Small jobs of inversion: pictures to read, and a callback that stops a job at a step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from fgraph._imaging.encode import to_pixels
from fgraph._imaging.finding import find_pictures
from fgraph.inversion.cache import InversionCache
from fgraph.inversion.job import InversionCallback, InversionJob
from fgraph.inversion.optimise import Search
from fgraph.inversion.pictures import JobPicture, PictureReading, read_pictures
from fgraph.inversion.results import InversionResult
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.conftest import problem_of


def write_pictures(folder: Path, generator: StyleGAN2Generator, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        z = torch.randn(count, generator.table.z_dim, generator=torch.Generator().manual_seed(8))
        images = generator.synthesise(generator.affine(generator.map(z)))
    for row, image in enumerate(images):
        Image.fromarray(to_pixels(image.numpy())).save(folder / f"{row:02}.png")
    return folder


class Killed(BaseException):
    """An exception in place of a kill, which fgraph does not catch."""


class Watching(InversionCallback):
    """A callback that records its calls, and raises `Killed` at a step."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at, self.steps = dies_at, 0
        self.done: list[tuple[str, bool]] = []
        self.twins: list[tuple[str, str]] = []
        self.lost: list[str] = []

    def stepped(self, search: Search, names: Sequence[str]) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed

    def finished(self, picture: JobPicture, result: InversionResult, cached: bool) -> None:
        self.done.append((picture.name, cached))

    def repeated(self, picture: JobPicture, result: InversionResult, of: JobPicture) -> None:
        self.twins.append((picture.name, of.name))

    def failed(self, picture: JobPicture) -> None:
        self.lost.append(picture.name)


def make_job(
    generator: StyleGAN2Generator,
    pictures: Path,
    out: Path,
    cache: Path | None,
    callback: InversionCallback,
    **more: object,
) -> InversionJob:
    reading = PictureReading(generator.table.size)
    found, faults = read_pictures(find_pictures(pictures), reading)
    assert not faults
    problem = problem_of(generator, **({"steps": 8} | more))
    return InversionJob(
        problem, found, reading, out, InversionCache(cache), batch=3, snapshot_seconds=0.0, callback=callback
    )
