"""A whole training of an encoder: begin or continue, step by step, with snapshots and reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from fgraph._imaging.encode import Pixels, to_pixels
from fgraph._temporary import clean
from fgraph.stylegan.checkpoints.encoder_file import save_encoder
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.nn.encoder import Encoder
from fgraph.training.devices import Fabric, launch
from fgraph.training.draws import draw_for
from fgraph.training.encoder_loop import EncoderTrainer
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.encoder_snapshot import read_encoder_snapshot, write_encoder_snapshot
from fgraph.training.encoder_state import EncoderState, begin_encoder
from fgraph.training.report import SAMPLES_FOLDER, Report
from fgraph.training.settings import TrainingError
from fgraph.training.snapshot import SNAPSHOT
from fgraph.training.steps import check_unchanged, claiming, run_steps

ENCODER = "encoder.safetensors"
CURVES = ("code", "image", "psnr")
_ROWS, _COLUMNS = 4, 8  # rows and columns of the grid: samples, each row above its reconstructions


def train_encoder(settings: EncoderSettings) -> Path:
    """Train until `settings.images`, from a snapshot in the target folder if there is one; return the encoder's path.

    Raises:
        TrainingError: the settings do not fit the model or the snapshot, or a loss became infinite.
        ModelError: the model or the snapshot cannot be read.
        SaveError: a snapshot could not be written, as on a full disk; the last one is whole.
        KeyboardInterrupt: a signal stopped the training; the snapshot of its last step is written.
    """
    with claiming(settings.target):
        launch(settings, _work)
    return settings.target / ENCODER


def _work(fabric: Fabric, settings: EncoderSettings) -> None:
    """Train in one process of the group."""
    for directory in (settings.target, settings.target / SAMPLES_FOLDER):
        clean(directory)
    generator = load_generator(settings.model)
    state = _find_state(settings, generator)
    opening = f"samples of {settings.model}, seen at {state.network.size} pixels"
    report = Report(settings, state, opening, CURVES, fabric.global_rank == 0)
    trainer = EncoderTrainer(fabric, settings, state, generator)
    run_steps(trainer, report, lambda: _store(trainer, report, generator))


def _find_state(settings: EncoderSettings, generator: Generator) -> EncoderState:
    """Return the state in the target folder, or a first state.

    Raises:
        TrainingError: the snapshot there is of a training with other settings, or for another model.
    """
    path = settings.target / SNAPSHOT
    if not path.exists():
        return begin_encoder(settings, generator)
    state = read_encoder_snapshot(path)
    check_unchanged(path, state.origin.get("settings", {}), settings)
    if state.origin.get("model_sha256") != generator.digest:
        raise TrainingError(
            f"{path} belongs to a training with other weights of {settings.model}, which has changed since: choose "
            "another target="
        )
    return state


def _store(trainer: EncoderTrainer, report: Report, generator: Generator) -> None:
    """Write the snapshot, then the encoder, the samples and the curves."""
    if trainer.fabric.global_rank == 0:
        state, target = trainer.current_state(), trainer.settings.target
        write_encoder_snapshot(state, target / SNAPSHOT)
        facts = {name: str(state.origin[name]) for name in ("model", "model_sha256")}
        save_encoder(state.encoder(), target / ENCODER, {**facts, "images_seen": str(state.images)})
        encoder = state.encoder().to("cpu")
        report.write(reconstruction_grid(encoder, generator, trainer.settings.seed, trainer.settings.truncation))
    trainer.fabric.barrier()


@torch.inference_mode()
def reconstruction_grid(encoder: Encoder, generator: Generator, seed: int, truncation: float) -> Pixels:
    """Draw samples in one picture [h, w, 3], each line above its reconstructions, with the same codes each time."""
    count = _ROWS * _COLUMNS
    z = torch.randn(count, generator.table.z_dim, generator=draw_for(seed, "samples"))
    images = generator.synthesise(generator.affine(generator.truncate(generator.map(z), truncation)))

    def draw(codes: torch.Tensor) -> torch.Tensor:
        return generator.synthesise(generator.affine(codes))

    made = draw(encoder.encode(images, generator.w_mean, draw, encoder.table.iterations))
    pixels = [np.stack([to_pixels(image) for image in one.numpy()]) for one in (images, made)]
    lines = [
        np.concatenate(one[start : start + _COLUMNS], axis=1) for start in range(0, count, _COLUMNS) for one in pixels
    ]
    return np.concatenate(lines)
