"""The initial state of a training: networks drawn at random, or read from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from fgraph._errors import ModelError
from fgraph._log import get_logger
from fgraph._paths import expanded
from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.training.devices import runs_on_cpu
from fgraph.training.features import load_features
from fgraph.training.grow import grow
from fgraph.training.initial import default_channels, draw_generator
from fgraph.training.projected import ProjectedTable, Tensors, draw_projected, table_for
from fgraph.training.settings import NONE, PROJECTED, TrainingError, TrainingSettings
from fgraph.training.snapshot import is_snapshot, read_snapshot
from fgraph.training.state import (
    MEASURED,
    AnyDiscriminator,
    Moments,
    TrainingState,
    lay_out_discriminator,
    lay_out_generator,
)

_LOG = get_logger()
# A new discriminator learns alone for this many images. Untrained, it would spoil a trained generator.
FIRST_IMAGES = 2000
FIRST_IMAGES_PROJECTED = 500  # heads on pretrained features learn faster

Drawn = tuple[AnyDiscriminator, Tensors, int]


def begin(settings: TrainingSettings) -> TrainingState:
    """Make the state before the first step.

    Raises:
        ModelError: the checkpoint cannot be read.
        TrainingError: the model cannot be trained.
    """
    state = _from_scratch(settings) if settings.mode == "train" else _from_checkpoint(settings)
    if settings.mode == "grow":
        state = grow(state, settings.new_channels, settings.seed)
    if not settings.frozen:
        for tensors in (state.generator, state.averaged):
            tensors.pop("w_mean", None)  # it moves with the mapping
    if not settings.trains_strengths:
        _fix_strengths(state, settings.noise_strengths or {})
    return state


def _fix_strengths(state: TrainingState, strengths: Mapping[int, float]) -> None:
    """Set the strength of the first noise input of each resolution, or 0, and of all other inputs to 0."""
    noisy = [layer for layer in state.table.layers if layer.noise_index is not None]
    first = {layer.size[0]: layer.name for layer in reversed(noisy)}
    if unknown := set(strengths) - set(first):
        raise TrainingError(f"training.noise_strengths has {min(unknown)}; expected resolutions among {sorted(first)}")
    given = {first[size]: strength for size, strength in strengths.items()}
    for layer in noisy:
        for tensors in (state.generator, state.averaged):
            tensors[f"{layer.name}.noise_strength"].fill_(given.get(layer.name, 0.0))


def _draw_discriminator(table: StyleGAN2Table, settings: TrainingSettings) -> Drawn:
    """Draw a discriminator of the kind in the settings; return it and the number of images that it learns alone."""
    if settings.discriminator == NONE:
        return None, {}, 0
    if settings.discriminator == PROJECTED:
        projected = table_for(load_features(settings.features))
        return projected, lay_out_discriminator(draw_projected(projected, settings.seed)), FIRST_IMAGES_PROJECTED
    shape = DiscriminatorTable(table.resolution, table.channels, table.image_channels)
    return shape, lay_out_discriminator(initial_tensors(shape, settings.seed)), FIRST_IMAGES


def _from_scratch(settings: TrainingSettings) -> TrainingState:
    assert settings.size is not None
    widths = settings.channels or default_channels(settings.size, on_cpu=runs_on_cpu(settings.device))
    channels = tuple(sorted(widths.items()))
    expected = [4 << i for i in range(settings.size.bit_length() - 2)]
    if [resolution for resolution, _ in channels] != expected:
        raise TrainingError(f"training.channels has {dict(channels)}; expected a width for each of {expected}")
    table = StyleGAN2Table(channels, settings.latent, settings.latent, settings.mapping_layers)
    generator = lay_out_generator(table, draw_generator(table, settings.seed))
    shape, discriminator, _ = _draw_discriminator(table, settings)
    return TrainingState(table, shape, generator, lay_out_generator(table, generator), discriminator)


def _from_checkpoint(settings: TrainingSettings) -> TrainingState:
    assert settings.model is not None
    path = expanded(settings.model)
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
        if settings.mode == "finetune":
            # the moving average is the better generator, and a new domain needs new moments
            state = replace(
                state,
                generator=lay_out_generator(state.table, state.averaged),
                generator_moments=Moments(),
                discriminator_moments=Moments(),
                strength=0.0,
                signs=(0.0, 0),
            )
        return state if _is_of_kind(state.discriminator_table, settings) else _replace_discriminator(state, settings)
    return _from_generator(load_stylegan2(settings.model), settings)


def _from_generator(model: StyleGAN2Generator, settings: TrainingSettings) -> TrainingState:
    table = model.table
    if not isinstance(table, StyleGAN2Table) or table.architecture != "skip" or table.c_dim:
        raise TrainingError(f"{settings.model}: only unconditional skip generators of StyleGAN2 are trained here")
    if table.size[0] != table.size[1]:
        raise TrainingError(
            f"{settings.model}: makes images of {table.extent}; only square generators are trained here"
        )
    kept = {name: value for name, value in model.tensors.items() if name not in MEASURED or name == "w_mean"}
    shape, discriminator, images = _find_discriminator(table, settings)
    origin = {"from": {"model": settings.model, "digest": model.digest, "images": 0}, "discriminator_first": images}
    generator, averaged = lay_out_generator(table, kept), lay_out_generator(table, kept)
    return TrainingState(table, shape, generator, averaged, discriminator, origin=origin)


def _is_of_kind(table: AnyDiscriminator, settings: TrainingSettings) -> bool:
    """Return whether the discriminator of a snapshot is of the kind that the settings ask for."""
    if settings.discriminator in (PROJECTED, NONE):
        return isinstance(table, ProjectedTable) if settings.discriminator == PROJECTED else table is None
    return table is not None


def _replace_discriminator(state: TrainingState, settings: TrainingSettings) -> TrainingState:
    """Replace the discriminator of a snapshot by the one that the settings name, or by a new one."""
    shape, tensors, images = _find_discriminator(state.table, settings)
    return replace(
        state,
        discriminator_table=shape,
        discriminator=tensors,
        discriminator_moments=Moments(),
        origin={**state.origin, "discriminator_first": images},
    )


def _find_discriminator(table: StyleGAN2Table, settings: TrainingSettings) -> Drawn:
    """Find the discriminator for a model file; otherwise draw one."""
    found = None if settings.discriminator in (PROJECTED, NONE) else _read_discriminator(settings)
    if found is None:
        return _draw_discriminator(table, settings)
    shape, tensors = found
    if isinstance(shape, DiscriminatorTable) and (shape.size, shape.image_channels) != (
        table.resolution,
        table.image_channels,
    ):
        raise TrainingError(f"training.discriminator is for {shape.size} pixels, the model makes {table.extent}")
    return shape, lay_out_discriminator(tensors), 0


def _read_discriminator(
    settings: TrainingSettings,
) -> tuple[AnyDiscriminator, Mapping[str, Tensor]] | None:
    """Read the discriminator that the settings name, otherwise the one in the file of the model, if there is one."""
    if isinstance(path := settings.discriminator, Path):
        if is_snapshot(path):
            state = read_snapshot(path)
            return state.discriminator_table, state.discriminator
        named = load_discriminator(path)
        return named.table, named.tensors
    try:
        assert settings.model is not None
        loaded = load_discriminator(settings.model)
    except ModelError as error:
        _LOG.warning("%s; a new discriminator is drawn, and learns alone first", error)
        return None
    return loaded.table, loaded.tensors
