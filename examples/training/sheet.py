"""Paint a sheet of a painter's pictures, to look at.

python examples/training/sheet.py FILE.py:CLASS SHEET.png [--count 64] [--size 128] [--seed 0]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image

from fgraph.training.painters import PaintedBatches, load_painter

ACROSS = 8


def main() -> None:
    """Paint the pictures, eight in a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("painter", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--count", type=int, default=64, help=f"a multiple of {ACROSS}")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.count < 1 or given.count % ACROSS:
        parser.error(f"--count {given.count} is not a multiple of {ACROSS}")
    batches = PaintedBatches(load_painter(given.painter), given.size, given.seed, flip=False)
    pixels = ((batches.take(0, given.count) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
    Image.fromarray(torch.cat([torch.cat(list(row), dim=1) for row in pixels.split(ACROSS)]).numpy()).save(given.target)


if __name__ == "__main__":
    main()
