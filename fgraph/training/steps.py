"""The steps of a training of any kind: its folder is claimed, a signal ends it after a step, snapshots are due."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from fgraph._atomic import save_error
from fgraph._temporary import claimed
from fgraph.training.devices import Fabric
from fgraph.training.readings import Measured, Readings
from fgraph.training.report import Report, TrainingProgress
from fgraph.training.settings import CommonSettings, TrainingError

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stepper(Protocol):
    """A training that runs step by step."""

    @property
    def fabric(self) -> Fabric:
        """The device and the processes."""

    @property
    def settings(self) -> CommonSettings:
        """The settings."""

    @property
    def state(self) -> TrainingProgress:
        """The state, whose counters `step` changes."""

    @property
    def readings(self) -> Readings:
        """The measurements of the steps."""

    def step(self) -> None:
        """Take one step."""

    def read(self) -> list[Measured]:
        """Return the measurements of each step since the last reading, by name."""


@contextmanager
def claiming(target: Path) -> Iterator[None]:
    """Keep other trainings out of a folder.

    Raises:
        TrainingError: another process trains there.
        SaveError: the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            free = stack.enter_context(claimed(target, "training"))
        except OSError as error:
            raise save_error(target, error) from error
        if not free:
            raise TrainingError(
                f"another process trains in {target}, and each would overwrite what the other has learned: stop it, or "
                "choose another target="
            )
        yield


def run_steps(trainer: Stepper, report: Report, store: Callable[[], None]) -> None:
    """Train until `settings.images`, or until a signal asks to stop.

    Args:
        trainer: the training.
        report: the report of the training.
        store: writes the snapshot, and the files that are made of it; called when a snapshot is due, and at the end.

    Raises:
        KeyboardInterrupt: a signal stopped the training; the snapshot of its last step is written.
    """
    settings, state = trainer.settings, trainer.state
    with report, _stopping() as stop:
        kept, stopped = time.monotonic(), False
        while state.images < settings.images and not stopped:
            trainer.step()
            if trainer.readings.are_due or report.is_due:
                report.add(trainer.read())
            due = time.monotonic() - kept >= settings.snapshot_minutes * 60
            stopped, due = trainer.fabric.broadcast((stop.is_set(), due))  # all processes do as the first
            if due and not stopped:
                report.add(trainer.read())
                store()
                kept = time.monotonic()
        report.add(trainer.read())
        if state.images >= settings.images:
            report.close_record()
        store()
    if state.images < settings.images:
        raise KeyboardInterrupt  # the snapshot is written


def check_unchanged(path: Path, earlier: dict[str, Any], settings: CommonSettings) -> None:
    """Check that a snapshot is of a training with the same settings.

    Args:
        path: the path of the snapshot.
        earlier: the decisive settings of its training.
        settings: the current ones.

    Raises:
        TrainingError: a setting differs.
    """
    now = settings.decisive()
    defaults = {name: type(settings).model_fields[name].default for name in now}  # for settings that it lacks
    known = defaults | earlier
    if changed := [f"{name} ({known[name]} -> {now[name]})" for name in now if known[name] != now[name]]:
        raise TrainingError(
            f"{path} belongs to a training with other settings: {', '.join(changed)}. To continue that training, give "
            "the settings that it had; for another training, choose another target="
        )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield an event that a signal sets; the step is then finished and kept. A second signal stops at once.

    A signal that the parent process ignores stays ignored, as Ctrl-C for the background jobs of a shell.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    earlier: dict[int, Any] = {number: signal.signal(number, ask) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
