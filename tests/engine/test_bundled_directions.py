"""Named directions of the bundled models: what they move in images of codes that they were not measured on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bundle_directions import FACTS, facts_of, painter_of

import fgraph
from fgraph.array_files.named_edits import NamedEdit, published_edits
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.training.painters import draw_maps, paint_with

pytestmark = pytest.mark.numeric

SEEDS = list(range(70_000, 70_008))
NUMBERS = {"light_skin": "skin"}  # directions with another name than the number of the painter


def number_of(edit: NamedEdit) -> str | None:
    """Return the number of the painter that a direction moves, if it is one."""
    name = edit.name.partition(".")[2]
    name = NUMBERS.get(name, name)
    return name if name in painter_of(edit.model).named else None


def moved(edits: list[NamedEdit], model: str) -> dict[tuple[str, float], np.ndarray]:
    """Return the images of the codes at the ends and in the middle of the range of each edit."""
    graph, images = fgraph.Graph(models=model), {}
    codes = graph.sample(seed=SEEDS, truncation=0.7)
    for edit in edits:
        for end in (-1.0, 0.0, 1.0):
            there = graph.direction(kind="named", of=codes, name=edit.name, strength=end * edit.strength)
            images[f"{edit.name} {end}"] = graph.decode(there)
    found = fgraph.run(graph, outputs=images, device="cpu")
    return {(edit.name, end): found[f"{edit.name} {end}"].array for edit in edits for end in (-1.0, 0.0, 1.0)}


def changes_of_paintings(model: str, size: int) -> dict[str, np.ndarray]:
    """Return how each named number changes the paintings of the codes, from -1.5 to 1.5."""
    painter = painter_of(model)
    z = codes_of_seeds(SEEDS, 128)
    numbers = (z * torch.rsqrt(z.square().mean(1, keepdim=True)))[:, : painter.numbers]
    maps, found = draw_maps(len(z), size, torch.Generator().manual_seed(0)), {}
    for name, place in painter.named.items():
        ends = []
        for end in (-1.5, 1.5):
            changed = numbers.clone()
            changed[:, place] = end
            ends.append(paint_with(painter, changed, size, maps).numpy())
        found[name] = ends[1] - ends[0]
    return found


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean over rows of the absolute cosine of two changes."""
    flat = [
        x.reshape(len(x), -1) / (np.linalg.norm(x.reshape(len(x), -1), axis=1, keepdims=True) + 1e-9)
        for x in (one, other)
    ]
    return float(np.abs((flat[0] * flat[1]).sum(1)).mean())


@pytest.mark.parametrize("model", BUNDLED)
def test_a_direction_moves_what_its_name_says(model: str) -> None:
    """Over its range, a fact of images rises; a number of the painter changes images as it changes paintings.

    No other named number changes the paintings more like that.
    """
    edits = [one for one in published_edits().values() if one.model == model and one.component is not None]
    assert len(edits) >= 2
    images = moved(edits, model)
    z = torch.ones(len(SEEDS), 128)
    for edit in edits:
        low, whole, high = (images[edit.name, end] for end in (-1.0, 0.0, 1.0))
        fact = list(FACTS[model]).index(edit.name.partition(".")[2])
        assert fact == edit.component
        if number := number_of(edit):
            paintings = changes_of_paintings(model, low.shape[2])
            alike = {name: likeness(high - low, change) for name, change in paintings.items()}
            assert max(alike, key=lambda name: alike[name]) == number, (edit.name, alike)
            sign = -1 if number in NUMBERS.values() else 1
            assert sign * float(((high - low) * paintings[number]).sum()) > 0, edit.name
        else:
            facts = [facts_of(model, one, z)[:, fact].mean() for one in (low, whole, high)]
            assert facts[0] < facts[1] < facts[2], edit.name
