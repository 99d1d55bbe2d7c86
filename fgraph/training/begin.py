"""What a training begins with: drawn networks, or those of a checkpoint."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.nn.discriminator import Discriminator, initial_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.training.grow import grow
from fgraph.training.initial import default_channels, draw_generator
from fgraph.training.settings import TrainingError, TrainingSettings
from fgraph.training.snapshot import is_snapshot, read_snapshot
from fgraph.training.state import MEASURED, Moments, State, Tensors, lay_out_discriminator, lay_out_generator

_LOG = logging.getLogger("fgraph")
FIRST_IMAGES = 2000  # in which a discriminator learns alone that was drawn for a trained generator: what one that knows
# nothing teaches would spoil it


def begin(settings: TrainingSettings) -> State:
    """The state before the first step.

    Raises:
        ModelError: the checkpoint cannot be read.
        TrainingError: it cannot be trained on.
    """
    state = _from_scratch(settings) if settings.mode == "train" else _from_checkpoint(settings)
    if settings.mode == "grow":
        state = grow(state, settings.new_channels, settings.seed)
    if not settings.frozen:
        for tensors in (state.generator, state.averaged):
            tensors.pop("w_mean", None)  # it moves with the mapping
    if not settings.noise:
        for tensors in (state.generator, state.averaged):
            tensors.update({name: value * 0 for name, value in tensors.items() if name.endswith(".noise_strength")})
    return state


def _from_scratch(settings: TrainingSettings) -> State:
    assert settings.size is not None
    channels = tuple(sorted((settings.channels or default_channels(settings.size)).items()))
    expected = [4 << i for i in range(settings.size.bit_length() - 2)]
    if [resolution for resolution, _ in channels] != expected:
        raise TrainingError(f"training.channels has {dict(channels)}; expected is a width for each of {expected}")
    table = StyleGAN2Table(settings.size, channels, settings.latent, settings.latent, settings.mapping_layers)
    generator = lay_out_generator(table, draw_generator(table, settings.seed))
    shape = DiscriminatorTable(settings.size, channels)
    return State(
        table, shape, generator, lay_out_generator(table, generator), _draw_discriminator(shape, settings.seed)
    )


def _draw_discriminator(table: DiscriminatorTable, seed: int) -> Tensors:
    return lay_out_discriminator(initial_tensors(table, seed))


def _from_checkpoint(settings: TrainingSettings) -> State:
    assert settings.model is not None
    path = Path(settings.model).expanduser()
    if path.is_file() and is_snapshot(path):
        state = read_snapshot(path)
        origin = {"model": str(path), "images": state.images + state.earlier}
        state = replace(
            state,
            steps=0,
            images=0,
            earlier=state.images + state.earlier,
            history=[],
            pending={},
            origin={"from": origin},
        )
        if (
            settings.mode == "finetune"
        ):  # the moving average is the better generator, and a new domain needs new moments
            state = replace(
                state,
                generator=lay_out_generator(state.table, state.averaged),
                generator_moments=Moments(),
                discriminator_moments=Moments(),
                strength=0.0,
                signs=(0.0, 0),
            )
        return state
    return _from_generator(load_stylegan2(settings.model), settings)


def _from_generator(model: StyleGAN2Generator, settings: TrainingSettings) -> State:
    table = model.table
    if not isinstance(table, StyleGAN2Table) or table.architecture != "skip" or table.c_dim:
        raise TrainingError(f"{settings.model}: only unconditional skip generators of StyleGAN2 are trained here")
    kept = {name: value for name, value in model.tensors.items() if name not in MEASURED or name == "w_mean"}
    shape, discriminator, images = _find_discriminator(table, settings)
    origin = {"from": {"model": settings.model, "digest": model.digest, "images": 0}, "discriminator_first": images}
    generator, averaged = lay_out_generator(table, kept), lay_out_generator(table, kept)
    return State(table, shape, generator, averaged, discriminator, origin=origin)


def _find_discriminator(table: StyleGAN2Table, settings: TrainingSettings) -> tuple[DiscriminatorTable, Tensors, int]:
    """The discriminator for a model that is a file, and for how many images it alone is to learn."""
    found = _read_discriminator(settings)
    if found is None:
        shape = DiscriminatorTable(table.size, table.channels, table.image_channels)
        return shape, _draw_discriminator(shape, settings.seed), FIRST_IMAGES
    if found.table.size != table.size or found.table.image_channels != table.image_channels:
        raise TrainingError(f"training.discriminator is for {found.table.size} pixels, the model makes {table.size}")
    return found.table, lay_out_discriminator(found.tensors), 0


def _read_discriminator(settings: TrainingSettings) -> Discriminator | None:
    """The discriminator that the settings name, else that of the model's own file, if it holds one."""
    if (path := settings.discriminator) is not None:
        if is_snapshot(path):
            state = read_snapshot(path)
            return Discriminator(state.discriminator_table, state.discriminator)
        return load_discriminator(path)
    try:
        assert settings.model is not None
        return load_discriminator(settings.model)
    except ModelError as error:
        _LOG.warning("%s; one is drawn, and learns alone first", error)
        return None
