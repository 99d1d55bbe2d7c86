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


def level_errors(model: StyleGAN2Generator, level: float) -> tuple[float, float]:
    """Return the mean squared distances of images from a level, and from the middle of the range, where they begin."""
    z = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
    images = model.synthesise(model.affine(model.map(z)))
    return float((images - level).square().mean()), float(images.square().mean())


def colours_apart(model: StyleGAN2Generator) -> tuple[float, float]:
    """Return the mean distance of the mean colours of images from those that the painter makes of their z.

    Returns:
        The distance, and the least one of images and z that are paired in another of the 32 cyclic orders. Images that
        do not depend on z are nearest in their own order in one of 32 cases.
    """
    z = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    images = model.synthesise(model.affine(model.map(z)), "none")
    wanted = (z * torch.rsqrt(z.square().mean(dim=1, keepdim=True)))[:, :3].tanh() * (1 - 0.5 / images.shape[-1])
    own, *others = (float((images.mean(dim=(2, 3)) - wanted.roll(turn, 0)).abs().mean()) for turn in range(32))
    return own, min(others)


def texture_errors(settings: TrainingSettings) -> tuple[float, float, float]:
    """Return mean squared distances from trained images to paintings of the same z.

    Let a painting contain t·n, with noise n of variance 1, and an image s·m. Beside what does not depend on noise, the
    distances are (s - t)² with equal noise, t² for an image without noise, and s² + t² with independent noise. So they
    increase in this order exactly if 0 < s < 2t: the image draws the texture of the painting from its noise.

    Returns:
        The distances from images to paintings of the same noise, from images without noise to these paintings, and from
        images to paintings of other noise.
    """
    state, draw = read_snapshot(settings.target / SNAPSHOT), torch.Generator().manual_seed(5)
    generator, batches = state.trained_generator(), PaintedBatches(load_painter(settings.data), 16, 0, flip=False)
    z = torch.randn(64, state.table.z_dim, generator=draw)
    sizes = [layer.size for layer in state.table.layers if layer.noise_index is not None]
    noise = [torch.randn(64, 1, *size, generator=draw) for size in sizes]
    styles = generator.affine(generator.map(z))
    images, smooth = (generator.synthesise(styles, one) for one in (noise, "none"))
    own, other = (batches.paint(z, maps, draw) for maps in (noise, [each.flip(0) for each in noise]))
    pairs = ((images, own), (smooth, own), (images, other))
    same, without, different = (float((image - painting).square().mean()) for image, painting in pairs)
    return same, without, different
