"""The run of mode=invert: finds the pictures, inverts them, and shows progress and a preview."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fgraph._atomic import write_atomic
from fgraph._cache import cache_folder
from fgraph._errors import FgraphError, SkippedError
from fgraph._imaging.encode import Pixels, encode_png, to_pillow, to_pixels
from fgraph._imaging.finding import find_pictures
from fgraph._imaging.layout import tile_pixels
from fgraph._imaging.similarity import Floats, gradient_distance
from fgraph._paths import expanded
from fgraph.cli.inversion_request import InversionRequest
from fgraph.cli.terminal import say, warn
from fgraph.faces import landmark_error
from fgraph.inversion import InversionSettings
from fgraph.inversion.cache import InversionCache
from fgraph.inversion.job import InversionCallback, InversionJob, run_job
from fgraph.inversion.optimise import Problem, Search
from fgraph.inversion.pictures import JobPicture, PictureReading, read_pictures
from fgraph.inversion.problem import make_problem
from fgraph.inversion.results import InversionResult
from fgraph.inversion.settings import Tuning
from fgraph.inversion.starts import ENCODER, encoded_starts, stored_starts
from fgraph.inversion.tuning import tune_results
from fgraph.runtime.progress import Progress, progress
from fgraph.runtime.run import pick_device
from fgraph.stylegan.checkpoints.header import BUNDLED, read_model
from fgraph.stylegan.checkpoints.sources import file_digest
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator

# The files of pictures have other names: see `RESERVED`.
PREVIEW, SUMMARY, OVERVIEW = "preview.png", "inversions.csv", "overview.png"
_PREVIEW_SECONDS = 5.0


def invert_pictures(request: InversionRequest) -> None:
    """Invert the pictures of a request, and print what was written.

    Raises:
        SkippedError: some pictures can't be read, or their search diverged; the others are done.
        FgraphError: no picture can be inverted.
    """
    settings, tuning, directory = request.settings, request.tuning, request.directory
    paths = find_pictures(request.images)
    _refuse_overwriting(directory, paths)
    dtype = torch.float64 if request.precision == "float64" else torch.float32
    generator = load_generator(request.model, pick_device(request.device), dtype)
    reading = PictureReading(generator.table.size, request.fit, request.align, request.face, _channels(generator))
    pictures, cache = _readable(paths, reading), InversionCache(_cache_folder(request.cache))
    statistics = None if cache.folder is None else cache.folder / "statistics"
    problem = make_problem(generator, settings, discriminator=request.discriminator_from, folder=statistics)
    digest = read_model(request.discriminator_from or request.model, file_digest) if settings.discriminator else ""
    with progress(len(pictures) * settings.steps, "inverting") as bar:
        callback = TerminalProgress(bar, settings, directory)
        starts = _find_starts(request, problem, pictures, reading)
        job = InversionJob(
            problem, pictures, reading, directory, cache, request.batch, digest, starts, callback=callback
        )
        results = run_job(job)
    _finish(replace(job, pictures=[picture for picture in pictures if picture.name in results]), results, tuning)
    total = len(pictures) + len(paths) - len({picture.path for picture in pictures})  # faces, and unreadable pictures
    if lost := total - len(results):
        raise SkippedError(f"{lost} of {total} pictures were skipped; {len(results)} are done")


def _find_starts(
    request: InversionRequest, problem: Problem, pictures: Sequence[JobPicture], reading: PictureReading
) -> dict[str, torch.Tensor]:
    """Return the codes that the searches start from, by picture; none for the mean."""
    if request.start is None:
        return {}
    if request.start != ENCODER:
        return stored_starts(problem, pictures, request.start)
    if request.encoder is None and request.model not in BUNDLED:
        raise FgraphError(
            f"inversion.start=encoder: none comes with '{request.model}': name one by inversion.encoder=FILE, or fit "
            "one by mode=train-encoder"
        )
    return encoded_starts(problem, pictures, reading, request.encoder or request.model, request.batch)


def _refuse_overwriting(directory: Path, paths: Sequence[Path]) -> None:
    """Refuse a directory that holds the pictures themselves."""
    if any(path.parent.resolve() == directory.resolve() for path in paths):
        raise FgraphError(
            f"images: results would be written over the pictures in '{directory}': give another hydra.run.dir"
        )


def _readable(paths: Sequence[Path], reading: PictureReading) -> list[JobPicture]:
    """Return the pictures that can be read, and warn of the others."""
    pictures, faults = read_pictures(paths, reading)
    for path, fault in faults.items():
        warn(f"skipped: {fault if str(path) in fault else f'{path}: {fault}'}")
    if not pictures:
        raise FgraphError(f"images: none of {len(paths)} pictures can be read")
    return pictures


def _finish(job: InversionJob, results: Mapping[str, InversionResult], tuning: Tuning) -> None:
    """Tune the generator to the results if asked for, and write the summary."""
    with suppress(OSError):
        (job.directory / PREVIEW).unlink(missing_ok=True)
    if not results:
        raise FgraphError("the search diverged for every picture: take a lower inversion.learning_rate")
    if tuning.steps:
        tune_results(job, results, tuning, say)
    _write_summary(job, results)


def _channels(generator: Generator) -> int:
    if (channels := generator.table.image_channels) in (1, 3):
        return channels
    raise FgraphError(
        f"{generator.name}: makes images of {channels} channels; pictures are inverted in 3, or 1 if grey"
    )


def _cache_folder(option: str | None) -> Path | None:
    if option is None:
        return cache_folder() / "inversions"
    return None if option == "none" else expanded(option)


class TerminalProgress(InversionCallback):
    """A display of a job's progress on the terminal, and of its pictures so far in `preview.png`."""

    def __init__(self, bar: Progress, settings: InversionSettings, directory: Path) -> None:
        self._bar, self._settings, self._directory = bar, settings, directory
        self._seen = 0.0
        self._steps: dict[str, int] = {}

    def stepped(self, search: Search, names: Sequence[str]) -> None:
        """Advance the bar, and write a preview now and then."""
        losses = search.losses
        self._bar.note(loss=f"{sum(losses.values()) / len(losses):.4f}", images=str(len(losses)))
        for row in losses:
            earlier = self._steps.get(names[row], 0)
            self._bar.advance(search.done - earlier)
            self._steps[names[row]] = search.done
        if time.monotonic() - self._seen >= _PREVIEW_SECONDS:
            rows = [to_pixels(image.float().cpu().numpy()) for image in search.previews().values()]
            write_atomic(self._directory / PREVIEW, encode_png(tile_pixels(rows)))
            self._seen = time.monotonic()

    def finished(self, picture: JobPicture, result: InversionResult, cached: bool) -> None:
        """Print the quality of a finished picture."""
        self._say(picture, result, "from the cache" if cached else f"{len(result.curve)} steps")

    def repeated(self, picture: JobPicture, result: InversionResult, of: JobPicture) -> None:
        """Print which earlier picture this one equals."""
        self._say(picture, result, f"the same as {of.path.name}")

    def failed(self, picture: JobPicture) -> None:
        """Warn of a search that diverged."""
        self._bar.advance(self._settings.steps - self._steps.get(picture.name, 0))
        warn(f"skipped: {picture.path}: the search diverged; take a lower inversion.learning_rate")

    def _say(self, picture: JobPicture, result: InversionResult, source: str) -> None:
        self._bar.advance(self._settings.steps - self._steps.get(picture.name, 0))
        say(f"{self._directory / picture.name}.safetensors  PSNR {result.psnr:.2f} dB  ({source})")


