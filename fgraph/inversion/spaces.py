"""The spaces of codes: where a search starts, and the raw styles of a code."""

from __future__ import annotations

import torch
from torch import Tensor

from fgraph.inversion.settings import Space
from fgraph.stylegan.generators.base import Generator


def mean_code(generator: Generator, space: Space) -> Tensor:
    """Return the mean code of a space: S [style_length], W [w_dim], W+ [num_ws, w_dim]."""
    if space == "s":
        return generator.style_statistics()[0].clone()
    return code_of_w(generator, space, generator.w_mean[None])[0].clone()


def code_of_w(generator: Generator, space: Space, w: Tensor) -> Tensor:
    """Convert w [rows, w_dim] to codes of a space."""
    if space == "s":
        return generator.affine(w)
    return w if space == "w" else w[:, None].expand(-1, generator.table.num_ws, -1)


def styles_of(generator: Generator, space: Space, code: Tensor) -> Tensor:
    """Return the raw styles S [rows, style_length] of codes."""
    return code if space == "s" else generator.affine(code)


def code_shape(generator: Generator, space: Space) -> tuple[int, ...]:
    """Return the shape of one code."""
    table = generator.table
    return {"s": (table.style_length,), "w": (table.w_dim,), "w+": (table.num_ws, table.w_dim)}[space]


def nearest_starts(
    generator: Generator, space: Space, target: Tensor, count: int, seed: int, *, given: Tensor | None = None
) -> Tensor:
    """Return the starts of each image: the mean or a given code, and the nearest samples, [rows * count, ...].

    There are 32 seeded samples for each of the `count - 1` nearest ones; the distance is the mean squared error at 32
    pixels or less.

    Args:
        generator: the generator.
        space: the space of the codes.
        target: the images, [rows, C, height, width].
        count: the number of starts of each image.
        seed: the seed of the samples.
        given: codes in place of the mean, [rows, ...].
    """
    mean = mean_code(generator, space)
    first = mean.expand(len(target), *mean.shape) if given is None else given.to(mean)
    if count == 1:
        return first.clone()
    draw = torch.Generator().manual_seed(seed)
    table = generator.table
    z = torch.randn(32 * (count - 1), table.z_dim, generator=draw).to(mean)
    classes = torch.eye(table.c_dim)[torch.arange(len(z)) % max(1, table.c_dim)] if table.c_dim else None
    with torch.no_grad():
        w = generator.map(z, None if classes is None else classes.to(z))
        samples = torch.cat([_small(generator.synthesise(generator.affine(rows))) for rows in torch.split(w, 8)])
        distances = torch.cdist(_small(target).flatten(1), samples.flatten(1))  # [rows, samples]
        nearest = distances.topk(count - 1, dim=1, largest=False).indices
        codes = code_of_w(generator, space, w)[nearest]  # [rows, count - 1, ...]
    return torch.cat([first[:, None], codes], dim=1).flatten(0, 1).clone()


def _small(images: Tensor) -> Tensor:
    height, width = (min(32, side) for side in images.shape[2:])
    return torch.nn.functional.adaptive_avg_pool2d(images, (height, width))
