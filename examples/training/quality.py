"""Figures that compare the images of a model with its data.

    python quality.py MODEL DATA [--images 1024] [--truncation 1] [--size PIXELS] [--into figures.json --name NAME]

DATA is a folder, a zip, or a painter as FILE.py:CLASS.

* Sliced Wasserstein distance (Karras et al. 2018, "Progressive Growing of GANs", section 5): 7 x 7 patches of each
  level of a Laplacian pyramid, 128 an image, compared along 512 random directions; times 1000; lower is nearer. The
  coarsest level, of 16 pixels, says whether colours and layout are right, the finest whether texture is.
* Fréchet distance between Gaussians fitted to features of EfficientNet-Lite0, trained on ImageNet (the extra
  `projected`); lower is nearer. Features are the means over pixels of the 320 channels before its head, of images
  enlarged to 128 pixels. That is NOT the FID of papers, which takes another network: numbers compare with each other
  only, for the same data and number of images. A model that was trained with a projected discriminator was trained on
  features of the same network, so the Fréchet distance rates it too well; the sliced Wasserstein distance does not.
* Precision and recall (Kynkäänniemi et al. 2019) of the same features: the share of images that look like data, and
  the share of the data that the model can make. A collapsed model has a low recall.

The script also compares the data with other pictures from the same source, as the figures of a perfect model. With
`--size`, images and data are averaged down first, so that models of different sizes can be compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from distances import describe_patches, frechet, precision_recall, sliced_wasserstein
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.training.features import load_features
from fgraph.training.painters import PaintedBatches, load_painter, names_painter
from fgraph.training.pictures import read_pictures

FEATURES, FEATURE_SIZE = "efficientnet-lite0", 128  # pixels
BATCH = 32


@torch.inference_mode()
def draw_images(
    model: StyleGAN2Generator, size: int, count: int, truncation: float, noise_seed: int = 1
) -> Iterator[Tensor]:
    """Yield batches of 8-bit images [rows, 3, size, size], as floats 0 to 255; each image has its own noise."""
    draw, draw_noise = (torch.Generator().manual_seed(seed) for seed in (0, noise_seed))
    sizes = [layer.size for layer in model.table.layers if layer.noise_index is not None]
    for start in range(0, count, BATCH):
        z = torch.randn(min(BATCH, count - start), model.table.z_dim, generator=draw)
        noise = [torch.randn(len(z), 1, *size, generator=draw_noise) for size in sizes]
        images = model.synthesise(model.affine(model.truncate(model.map(z), truncation)), noise)
        yield F.avg_pool2d((images.clamp(-1, 1) * 127.5 + 127.5).round(), model.table.resolution // size)


def noise_change(model: StyleGAN2Generator) -> float:
    """Return the mean change of images by other noise, in levels of 255, of as many images as a batch has."""
    one, other = (next(draw_images(model, model.table.resolution, BATCH, 1.0, seed)) for seed in (1, 2))
    return round(float((one - other).abs().mean()), 2)


def real_images(place: Path, shape: tuple[int, int], count: int, first: int) -> Iterator[Tensor]:
    """Yield batches of pictures of the data, in the same form, from number `first` of a seeded order on.

    `shape` has the size of the model, at which pictures are read, and the size to which they are averaged.
    """
    for batch in paint(place, shape[0], count, first) if names_painter(place) else read(place, shape[0], count, first):
        yield F.avg_pool2d(batch, shape[0] // shape[1])


def paint(place: Path, size: int, count: int, first: int) -> Iterator[Tensor]:
    """Yield pictures of a painter that no training sees."""
    batches = PaintedBatches(load_painter(place), size, seed=0, flip=False)
    for start in range(first, first + count, BATCH):
        pictures = batches.take(start, min(BATCH, first + count - start), "quality")
        yield (pictures * 127.5 + 127.5).round()


def read(place: Path, size: int, count: int, first: int) -> Iterator[Tensor]:
    """Yield pictures of a folder or zip."""
    pixels = read_pictures(place, size).pixels
    order = np.random.default_rng(0).permutation(len(pixels))[first : first + count]
    for start in range(0, len(order), BATCH):
        yield torch.from_numpy(pixels[order[start : start + BATCH]]).permute(0, 3, 1, 2).float()


def feature_maker() -> Callable[[Tensor], Tensor]:
    """Return a function that computes the features [rows, 320] of images [rows, 3, H, W] from 0 to 255."""
    network = load_features(FEATURES)

    @torch.inference_mode()
    def features(images: Tensor) -> Tensor:
        x = F.interpolate(images, size=(FEATURE_SIZE, FEATURE_SIZE), mode="bilinear", antialias=True)
        return network.see(x / 127.5 - 1, FEATURE_SIZE)[-1].mean(dim=(2, 3))

    return features


def measure(model: StyleGAN2Generator, data: Path, size: int, count: int, truncation: float) -> dict[str, object]:
    """Return all figures, and those of the data against itself."""
    features, shape = feature_maker(), (model.table.resolution, size)
    found: dict[str, object] = {"noise": noise_change(model)}
    sources = {
        "real": lambda: real_images(data, shape, count, 0),
        "data": lambda: real_images(data, shape, count, count),
        "model": lambda: draw_images(model, size, count, truncation),
    }
    patches = {name: describe_patches(source()) for name, source in sources.items()}
    gathered = {name: torch.cat([features(batch) for batch in source()]) for name, source in sources.items()}
    for name in ("model", "data"):
        pairs = zip(patches["real"], patches[name], strict=True)
        distances = [round(sliced_wasserstein(*pair), 1) for pair in pairs]
        found[f"swd {name}"] = {str(size >> i): value for i, value in enumerate(distances)}
        found[f"swd mean {name}"] = round(float(np.mean(distances)), 1)
        found[f"frechet {name}"] = round(frechet(gathered["real"], gathered[name]), 2)
        shares = precision_recall(gathered["real"], gathered[name])
        found[f"precision {name}"], found[f"recall {name}"] = (round(share, 3) for share in shares)
    return found


def main() -> None:
    """Measure the model named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a bundled name or a path")
    parser.add_argument("data", type=Path, help="a folder, a zip, or FILE.py:CLASS")
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--truncation", type=float, default=1.0)
    parser.add_argument("--size", type=int, help="pixels; default: those of the model")
    parser.add_argument("--into", type=Path, help="a JSON file to add the figures to, under --name")
    parser.add_argument("--name")
    arguments = parser.parse_args()
    model = load_stylegan2(arguments.model)
    size = arguments.size or model.table.resolution
    facts = {"digest": model.digest, "images": arguments.images, "size": size, "truncation": arguments.truncation}
    figures = facts | measure(model, arguments.data, size, arguments.images, arguments.truncation)
    print(json.dumps(figures, indent=2))
    if arguments.into:
        known = json.loads(arguments.into.read_text("utf-8")) if arguments.into.exists() else {}
        known[arguments.name or arguments.model] = figures
        arguments.into.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
