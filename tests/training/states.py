"""Comparisons of training states: of their tensors, bit for bit, and of their images with paintings."""

from __future__ import annotations

import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.training.painters import PaintedBatches, load_painter
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


def level_error(model: StyleGAN2Generator, level: float) -> float:
    """Return the mean squared distance of images from a level."""
    z = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
    images = model.synthesise(model.affine(model.map(z)))
    return float((images - level).square().mean())


def colours_apart(model: StyleGAN2Generator) -> tuple[float, float]:
    """Return the mean distance of the mean colours of images from the colours that the painter makes of their z.

    Returns:
        The distance, and the smallest one after another of the 31 cyclic shifts of z. If the colours are independent of
        z, the first distance is the smaller one in one of 32 cases.
    """
    z = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    images = model.synthesise(model.affine(model.map(z)), "none")
    wanted = (z * torch.rsqrt(z.square().mean(dim=1, keepdim=True)))[:, :3].tanh() * (1 - 0.5 / images.shape[-1])
    own, *others = (float((images.mean(dim=(2, 3)) - wanted.roll(turn, 0)).abs().mean()) for turn in range(32))
    return own, min(others)


def drawn_texture(state: TrainingState, data: str) -> float:
    """Return how strong the texture is that images draw from noise: 1 is as strong as in paintings, 0 is none.

    Let a painting contain t·n, with noise n of variance 1, and an image s·n. Beside what does not depend on noise, the
    mean squared distances are (s - t)² with equal noise, t² for an image without noise, and s² + t² with independent
    noise. So s/t = 2 (third - second) / (third - first).
    """
    generator, batches = state.trained_generator(), PaintedBatches(load_painter(data), 16, 0, flip=False)
    draw = torch.Generator().manual_seed(5)
    z = torch.randn(64, state.table.z_dim, generator=draw)
    sizes = [layer.size for layer in state.table.layers if layer.noise_index is not None]
    noise = [torch.randn(64, 1, *size, generator=draw) for size in sizes]
    styles = generator.affine(generator.map(z))
    images, smooth = (generator.synthesise(styles, one) for one in (noise, "none"))
    own, other = (batches.paint(z, maps, draw) for maps in (noise, [each.flip(0) for each in noise]))
    pairs = ((images, own), (smooth, own), (images, other))
    same, without, different = (float((image - painting).square().mean()) for image, painting in pairs)
    return 2 * (different - without) / (different - same)
