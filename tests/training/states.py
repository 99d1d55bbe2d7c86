"""States of trainings, compared bit for bit, and with the painter of grounds."""

from __future__ import annotations

import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.training.painters import PaintedBatches, load_painter
from fgraph.training.settings import TrainingSettings
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from fgraph.training.state import TrainingState


def tensors_of(state: TrainingState) -> dict[str, torch.Tensor]:
    groups = {"g": state.generator, "ema": state.averaged, "d": state.discriminator}
    for name, moments in (("g", state.generator_moments), ("d", state.discriminator_moments)):
        groups |= {f"{name}1": moments.first, f"{name}2": moments.second}
    return {f"{group}/{name}": value for group, own in groups.items() for name, value in own.items()}


def assert_same(one: TrainingState, other: TrainingState) -> None:
    first, second = tensors_of(one), tensors_of(other)
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []
    assert (one.steps, one.images, one.strength, one.signs) == (other.steps, other.images, other.strength, other.signs)
    assert one.generator_moments.steps == other.generator_moments.steps
    assert (one.history, one.pending) == (other.history, other.pending)


def colours_apart(model: StyleGAN2Generator) -> float:
    """Return the mean distance of the mean colours of images from those that the painter makes of their z."""
    z = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    images = model.synthesise(model.affine(model.map(z)), "none").mean(dim=(2, 3))
    wanted = (z * torch.rsqrt(z.square().mean(dim=1, keepdim=True)))[:, :3].tanh()
    return float((images - wanted).abs().mean())


def texture_errors(settings: TrainingSettings) -> tuple[float, float]:
    """Return the mean squared distance of trained images to paintings of their noise, and to those of other noise."""
    state, draw = read_snapshot(settings.target / SNAPSHOT), torch.Generator().manual_seed(5)
    generator, batches = state.trained_generator(), PaintedBatches(load_painter(settings.data), 16, 0, flip=False)
    z = torch.randn(64, state.table.z_dim, generator=draw)
    sizes = [layer.size for layer in state.table.layers if layer.noise_index is not None]
    noise = [torch.randn(64, 1, *size, generator=draw) for size in sizes]
    images = generator.synthesise(generator.affine(generator.map(z)), noise)
    own, other = (batches.paint(z, maps, draw) for maps in (noise, [each.flip(0) for each in noise]))
    return float((images - own).square().mean()), float((images - other).square().mean())
