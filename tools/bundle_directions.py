"""Measure named directions of the bundled models on their own samples, and put them into the package.

python tools/bundle_directions.py [MODEL ...] [--samples 2000] [--sheet FOLDER]

A fact is a measurement of a picture, such as its luminance, or a number that the painter draws from. Over random
w, let a be the facts of the pictures, in standard deviations. The direction of a fact is the expected change of w when
the fact rises by one deviation and the other facts stay: a column of Cov(w, a) Cov(a, a)^-1. So a strength counts
deviations of the fact, as far as it is linear.

`fgraph/array_files/named_edits.tsv` names the directions that visibly change their fact, with their ranges. `--sheet`
draws all of them for a visual check. Run this script again after a model is replaced.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage
from torch import Tensor

import fgraph
from fgraph.array_files.named_edits import components_of
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.training.painters import load_painter

Floats = NDArray[Any]
Fact = Callable[[Floats, Floats], Floats]  # pictures [n, 3, H, W] in [-1, 1], numbers of a painter [n, m] -> [n]
BATCH = 50
STRENGTHS = (-3, -1.5, 0, 1.5, 3)
SEEDS = (3, 8, 11, 24)  # of the sheet
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)[:, None, None]


def part(pictures: Floats, top: float, bottom: float, left: float = 0, right: float = 1) -> Floats:
    """Cut a rectangle, in shares of the sides: [n, 3, h, w]."""
    height, width = pictures.shape[2:]
    rows, columns = slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width))
    return pictures[:, :, rows, columns]


def luminance(pictures: Floats) -> Floats:
    """Return the luminance of pictures, [n, H, W]."""
    return np.asarray((pictures * _LUMINANCE).sum(1))


def mean(values: Floats) -> Floats:
    """Return a mean for each picture, [n]."""
    return np.asarray(values.reshape(len(values), -1).mean(1))


def warmth(pictures: Floats) -> Floats:
    """Return red minus blue, averaged over each picture, [n]."""
    return mean(pictures[:, 0] - pictures[:, 2])


def greenness(pictures: Floats) -> Floats:
    """Return how much more green pictures are than red and blue, [n]."""
    return mean(pictures[:, 1] - (pictures[:, 0] + pictures[:, 2]) / 2)


def brightest(pictures: Floats) -> Floats:
    """Return how much lighter the lightest patch is than the mean: patches have a sixteenth of the width, [n]."""
    values, side = luminance(pictures), max(1, pictures.shape[3] // 16)
    rows, columns = (length // side * side for length in values.shape[1:])
    patches = values[:, :rows, :columns].reshape(len(values), rows // side, side, columns // side, side).mean((2, 4))
    return np.asarray(patches.reshape(len(values), -1).max(1) - mean(values))


def edges(pictures: Floats) -> Floats:
    """Return the mean change of luminance from pixel to pixel, [n]."""
    values = luminance(pictures)
    return mean(np.abs(np.diff(values, axis=1))) + mean(np.abs(np.diff(values, axis=2)))


def corners(pictures: Floats) -> Floats:
    """Return the upper corners of pictures, which show the background of a head."""
    return np.concatenate([part(pictures, 0, 0.1, 0, 0.1), part(pictures, 0, 0.1, 0.9, 1)], axis=3)


def of_pictures(fact: Callable[[Floats], Floats]) -> Fact:
    """Return a fact that pictures show."""
    return lambda pictures, _: fact(pictures)


def of_number(place: int, sign: int = 1) -> Fact:
    """Return a fact that is a number of a painter."""
    return lambda _, numbers: numbers[:, place] * sign


def painter_of(model: str) -> Any:
    """Return the painter that a model learned from."""
    return load_painter(Path(__file__).resolve().parents[1] / "examples" / "training" / f"painters.py:{model}")


LANDSCAPES: Mapping[str, Fact] = {
    "night": of_pictures(lambda pictures: -mean(luminance(pictures))),
    "warm_sky": of_pictures(lambda pictures: warmth(part(pictures, 0, 0.4))),
    "sun": of_pictures(lambda pictures: brightest(part(pictures, 0, 0.4))),
    "glow": of_pictures(
        lambda pictures: mean(luminance(part(pictures, 0.35, 0.5))) - mean(luminance(part(pictures, 0, 0.15)))
    ),
    "green": of_pictures(lambda pictures: greenness(part(pictures, 0.6, 1))),
    "relief": of_pictures(lambda pictures: edges(part(pictures, 0.45, 0.9))),
    "water": of_number(painter_of("landscape").named["water"]),
}
HEADS: Mapping[str, Fact] = {
    "light_background": of_pictures(lambda pictures: mean(luminance(corners(pictures)))),
    "warm_background": of_pictures(lambda pictures: warmth(corners(pictures))),
    "dark_hair": of_pictures(lambda pictures: -mean(luminance(part(pictures, 0.22, 0.29, 0.42, 0.58)))),
    "light_skin": of_number(painter_of("avatar").named["skin"], -1),
    **{name: of_number(place) for name, place in painter_of("avatar").named.items() if name != "skin"},
}
FACTS: Mapping[str, Mapping[str, Fact]] = {
    model: LANDSCAPES if model.startswith("landscape") else HEADS for model in BUNDLED
}


def draw_images(generator: StyleGAN2Generator, w: Tensor) -> Floats:
    """Return the pictures of codes w [n, w_dim] as [n, 3, H, W] in [-1, 1], with constant noise."""
    parts = [w[start : start + BATCH] for start in range(0, len(w), BATCH)]
    with torch.inference_mode():
        images = [generator.synthesise(generator.affine(some)).clamp(-1, 1) for some in parts]
    return np.asarray(torch.cat(images).numpy())


def facts_of(model: str, pictures: Floats, z: Tensor) -> Floats:
    """Return the facts of pictures [n, 3, H, W] of codes z [n, z_dim], as [n, facts]."""
    numbers = (z * torch.rsqrt(z.square().mean(1, keepdim=True))).numpy()
    return np.stack([fact(pictures, numbers) for fact in FACTS[model].values()], axis=1).astype(np.float64)


def measure(model: str, count: int) -> Floats:
    """Return the direction of each fact, [facts, w_dim]."""
    generator = load_stylegan2(model)
    z = codes_of_seeds(range(count), generator.table.z_dim)
    w = generator.map(z)
    facts = facts_of(model, draw_images(generator, w), z)
    codes = w.double().numpy() - w.double().numpy().mean(0)
    facts = (facts - facts.mean(0)) / facts.std(0)
    return np.asarray(np.linalg.solve(facts.T @ facts, facts.T @ codes), np.float32)


def draw_sheet(model: str, folder: Path) -> None:
    """Draw a strip of strengths for each direction and some seeds."""
    strips = []
    for number in range(len(FACTS[model])):
        graph = fgraph.Graph(models=model)
        images = {}
        for seed in SEEDS:
            code = graph.sample(seed=seed, truncation=0.7)
            file, strengths = str(components_of(model)), list(STRENGTHS)
            moved = graph.direction("file", file, space="w", component=number, of=code, strength=strengths)
            images[str(seed)] = graph.decode(moved)
        found = fgraph.run(graph, outputs=images, device="cpu")
        strips.append(np.concatenate([np.asarray(found[str(seed)].strip("x")) for seed in SEEDS], axis=1))
    PillowImage.fromarray(np.concatenate(strips)).save(folder / f"{model}.png")


def main() -> None:
    """Measure the requested models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="models to bundle directions of; default: all")
    parser.add_argument("--samples", type=int, default=2000, help="random codes of each model")
    parser.add_argument("--sheet", type=Path, help="also draw all directions, as FOLDER/MODEL.png")
    given = parser.parse_args()
    if unknown := set(given.models) - set(BUNDLED):
        parser.error(f"there is no bundled model {min(unknown)}; there are {', '.join(BUNDLED)}")
    for model in given.models or BUNDLED:
        place = components_of(model)
        place.parent.mkdir(parents=True, exist_ok=True)
        np.save(place, measure(model, given.samples))
        print(place, ", ".join(FACTS[model]))
        if given.sheet is not None:
            given.sheet.mkdir(parents=True, exist_ok=True)
            draw_sheet(model, given.sheet)


if __name__ == "__main__":
    main()
