"""The pictures of one_image.md and transfer.md: variations, half faces, transfers, parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image
from sheets import BLANK, Pictures, run_bundled, table
from torch.nn.functional import interpolate

import fgraph
from fgraph.runtime.kernels.owning import load_catalogue
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.measured.ownership import OwnershipSettings, membership


def draw_variations() -> Pictures:
    """Draw three pictures, each beside eight of its variations on two lines."""
    rows: list[list[Any]] = []
    for result in run_bundled("variations", {"seed": 5}, {"seed": 2}, {"seed": 10}):
        made = [result["image"].pixels(row) for row in range(16)]
        rows += [[result["before"].pixels(0), *made[:8]], [BLANK, *made[8:]]]
    return rows


def draw_half_faces() -> Pictures:
    """Draw two faces and their fusion, for several pairs."""
    results = run_bundled("half_faces", *({"seed": seed} for seed in (3, 0, 7, 10, 21, 11)))
    cells = [[one[name].pixels(0) for name in ("left", "right", "image")] for one in results]
    return [cells[row] + [BLANK] + cells[row + 3] for row in range(3)]


def draw_transfer() -> Pictures:
    """Draw source, reference, then hair, face, eyes and mouth transferred; last the hair with the published pose."""
    seeds = (0, 5, 16, 20, 23)
    regions = ("hair", "face", "eyes", "mouth")
    changes: list[dict[str, Any]] = [
        {"seed": seed, "nodes.region.region": region} for seed in seeds for region in regions
    ]
    changes += [{"seed": seed, "nodes.posed.nodes.align.rows": "'0..3'"} for seed in seeds]
    results = run_bundled("transfer", *changes)
    rows = []
    for number in range(len(seeds)):
        of_seed = [
            *results[number * len(regions) : (number + 1) * len(regions)],
            results[len(seeds) * len(regions) + number],
        ]
        rows.append(
            [of_seed[0][name].pixels(0) for name in ("before", "wanted")] + [one["image"].pixels(0) for one in of_seed]
        )
    return rows


def draw_own() -> Pictures:
    """Draw source, reference, then Collins' transfer of the hair with budgets ε of 5, 10, 20 and 40."""
    seeds, budgets = (0, 9, 20, 23), (5, 10, 20, 40)
    results = run_bundled("own", *({"seed": seed, "nodes.taken.epsilon": e} for seed in seeds for e in budgets))
    rows = []
    for number in range(len(seeds)):
        of_seed = results[number * len(budgets) : (number + 1) * len(budgets)]
        rows.append(
            [of_seed[0][name].pixels(0) for name in ("before", "wanted")] + [one["image"].pixels(0) for one in of_seed]
        )
    return rows


def draw_parts() -> Pictures:
    """Draw eight samples, then the pixels of each part that `own` finds."""
    settings, layer = OwnershipSettings("b16.conv0", 10, 256, 0), "b16.conv0"
    graph = fgraph.Graph(models="avatar")
    codes = graph.sample(seed=list(range(8)), truncation=0.7)
    graph.outputs = {"image": graph.decode(codes), "paused": graph.tap(codes, layer=layer)}
    result = fgraph.run(graph)
    catalogue = load_catalogue(load_stylegan2("avatar"), settings)
    found = membership(torch.from_numpy(result["paused"].tensors["activation"]), catalogue.centres)
    members = interpolate(found, result["image"].array.shape[2:]).numpy()
    images = [result["image"].pixels(row) for row in range(8)]
    rows: list[list[Any]] = [images]
    for part in range(settings.clusters):
        inside = members[:, part, :, :, None]
        rows.append([(one * there).astype(np.uint8) for one, there in zip(images, inside, strict=True)])
    half = len(rows) // 2 + 1
    return [
        [*row, BLANK, *(rows[half + number] if half + number < len(rows) else [])]
        for number, row in enumerate(rows[:half])
    ]


def _drawn(draw: Callable[[], Pictures]) -> Callable[[], Image.Image]:
    return lambda: table(draw())


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    "variations": _drawn(draw_variations),
    "half_faces": _drawn(draw_half_faces),
    "transfer": _drawn(draw_transfer),
    "own": _drawn(draw_own),
    "parts": _drawn(draw_parts),
}
