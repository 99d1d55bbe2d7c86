"""Reports of a training: progress, losses as a table and a plot, sample grids, TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import torch

from fgraph._atomic import write_atomic
from fgraph._imaging.encode import Pixels, encode_png, to_pixels
from fgraph._imaging.layout import tile_pixels
from fgraph._imaging.plot import plot_curves
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.training.draws import draw_for
from fgraph.training.settings import CommonSettings, TrainingError

SAMPLES = 64
SAMPLES_FOLDER = "samples"  # the folder of samples in the target
CURVES = ("discriminator", "generator", "r1", "pair")
_BATCH = 16
LONG = 12 * 3600  # seconds of a training on a CPU that are worth a warning


class TrainingProgress(Protocol):
    """The counters of a state that a report reads and changes."""

    images: int
    earlier: int
    history: list[dict[str, float]]
    pending: dict[str, list[float]]


class Report:
    """The measurements of a training, averaged into records. Only an `active` process prints them."""

    def __init__(
        self,
        settings: CommonSettings,
        state: TrainingProgress,
        opening: str,
        curves: Sequence[str],
        active: bool = True,
    ) -> None:
        self._settings, self._state, self._curves, self._active = settings, state, curves, active
        self._since, self._from = time.monotonic(), state.images
        self._bar: Any = None
        self._board = _open_board(settings.target, settings.section) if active and settings.tensorboard else None
        if active:
            print(f"{opening}; {settings.target}", flush=True)

    def __enter__(self) -> Report:
        if self._active:
            from tqdm import tqdm

            total, done = self._settings.images, self._state.images
            self._bar = tqdm(
                total=total, initial=min(done, total), unit="img", desc="training", disable=None, dynamic_ncols=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._board is not None:
            self._board.close()

    def forecast(self, speed: float, device: str) -> None:
        """Print how long the training will take, at a number of images a second."""
        if not self._active:
            return
        left = self._settings.images - self._state.images
        print(f"{left} images at about {speed:.3g} images/s on {device}: {_duration(left / speed)}", flush=True)
        if left / speed > LONG and device == "cpu":
            print(
                "this is long: a GPU, a smaller training.size, narrower training.channels or fewer training.images are "
                "faster (docs/how-to/training.md has speeds)",
                flush=True,
            )

    @property
    def is_due(self) -> bool:
        """True if a record of the measurements is made at this step."""
        return self._state.images % self._settings.log_images < self._settings.batch

    def add(self, steps: Sequence[Mapping[str, float]]) -> None:
        """Add the measurements of steps; when a record is due, close it."""
        pending = self._state.pending
        for name, value in (item for measured in steps for item in measured.items()):
            total, count = pending.get(name, (0.0, 0.0))
            pending[name] = [total + value, count + 1]
        if self._bar is not None:
            self._bar.update(self._settings.batch * len(steps))
        if steps and self.is_due:
            self.close_record()

    def close_record(self) -> None:
        """Make a record: the mean of each measurement since the last record."""
        if not self._state.pending:
            return
        record = {name: round(total / count, 5) for name, (total, count) in self._state.pending.items()}
        record = {"images": float(self._state.images), **record}
        self._state.pending = {}
        self._state.history.append(record)
        if self._active:
            self._show_record(record)

    def _show_record(self, record: dict[str, float]) -> None:
        now = time.monotonic()
        speed = (self._state.images - self._from) / max(now - self._since, 1e-9)
        self._since, self._from = now, self._state.images
        left = max(0, self._settings.images - self._state.images) / max(speed, 1e-9)
        values = " ".join(f"{name} {record[name]:.3f}" for name in self._curves if name in record)
        if self._bar is not None and not self._bar.disable:
            self._bar.set_postfix_str(values, refresh=False)
        else:
            print(
                f"{self._state.images} of {self._settings.images} images, {values}, {speed:.1f} images/s, "
                f"{_duration(left)} left",
                flush=True,
            )
        if self._board is not None:
            for name, value in {**record, "images_per_second": speed}.items():
                self._board.add_scalar(name, value, self._state.images)

    def write(self, grid: Pixels) -> None:
        """Write the losses and a grid of samples [h, w, 3].

        Raises:
            SaveError: they could not be written.
        """
        target, state = self._settings.target, self._state
        write_atomic(target / SAMPLES_FOLDER / f"{state.images + state.earlier:08}.png", encode_png(grid))
        if state.history:
            write_atomic(target / "losses.csv", _table(state.history).encode())
            write_atomic(target / "losses.svg", _plot(state.history, self._curves).encode())
        if self._board is not None:
            self._board.add_image("samples", grid, state.images, dataformats="HWC")
            self._board.flush()


@torch.inference_mode()
def sample_grid(model: StyleGAN2Generator, seed: int, truncation: float) -> Pixels:
    """Draw 64 samples in one picture [h, w, 3], with the same codes each time."""
    z = torch.randn(SAMPLES, model.table.z_dim, generator=draw_for(seed, "samples")).to(model.device)
    styles = model.affine(model.truncate(model.map(z), truncation))
    images = torch.cat([model.synthesise(styles[i : i + _BATCH]) for i in range(0, SAMPLES, _BATCH)])
    return tile_pixels([to_pixels(image) for image in images.cpu().float().numpy()], gap=0)


def _open_board(target: Path, section: str) -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise TrainingError(f"{section}.tensorboard=true needs: pip install 'fgraph-gan[train]' ({error})") from error
    return SummaryWriter(str(target / "tensorboard"))


def _plot(history: list[dict[str, float]], curves: Sequence[str]) -> str:
    found = {name: [(one["images"], one[name]) for one in history if name in one] for name in curves}
    return plot_curves(found, "images")


def _table(history: list[dict[str, float]]) -> str:
    names = sorted({name for record in history for name in record} - {"images"})
    lines = [",".join(["images", *names])]
    lines += [",".join(str(record.get(name, "")) for name in ("images", *names)) for record in history]
    return "\n".join(lines) + "\n"


def _duration(seconds: float) -> str:
    """Return a duration as text: `2 days 3 h`, `1 h 5 min`, `12 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
