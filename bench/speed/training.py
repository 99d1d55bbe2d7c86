"""The training speed of one thread in images a second, by size: `python -m bench.speed.training [--steps 32]`.

The channels are those of the bundled models, with batches of 16 and R1 every 16th step. Figures are processor time,
which other work hardly affects. Each line also shows the share of the discriminator's steps, of R1 and of the
generator's steps.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from fgraph.training import TrainingSettings
from fgraph.training.batches import Batches
from fgraph.training.begin import begin
from fgraph.training.devices import make_fabric
from fgraph.training.loop import Trainer

CHANNELS = {4: 128, 8: 128, 16: 64, 32: 32, 64: 16, 128: 16}
PARTS = {"discriminator": "_discriminator_step", "R1": "_penalty_step", "generator": "_generator_step"}


def make_trainer(size: int) -> Trainer:
    """Return a training of random pictures before its first step."""
    settings = TrainingSettings(
        mode="train",
        data=Path("none"),
        target=Path("none"),
        device="cpu",
        size=size,
        channels={side: width for side, width in CHANNELS.items() if side <= size},
        latent=128,
        mapping_layers=4,
    )
    pixels = np.random.default_rng(0).integers(0, 256, (64, size, size, 3), dtype=np.uint8)
    return Trainer(make_fabric(settings), settings, begin(settings), Batches(pixels, 0, flip=True))


def clock(trainer: Trainer, steps: int) -> dict[str, float]:
    """Return the processor seconds of some steps, in total and by part."""
    spent = dict.fromkeys(PARTS, 0.0)

    def timed(name: str, run: Callable[[], object]) -> Callable[[], object]:
        def call() -> object:
            start = time.process_time()
            result = run()
            spent[name] += time.process_time() - start
            return result

        return call

    for name, method in PARTS.items():
        setattr(trainer, method, timed(name, getattr(trainer, method)))
    start = time.process_time()
    for _ in range(steps):
        trainer.step()
    return {"all": time.process_time() - start, **spent}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for size in arguments.sizes:
        trainer = make_trainer(size)
        for _ in range(2):
            trainer.step()
        spent = clock(trainer, arguments.steps)
        shares = ", ".join(f"{name} {spent[name] / spent['all']:.0%}" for name in PARTS)
        print(f"{size} pixels: {arguments.steps * 16 / spent['all']:.0f} images/s ({shares})")


if __name__ == "__main__":
    main()
