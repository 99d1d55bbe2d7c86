"""Short commands that write files, one for each way in which fgraph writes."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

MODEL = "begin.safetensors"  # a generator of 8 pixels, beside the graphs
GRAPH = f"""
models: {{main: {MODEL}}}
nodes:
  left: {{op: sample, seed: 3, count: 6}}
  right: {{op: sample, seed: 8}}
  fade: {{op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}}
  mix: {{op: blend, a: left, b: right, mask: fade}}
  image: {{op: decode, of: mix}}
outputs: [image, left]
"""
LARGE = f"""
models: {{main: {MODEL}}}
nodes:
  codes: {{op: sample, seed: 3, count: 2}}
  small: {{op: decode, of: codes}}
  image: {{op: resize, of: small, width: 300, height: 280, unit: pixel}}
outputs: [image]
"""
MEASURED = f"""
models: {{main: {MODEL}}}
nodes:
  start: {{op: sample, seed: 3}}
  moved: {{op: direction, kind: pca, of: start, strength: [-2, 2]}}
  image: {{op: decode, of: moved}}
outputs: [image]
"""
ADDRESS = "{address}"  # in arguments: the address of a model on a server of this machine
CLUSTER = "{cluster}"  # in arguments: the address of a Ray cluster on this machine


@dataclass(frozen=True)
class Scenario:
    """A command, and the files that it starts from."""

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    kept: tuple[str, ...] = ("out",)  # the folders whose files do not depend on earlier runs
    share: float = 1.0  # the share of its faults and kills that a campaign tries
    warms: bool = True  # whether the fork server runs it beforehand
    aborts: bool = False  # whether a library may abort the process if an allocation fails


def _graph(folder: Path) -> None:
    (folder / "mine" / "graph").mkdir(parents=True)
    (folder / "mine" / "graph" / "many.yaml").write_text(GRAPH)
    (folder / "mine" / "graph" / "measured.yaml").write_text(MEASURED)
    (folder / "mine" / "graph" / "large.yaml").write_text(LARGE)
    (folder / MODEL).write_bytes(_small_model())


@functools.cache
def _picture(number: int, size: int) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)


def _pictures(count: int, folder: Path) -> None:
    (folder / "photos").mkdir(parents=True)
    for number in range(count):
        _picture(number, 8).save(folder / "photos" / f"{number}.png")
    (folder / MODEL).write_bytes(_small_model())


@functools.cache
def _small_model() -> bytes:
    """Return the file of a generator of 8 pixels."""
    import tempfile

    from fgraph.stylegan.checkpoints.weights import save_generator
    from tests.hostile.conftest import TABLE
    from tests.network_pickles import random_generator

    with tempfile.TemporaryDirectory() as folder:
        save_generator(random_generator(TABLE), Path(folder, MODEL))
        return Path(folder, MODEL).read_bytes()


def _everything(folder: Path) -> None:
    _graph(folder)
    _pictures(3, folder)


_MINE = ("--config-dir", "mine")
_MANY = ("mine/graph/many.yaml", "output.formats=[png,npy]")
_INVERT = ("mode=invert", "images=photos", f"model={MODEL}", "inversion.steps=3", "inversion.space=w",
           "inversion.prior=none", "inversion.batch=2")  # fmt: skip
_TRAIN = ("data=photos", "training.images=16", "training.batch=4", "training.log_images=8", "target=out",
          "hydra.run.dir=hydra")  # fmt: skip
_LARGE = ("mine/graph/large.yaml", "output.piece=160")
_DOWNLOAD = ("mode=convert", f"model='{ADDRESS}'", "cache=kept")
SCENARIOS = (
    Scenario("run", (*_MANY, "hydra.run.dir=out"), _graph),
    Scenario("sweep", ("-m", *_MINE, "graph=many", "seed=1,2", "hydra.sweep.dir=out"), _graph),
    Scenario("tiff", (*_LARGE, "output.formats=[tiff]", "hydra.run.dir=out"), _graph),
    Scenario("dzi", (*_LARGE, "output.formats=[dzi]", "hydra.run.dir=out"), _graph),
    Scenario("invert", (*_INVERT, "hydra.run.dir=out"), functools.partial(_pictures, 3)),
    Scenario("tune", (*_INVERT, "inversion.tune.steps=2", "hydra.run.dir=out"), functools.partial(_pictures, 1)),
    Scenario(
        "train",
        ("mode=train", *_TRAIN, "training.size=8", "training.channels={4: 8, 8: 8}", "training.latent=8",
         "training.mapping_layers=1"),
        functools.partial(_pictures, 5),
    ),
    Scenario("finetune", ("mode=finetune", f"model={MODEL}", *_TRAIN), functools.partial(_pictures, 5)),
    Scenario(
        "encoder",
        ("mode=train-encoder", f"model={MODEL}", "encoder.images=16", "encoder.batch=4", "encoder.size=8",
         "encoder.log_images=8", "encoder.channels={4: 4, 8: 4}", "encoder.iterations=1", "target=out",
         "hydra.run.dir=hydra"),
        functools.partial(_pictures, 5),
    ),
    Scenario(
        "download", (*_DOWNLOAD, "target=out/model.safetensors", "hydra.run.dir=hydra"), _graph, ("out", "kept/models"),
    ),
    *(
        [Scenario(
            "ray",
            ("-m", *_MINE, "graph=many", "seed=1,2", "hydra/launcher=ray", "hydra.launcher.cores=1",
             f"hydra.launcher.address={CLUSTER}", "hydra.sweep.dir=out"),
            _graph, share=0.02, warms=False, aborts=True,  # Ray's core may abort
        )] if importlib.util.find_spec("ray") else []
    ),
)  # fmt: skip
CROWD = Scenario("crowd", (), _everything, ("out", "kept/models"))
CROWD_COMMANDS = (  # commands of one crowd write to the same folders and caches
    (*_MANY, "hydra.run.dir=out/many"),
    ("mine/graph/measured.yaml", "hydra.run.dir=out/measured"),
    (*_INVERT, "hydra.run.dir=out/invert"),
    (*_DOWNLOAD, "target=out/download/model.safetensors", "hydra.run.dir=hydra"),
)
