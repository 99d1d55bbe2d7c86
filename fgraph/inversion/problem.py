"""Settings -> a problem: with statistics, a discriminator and LPIPS as needed."""

from __future__ import annotations

from pathlib import Path

from fgraph._errors import FgraphError, ModelError
from fgraph.inversion.losses import WeightedLosses
from fgraph.inversion.metric import make_metric
from fgraph.inversion.optimise import Problem
from fgraph.inversion.perceptual import load_lpips
from fgraph.inversion.priors import make_prior
from fgraph.inversion.settings import InversionSettings
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.nn.discriminator import Discriminator


def make_problem(
    generator: Generator,
    settings: InversionSettings,
    *,
    discriminator: str | Path | None = None,
    folder: Path | None = None,
) -> Problem:
    """Make the problem of inverting images by a generator.

    Args:
        generator: the generator.
        settings: the settings of the inversion.
        discriminator: the model file of the discriminator; by default the generator's own file.
        folder: where statistics are cached; by default in memory.

    Raises:
        FgraphError: noise is to be optimised but the generator has none, or LPIPS or the discriminator can't be loaded.
    """
    if settings.noise and all(layer.noise_index is None for layer in generator.table.layers):
        raise FgraphError(f"the layers of '{generator.name}' have no noise to optimise: leave inversion.noise out")
    generator = generator.with_half(None).with_compiled(None)  # in half precision, gradients would underflow
    network = _discriminator(generator, discriminator) if settings.discriminator else None
    lpips = load_lpips(generator.device) if settings.lpips else None
    statistics = read_statistics(generator, folder)
    prior = make_prior(settings.prior, generator, statistics)
    metric = make_metric(generator, settings, prior, folder) if settings.optimiser == "lbfgs" else None
    return Problem(generator, settings, WeightedLosses(settings, network, lpips), prior, metric)


def _discriminator(generator: Generator, source: str | Path | None) -> Discriminator:
    source = source or generator.path
    if source is None:
        raise FgraphError(
            "the generator wasn't loaded from a file: name the file of its discriminator by discriminator_from"
        )
    try:
        found = load_discriminator(source)
    except ModelError as error:
        raise ModelError(f"{error}; or set the weight of the loss 'discriminator' to 0") from error
    seen, made = (found.table.size, found.table.size), generator.table
    if (seen, found.table.image_channels) != (made.size, made.image_channels):
        raise ModelError(f"{source}: its discriminator is for {found.table.size} pixels, not {made.extent}")
    return found.to(generator.device, generator.dtype)
