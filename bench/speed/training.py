"""The training speed of one thread in images a second, by size and widths.

python -m bench.speed.training [--steps 4] [--sizes 32 64 128] [--widths cpu stylegan2] [--write]

The widths are the default on a CPU, which the bundled models have, or the widths of StyleGAN2, with batches of 16 and
R1 every 16th step. Figures are processor time, which other work hardly affects. Each line also shows the share of the
discriminator's steps, of R1 and of the generator's steps. With `--write`, the table goes into docs/how-to/training.md.
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

from bench.harness.machine import processor, versions
from bench.harness.pages import DOCS
from fgraph.training import TrainingSettings
from fgraph.training.batches import Batches
from fgraph.training.begin import begin
from fgraph.training.devices import make_fabric
from fgraph.training.initial import default_channels
from fgraph.training.loop import Trainer

PAGE, START, END = DOCS / "how-to" / "training.md", "<!-- speeds -->", "<!-- /speeds -->"
LARGEST_WIDE = 64  # pixels; with the widths of StyleGAN2, a step of larger images takes minutes on a CPU
WIDTHS = {"cpu": "the default on a CPU", "stylegan2": "those of StyleGAN2"}
PARTS = {"discriminator": "_discriminator_step", "R1": "_penalty_step", "generator": "_generator_step"}


def make_trainer(size: int, widths: str) -> Trainer:
    """Return a training of random pictures before its first step."""
    settings = TrainingSettings(
        mode="train",
        data=Path("none"),
        target=Path("none"),
        device="cpu",
        size=size,
        channels=default_channels(size, on_cpu=widths == "cpu"),
    )
    pixels = np.random.default_rng(0).integers(0, 256, (64, size, size, 3), dtype=np.uint8)
    return Trainer(make_fabric(settings), settings, begin(settings), Batches(pixels, 0, flip=True))


def clock(trainer: Trainer, steps: int) -> dict[str, float]:
    """Return the processor seconds of a step, in total and by part; a step has its share of R1."""
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
        trainer.state.steps = 1  # R1 is not part of this step
        trainer.step()
    total = time.process_time() - start
    spent = {name: seconds / steps for name, seconds in spent.items()}
    trainer._penalty_step()
    spent["R1"] /= trainer.settings.gamma_every
    return {"all": total / steps + spent["R1"], **spent}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--widths", nargs="+", choices=WIDTHS, default=["cpu", "stylegan2"])
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lines = ["| widths | pixels | images a second | 100,000 images |", "| --- | --- | --- | --- |"]
    for widths in arguments.widths:
        for size in (size for size in arguments.sizes if widths == "cpu" or size <= LARGEST_WIDE):
            trainer = make_trainer(size, widths)
            trainer.step()
            spent = clock(trainer, arguments.steps)
            speed = trainer.settings.batch / spent["all"]
            shares = ", ".join(f"{name} {spent[name] / spent['all']:.0%}" for name in PARTS)
            print(f"{widths}, {size} pixels: {speed:.2f} images/s ({shares})", flush=True)
            lines.append(f"| {WIDTHS[widths]} | {size} | {speed:.3g} | {100_000 / speed / 3600:.3g} hours |")
    if arguments.write:
        write("\n".join(lines), f"--steps {arguments.steps} --widths {' '.join(arguments.widths)}")


def write(table: str, options: str) -> None:
    """Put the table into the page."""
    head, rest = PAGE.read_text("utf-8").split(START)
    tail = rest.split(END)[1]
    made = f"`python -m bench.speed.training {options} --write`; {processor()}; {versions()}:"
    PAGE.write_text(f"{head}{START}\n\n{made}\n\n{table}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
