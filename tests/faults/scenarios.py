"""Short commands that write files, one for each way in which fgraph writes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

GRAPH = """
nodes:
  left: {op: sample, seed: 3, count: 6}
  right: {op: sample, seed: 8}
  fade: {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}
  mix: {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image, left]
"""


@dataclass(frozen=True)
class Scenario:
    """A command, and the files that it starts from."""

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]


def _graph(folder: Path) -> None:
    (folder / "mine" / "graph").mkdir(parents=True)
    (folder / "mine" / "graph" / "many.yaml").write_text(GRAPH)


@functools.cache
def _picture(number: int, size: int) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)


def _pictures(count: int, size: int, folder: Path) -> None:
    (folder / "photos").mkdir()
    for number in range(count):
        _picture(number, size).save(folder / "photos" / f"{number}.png")


_MINE = ("--config-dir", "mine", "graph=many")
SCENARIOS = (
    Scenario("run", (*_MINE, "output.formats=[png,npy]", "hydra.run.dir=out"), _graph),
    Scenario("sweep", ("-m", *_MINE, "seed=1,2", "hydra.sweep.dir=out"), _graph),
    Scenario("tiff", ("graph=panorama", "output.formats=[tiff]", "output.piece=64", "hydra.run.dir=out"), _graph),
    Scenario("dzi", ("graph=panorama", "output.formats=[dzi]", "output.piece=64", "hydra.run.dir=out"), _graph),
    Scenario(
        "invert",
        ("mode=invert", "images=photos", "model=landscape", "inversion.steps=3", "inversion.space=w",
         "inversion.prior=none", "inversion.batch=2", "hydra.run.dir=out"),
        functools.partial(_pictures, 3, 64),
    ),
    Scenario(
        "train",
        ("mode=train", "data=photos", "training.size=8", "training.channels={4: 8, 8: 8}", "training.latent=8",
         "training.mapping_layers=1", "training.images=16", "training.batch=4", "training.log_images=8",
         "target=out", "hydra.run.dir=hydra"),
        functools.partial(_pictures, 5, 8),
    ),
)  # fmt: skip
