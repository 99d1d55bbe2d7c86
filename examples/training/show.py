"""Draw the pictures of docs/how-to/training.md from the bundled models: python show.py [--to docs/how-to/training]

* panoramas.png: the panorama of `landscape`, enlarged twice, above that of `landscape128`;
* translation.png: six heads in five steps from `avatar` to `toon`, side by side;
* pairs.png: the same codes in a first model, in one tuned with frozen styles, and in one with nothing frozen, by the
  styles of the first and by its own (`--pairs FIRST FROZEN FREE`), enlarged four times;
* NAME.webp: 64 samples of each former model, then the same codes in the one that comes with fgraph, none of them chosen
  (`--former NAME=MODEL`, once for each former model, from left to right).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pairing import SHOWN, draw_images, show
from PIL import Image

import fgraph
from fgraph._imaging.encode import to_pixels
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2

ROOT = Path(__file__).resolve().parents[2]
GRAPHS = ROOT / "graphs" / "graph"
STEPS, COLUMNS = 5, 8

Pixels = NDArray[np.uint8]


def run(graph: str, *overrides: str) -> list[Pixels]:
    """Return the rows of the first output of a bundled graph."""
    result = fgraph.run(fgraph.load(GRAPHS / f"{graph}.yaml", overrides=list(overrides)), device="cpu")
    return [to_pixels(row) for row in next(iter(result.values())).array]


def draw_panoramas() -> Pixels:
    """Draw the panorama of both landscape models, one above the other."""
    (small,), (large,) = run("panorama", "models.main=landscape"), run("panorama")
    return np.concatenate([small.repeat(2, axis=0).repeat(2, axis=1), large])


def draw_translation() -> Pixels:
    """Draw a line for every two heads."""
    rows = run("translate_strip")
    heads = [np.concatenate(rows[i : i + STEPS], axis=1) for i in range(0, len(rows), STEPS)]
    gap = np.full((heads[0].shape[0], 8, 3), 255, np.uint8)
    return np.concatenate([np.concatenate([heads[i], gap, heads[i + 1]], axis=1) for i in range(0, len(heads), 2)])


def draw_pairs(models: list[StyleGAN2Generator]) -> Pixels:
    """Draw codes in the first model, in the frozen one, and in the free one with styles of the first and its own."""
    first, frozen, free = models
    rows = [(first, first), (frozen, first), (free, first), (free, free)]
    pixels = show([draw_images(model, SHOWN, reader) for model, reader in rows])
    return pixels.repeat(4, axis=0).repeat(4, axis=1)


def draw_samples(model: str) -> Pixels:
    """Draw 64 samples in eight columns, of seeds 0 to 63 at psi 0.8."""
    graph = fgraph.Graph(models=model)
    graph.outputs = {"image": graph.decode(graph.sample(seed=list(range(COLUMNS * COLUMNS)), truncation=0.8))}
    images = [to_pixels(row) for row in fgraph.run(graph, device="cpu")["image"].array]
    return np.concatenate([np.concatenate(images[i : i + COLUMNS], axis=1) for i in range(0, len(images), COLUMNS)])


def compare(models: list[str]) -> Pixels:
    """Draw samples of models, side by side."""
    sheets = [draw_samples(model) for model in models]
    gap = np.full((sheets[0].shape[0], 12, 3), 255, np.uint8)
    return np.concatenate([sheets[0], *(part for sheet in sheets[1:] for part in (gap, sheet))], axis=1)


def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "how-to" / "training")
    parser.add_argument("--pairs", nargs=3, metavar=("FIRST", "FROZEN", "FREE"), help="models for pairs.png")
    parser.add_argument("--former", action="append", default=[], metavar="NAME=MODEL")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    sheets = {"panoramas": draw_panoramas(), "translation": draw_translation()}
    if arguments.pairs:
        sheets["pairs"] = draw_pairs([load_stylegan2(name) for name in arguments.pairs])
    former = [entry.partition("=")[::2] for entry in arguments.former]
    for name in dict(former):
        path = arguments.to / f"{name}.webp"
        models = [*(model for of, model in former if of == name), name]
        Image.fromarray(compare(models)).save(path, quality=80, method=6)
        print(path)
    for name, pixels in sheets.items():
        path = arguments.to / f"{name}.png"
        Image.fromarray(pixels).save(path, optimize=True)
        print(path)


if __name__ == "__main__":
    main()
