"""A whole training: begin or continue, step by step, with snapshots and reports."""

from __future__ import annotations

from pathlib import Path

from fgraph._temporary import clean
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.training.batches import Batches, PictureSource
from fgraph.training.begin import begin
from fgraph.training.devices import Fabric, launch
from fgraph.training.estimate import FEWEST_STEPS, measure_speed
from fgraph.training.loop import Trainer
from fgraph.training.painters import PaintedBatches, load_painter, names_painter
from fgraph.training.pictures import read_pictures
from fgraph.training.report import CURVES, SAMPLES_FOLDER, Report, sample_grid
from fgraph.training.settings import TrainingSettings
from fgraph.training.snapshot import SNAPSHOT, read_snapshot, write_snapshot
from fgraph.training.state import TrainingState
from fgraph.training.steps import check_unchanged, claiming, run_steps
from fgraph.training.trainers import make_trainer

MODEL = "model.safetensors"


def train(settings: TrainingSettings) -> Path:
    """Train until `settings.images`, from a snapshot in the target folder if there is one; return the model's path.

    Raises:
        TrainingError: the settings do not fit the data, the model or the snapshot, or a loss became infinite.
        ModelError: the checkpoint or snapshot cannot be read.
        SaveError: a snapshot could not be written, as on a full disk; the last one is whole.
        KeyboardInterrupt: a signal stopped the training; the snapshot of its last step is written.
    """
    with claiming(settings.target):
        launch(settings, _work)
    return settings.target / MODEL


def _work(fabric: Fabric, settings: TrainingSettings) -> None:
    """Train in one process of the group."""
    for directory in (settings.target, settings.target / SAMPLES_FOLDER):
        clean(directory)
    state = find_state(settings)
    source, pictures = _open_data(fabric, settings, state.table.resolution)
    opening = "a painter's pictures" if pictures is None else f"{pictures} pictures"
    report = Report(settings, state, f"{opening} of {state.table.extent} pixels", CURVES, fabric.global_rank == 0)
    if settings.images - state.images >= FEWEST_STEPS * settings.batch:
        report.forecast(measure_speed(make_trainer, fabric, settings, state, source), fabric.device.type)
    trainer = make_trainer(fabric, settings, state, source)
    run_steps(trainer, report, lambda: _store(trainer, report))


def _open_data(fabric: Fabric, settings: TrainingSettings, size: int) -> tuple[PictureSource, int | None]:
    """Open the data; return the batches, and the number of pictures, which is None for a painter."""
    if names_painter(settings.data):
        return PaintedBatches(load_painter(settings.data), size, settings.seed, settings.flip), None
    if fabric.global_rank == 0:
        read_pictures(settings.data, size)  # one process fills the cache
    fabric.barrier()
    pictures = read_pictures(settings.data, size)
    return Batches(pictures.pixels, settings.seed, settings.flip), len(pictures)


def find_state(settings: TrainingSettings) -> TrainingState:
    """Return the state in the target folder, or a first state.

    Raises:
        TrainingError: the snapshot there is of a training with other settings.
    """
    path = settings.target / SNAPSHOT
    if not path.exists():
        state = begin(settings)
        state.origin = {**state.origin, "settings": settings.decisive()}
        return state
    state = read_snapshot(path)
    check_unchanged(path, state.origin.get("settings", {}), settings)
    return state


def _store(trainer: Trainer, report: Report) -> None:
    """Write the snapshot, then the model, the samples and the curves."""
    if trainer.fabric.global_rank == 0:
        target = trainer.settings.target
        state = trainer.current_state()
        write_snapshot(state, target / SNAPSHOT)
        model = state.trained_generator()
        save_generator(model, target / MODEL)
        report.write(sample_grid(model, trainer.settings.seed, trainer.settings.truncation))
    trainer.fabric.barrier()
