"""Writes a run's results into one directory.

The rule: every file is first written in full under a temporary name, and only when all of them are on the disk do they
take their places, the manifest last. An earlier manifest of the directory is removed just before. So

* a run that fails half-way (a full disk) leaves what was there, whole, and no temporary files;
* a file of the same name is replaced, never mixed;
* a directory with a `manifest.json` holds every file that it lists; files it does not list are of earlier runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fgraph._atomic import Staging, save_error
from fgraph._errors import SaveError, nearest
from fgraph._pictures import encode_png
from fgraph._results import FeatureMaps, Image, Latents, MaskImage, Result, encode_npy, row_paths
from fgraph.save.record import Record
from fgraph.save.video import VIDEO_FORMATS, VideoOptions, encode_video

MANIFEST = "manifest.json"
FORMATS = ("png", "npy", *VIDEO_FORMATS)


@dataclass(frozen=True)
class SavedFile:
    """One file of a manifest."""

    file: str  # its name in the directory
    output: str  # the output of the graph that it holds
    kind: str
    row: int | None  # of that output; None: all of them
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What was written, and how it was made."""

    directory: Path
    record: Record
    files: tuple[SavedFile, ...]

    @property
    def paths(self) -> list[Path]:
        """The files, the manifest itself last."""
        return [*(self.directory / saved.file for saved in self.files), self.directory / MANIFEST]

    def to_json(self) -> str:
        """The content of `manifest.json`."""
        files = [asdict(saved) for saved in self.files]
        return json.dumps({**self.record.to_json(), "files": files}, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class _Content:
    file: str
    row: int | None
    data: bytes


def save_results(
    results: Mapping[str, Result],
    directory: str | Path,
    formats: Sequence[str] = ("png",),
    record: Record | None = None,
    *,
    video: VideoOptions | None = None,
) -> Manifest:
    """Write results into `directory`: pictures, arrays, latents and a `manifest.json`.

    An image is `name.png`, or `name_000.png`, ... for several rows, and `name.npy` (float32 [rows, channels, h, w])
    where `formats` has npy; with gif or mp4 its rows are the frames of a film, `name.gif`, shown as `video` says. A
    mask is a picture and an array. A latent is `name.safetensors`; feature maps are `name.npz` and a preview.

    Raises:
        SaveError: a format is unknown, or a file could not be written; what stood there before still stands, whole.
    """
    directory, record = Path(directory), record or Record()
    _check_formats(formats)
    saved: list[SavedFile] = []
    with Staging() as staging:
        for name, value in results.items():
            films = _films(name, value, formats, (video or VideoOptions(), record))
            for content in (*_contents(name, value, formats, record), *films):
                staging.stage(directory / content.file, content.data)
                digest = hashlib.sha256(content.data).hexdigest()
                kind = type(value).__name__
                saved.append(SavedFile(content.file, name, kind, content.row, len(content.data), digest))
        manifest = Manifest(directory, record, tuple(saved))
        _check_distinct(saved)
        staging.stage(directory / MANIFEST, manifest.to_json().encode())
        _remove_earlier(directory / MANIFEST)
        staging.commit()
    return manifest


def _contents(name: str, value: Result, formats: Sequence[str], record: Record) -> Iterator[_Content]:
    match value:
        case Image():
            if "png" in formats:
                yield from _pictures(name, value, record)
            if "npy" in formats:
                yield _Content(f"{name}.npy", None, encode_npy(value.array))
        case MaskImage():
            yield from _pictures(name, value, record)
            yield _Content(f"{name}.npy", None, encode_npy(value.array))
        case Latents():
            yield _Content(f"{name}.safetensors", None, value.to_bytes())
        case FeatureMaps():
            yield _Content(f"{name}.npz", None, value.to_bytes())
            if "png" in formats:
                yield from _pictures(name, value.preview(), record)


def _films(name: str, value: Result, formats: Sequence[str], how: tuple[VideoOptions, Record]) -> Iterator[_Content]:
    options, record = how
    for kind in VIDEO_FORMATS:
        if kind in formats and isinstance(value, Image):
            yield _Content(f"{name}.{kind}", None, encode_video(value, kind, options, record.to_text()))


def _pictures(name: str, value: Image | MaskImage, record: Record) -> Iterator[_Content]:
    for row, path in enumerate(row_paths(Path(f"{name}.png"), value.rows)):
        yield _Content(path.name, row, encode_png(value.pixels(row), record.for_row(row).to_text()))


def _check_formats(formats: Sequence[str]) -> None:
    for name in formats:
        if name not in FORMATS:
            hint = nearest(name, FORMATS)
            raise SaveError(f"unknown format '{name}': expected {_choices()}" + (f"; {hint}" if hint else ""))
    if not formats:
        raise SaveError(f"no format given: expected {_choices()}")


def _choices() -> str:
    return f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"


def _check_distinct(saved: Sequence[SavedFile]) -> None:
    """Outputs `a` (of several rows) and `a_000` would write one file."""
    seen: dict[str, str] = {}
    for entry in saved:
        if entry.file in seen:
            raise SaveError(
                f"outputs '{seen[entry.file]}' and '{entry.output}' would both write {entry.file}: rename one"
            )
        seen[entry.file] = entry.output


def _remove_earlier(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise save_error(path, error) from error