def _write_summary(job: InversionJob, results: Mapping[str, InversionResult]) -> None:
    """Write a table of all pictures, and a sheet with each picture beside its reconstruction."""
    directory = job.directory
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["picture", "code", "psnr", "distance", "steps", "loss", "gradients", "landmarks"])
    sheet: list[Pixels] = []
    for picture in job.pictures:
        result = results[picture.name]
        distance = "" if result.distance is None else f"{result.distance:.4f}"
        loss = f"{float(result.curve[-1, 0]):.6g}"
        code = f"{picture.name}.safetensors"
        target = job.reading.read_again(picture)
        facts = [f"{result.psnr:.3f}", distance, len(result.curve), loss]
        table.writerow([picture.path, code, *facts, *_similarity(job.reading, picture, target, result.pixels.numpy())])
        pair = [to_pixels(target), result.pixels.numpy()]
        sheet.append(np.concatenate([_as_rgb(one) for one in pair], axis=1))
    write_atomic(directory / SUMMARY, os.fsencode(text.getvalue()))  # names as bytes, as the file system stores them
    write_atomic(directory / OVERVIEW, encode_png(tile_pixels(sheet)))
    say(directory / SUMMARY)
    say(directory / OVERVIEW)


def _similarity(reading: PictureReading, picture: JobPicture, target: Floats, made: Pixels) -> tuple[str, str]:
    """Return how far the gradients and the landmarks of a reconstruction are from those of its target."""
    gradients = gradient_distance(target, made.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)
    if reading.align == "none" or reading.face.known(picture.path.name) is not None:
        return f"{gradients:.4f}", ""
    original, found = (to_pillow(one).convert("RGB") for one in (to_pixels(target), made))
    error = landmark_error(original, found, reading.face.detector)
    return f"{gradients:.4f}", "" if error is None else f"{error:.4f}"


def _as_rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels[:, :, :1], 3, axis=2)
