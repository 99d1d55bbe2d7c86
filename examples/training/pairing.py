"""Agreement of two models about the meaning of a code: colours and poses of the images that they make of one z.

    python pairing.py FIRST SECOND [SECOND ...] [--pairs 512] [--picture FILE.png]

* Colour agreement: each image is averaged to 4 x 4 cells. The agreement is the correlation over all pairs between the
  colour of a cell in one image and in the other, averaged over the cells and the three channels.
* Pose agreement: the head is where an image differs from the colour of its upper corners. The agreement is the
  correlation over all pairs of its centre (x and y), width, height and area, averaged over the five.

Both are computed twice: with the styles that the first model computes from z, as in graphs that go from one model to
another, and with the styles of the second model. `moved` is the mean difference of the two kinds of images, which are
in [-1, 1]: 0 if mapping and affine layers are the same.

Both are 1 if the second model follows the first, and near 0 if pairs agree only by chance. For comparison, the script
also prints the figures of the same images, paired at random. The images have no noise, and truncation 0.8. `--picture`
shows a row of samples of each model, with the styles of the first.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from fgraph._imaging.encode import to_pixels
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2

CELLS = 4
TRUNCATION = 0.8
CONTRAST = 0.25  # of colours in [-1, 1]: how far a pixel is from the background to belong to the head
SHOWN = 12


@torch.inference_mode()
def draw_images(model: StyleGAN2Generator, pairs: int, reader: StyleGAN2Generator | None = None) -> Tensor:
    """Return images [pairs, 3, size, size] of seeded z, the same for every model; `reader` computes the styles."""
    reader = reader or model
    z = torch.randn(pairs, reader.table.z_dim, generator=torch.Generator().manual_seed(0))
    styles = reader.affine(reader.truncate(reader.map(z), TRUNCATION))
    return torch.cat([model.synthesise(part, "none").clamp(-1, 1) for part in styles.split(32)])


def colours(images: Tensor) -> Tensor:
    """Return the mean colour of each cell, [images, 48]."""
    return F.adaptive_avg_pool2d(images, CELLS).flatten(1)


def poses(images: Tensor) -> Tensor:
    """Return centre, width, height and area of the head, [images, 5], as fractions of the image."""
    size = images.shape[2]
    corner = max(1, size // 16)
    background = torch.cat([images[:, :, :corner, :corner], images[:, :, :corner, -corner:]], dim=3).mean(dim=(2, 3))
    head = ((images - background[:, :, None, None]).abs().amax(dim=1) > CONTRAST).float()  # [images, size, size]
    area = head.sum(dim=(1, 2)).clamp_min(1)
    place = (torch.arange(size) + 0.5) / size
    x, y = (head.sum(dim=1) * place).sum(dim=1) / area, (head.sum(dim=2) * place).sum(dim=1) / area
    width = ((head.sum(dim=1) * (place - x[:, None]) ** 2).sum(dim=1) / area).sqrt()
    height = ((head.sum(dim=2) * (place - y[:, None]) ** 2).sum(dim=1) / area).sqrt()
    return torch.stack([x, y, width, height, area / size**2], dim=1)


def agreement(one: Tensor, other: Tensor) -> float:
    """Return the mean over columns of the correlation over rows; columns that never vary count 0."""
    one, other = one - one.mean(dim=0), other - other.mean(dim=0)
    scale = (one.square().sum(dim=0) * other.square().sum(dim=0)).sqrt()
    return float(((one * other).sum(dim=0) / scale.clamp_min(1e-12)).mean())


def compare(first: Tensor, second: Tensor) -> dict[str, float]:
    """Return both agreements, and those by chance."""
    found = {}
    shuffled = torch.randperm(len(second), generator=torch.Generator().manual_seed(1))
    for name, describe in (("colour", colours), ("pose", poses)):
        one, other = describe(first), describe(second)
        found[name] = round(agreement(one, other), 3)
        found[f"{name} by chance"] = round(agreement(one, other[shuffled]), 3)
    return found


def show(rows: list[Tensor]) -> NDArray[np.uint8]:
    """Draw a row of samples for each model."""
    lines = [np.concatenate([to_pixels(image) for image in images[:SHOWN].numpy()], axis=1) for images in rows]
    return np.concatenate(lines)


def main() -> None:
    """Compare the models named on the command line with the first of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first")
    parser.add_argument("seconds", nargs="+", metavar="second")
    parser.add_argument("--pairs", type=int, default=512)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    first = load_stylegan2(arguments.first)
    images, figures = [draw_images(first, arguments.pairs)], dict[str, object]()
    for name in arguments.seconds:
        second = load_stylegan2(name)
        shared, separate = draw_images(second, arguments.pairs, first), draw_images(second, arguments.pairs)
        figures[name] = {
            "styles of the first": compare(images[0], shared),
            "its own styles": compare(images[0], separate),
            "moved": round(float((shared - separate).abs().mean()), 3),
        }
        images.append(shared)
    print(json.dumps(figures, indent=2))
    if arguments.picture:
        Image.fromarray(show(images)).save(arguments.picture)


if __name__ == "__main__":
    main()
