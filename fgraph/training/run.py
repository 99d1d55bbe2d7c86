"""A whole training: begin or go on, step by step, with snapshots and reports on the way."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from fgraph._atomic import save_error
from fgraph._temporary import claimed, clean
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.training.batches import Batches, Source
from fgraph.training.begin import begin
from fgraph.training.devices import launch
from fgraph.training.estimate import FEWEST_STEPS, measure_speed
from fgraph.training.loop import Trainer
from fgraph.training.painters import PaintedBatches, load_painter, names_painter
from fgraph.training.pictures import read_pictures
from fgraph.training.projected_loop import make_trainer
from fgraph.training.report import SAMPLES_FOLDER, Report
from fgraph.training.settings import TrainingError, TrainingSettings
from fgraph.training.snapshot import read_snapshot, write_snapshot
from fgraph.training.state import State

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SNAPSHOT, MODEL = "snapshot.safetensors", "model.safetensors"


def train(settings: TrainingSettings) -> Path:
    """Train until `settings.images`, going on from a snapshot in the target folder; the model's path.

    Raises:
        TrainingError: the settings do not fit the data, the model or the snapshot, or a loss became infinite.
        ModelError: the checkpoint or snapshot cannot be read.
        SaveError: a snapshot could not be written, as on a full disk; the last one is whole.
        KeyboardInterrupt: a signal stopped the training; the snapshot of its last step is written.
    """
    with ExitStack() as stack:
        try:
            free = stack.enter_context(claimed(settings.target, "training"))
        except OSError as error:
            raise save_error(settings.target, error) from error
        if not free:
            raise TrainingError(
                f"another process trains in {settings.target}, and each would overwrite what the other has learned: "
                "stop it, or choose another target="
            )
        launch(settings, _work)
    return settings.target / MODEL


def _work(fabric: Fabric, settings: TrainingSettings) -> None:
    """Train in one process of the group."""
    for directory in (settings.target, settings.target / SAMPLES_FOLDER):
        clean(directory)
    state = find_state(settings)
    source, pictures = _open_data(fabric, settings, state.table.resolution)
    report = Report(settings, state, pictures, active=fabric.global_rank == 0)
    if settings.images - state.images >= FEWEST_STEPS * settings.batch:
        report.forecast(measure_speed(make_trainer, fabric, settings, state, source), fabric.device.type)
    trainer = make_trainer(fabric, settings, state, source)
    with report, _stopping() as stop:
        _run(trainer, report, stop)
    if state.images < settings.images:
        raise KeyboardInterrupt  # the snapshot is written


def _open_data(fabric: Fabric, settings: TrainingSettings, size: int) -> tuple[Source, int | None]:
    """Open pictures or a painter; the batches, and how many pictures there are, None for no end."""
    if names_painter(settings.data):
        return PaintedBatches(load_painter(settings.data), size, settings.seed, settings.flip), None
    if fabric.global_rank == 0:
        read_pictures(settings.data, size)  # one process fills the cache
    fabric.barrier()
    pictures = read_pictures(settings.data, size)
    return Batches(pictures.pixels, settings.seed, settings.flip), len(pictures)


def find_state(settings: TrainingSettings) -> State:
    """The state in the target folder, or that of a beginning.

    Raises:
        TrainingError: a snapshot is there, of a training with other settings.
    """
    path = settings.target / SNAPSHOT
    if not path.exists():
        state = begin(settings)
        state.origin = {**state.origin, "settings": settings.decisive()}
        return state
    state = read_snapshot(path)
    now = settings.decisive()
    usual = {name: TrainingSettings.model_fields[name].default for name in now}  # settings that are younger than it
    earlier = usual | state.origin.get("settings", {})
    if changed := [f"{name} ({earlier[name]} -> {now[name]})" for name in now if earlier[name] != now[name]]:
        raise TrainingError(
            f"{path} is of a training with other settings: {', '.join(changed)}. To go on with it, give it those it "
            "had; for another training choose another target="
        )
    return state


def _run(trainer: Trainer, report: Report, stop: threading.Event) -> None:
    settings, state = trainer.settings, trainer.state
    kept, stopped = time.monotonic(), False
    while state.images < settings.images and not stopped:
        report.add(trainer.step())
        due = time.monotonic() - kept >= settings.snapshot_minutes * 60
        stopped, due = trainer.fabric.broadcast((stop.is_set(), due))  # all processes do as the first
        if due and not stopped:
            _keep(trainer, report)
            kept = time.monotonic()
    if state.images >= settings.images:
        report.close_record()
    _keep(trainer, report)


def _keep(trainer: Trainer, report: Report) -> None:
    """Write the snapshot, then what is made of it."""
    if trainer.fabric.global_rank == 0:
        target = trainer.settings.target
        state = trainer.keep()
        write_snapshot(state, target / SNAPSHOT)
        model = state.trained_generator()
        save_generator(model, target / MODEL)
        report.write(model)
    trainer.fabric.barrier()


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C, and a request to end, set: the step is finished and kept. A second Ctrl-C stops at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    earlier: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
