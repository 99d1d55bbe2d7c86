"""The writer of a run's results into one directory.

All files are first written to a temporary folder of the directory. Once they are on the disk, an earlier manifest is
removed, and the files are renamed to their places, the manifest last. Therefore:

* A run that fails half-way, for example on a full disk, leaves the directory as it was.
* A file of the same name is replaced as a whole.
* A `manifest.json` is true: every file that it lists is there with its digest. Other files come from earlier runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from PIL import Image as PillowImage

from fgraph._atomic import Staging, save_error, write_atomic
from fgraph._errors import SaveError
from fgraph._imaging.choices import PICTURE_FORMATS
from fgraph._imaging.encode import encode_picture, fits
from fgraph._imaging.fonts import missing_letters
from fgraph._imaging.scaling import scale_picture
from fgraph._paths import row_paths
from fgraph._results import FeatureMaps, Image, Latents, MaskImage, Result, encode_npy
from fgraph._temporary import exclusive
from fgraph.photographs import Photographs, PhotographStream
from fgraph.save.arranging import Sheet, arrange
from fgraph.save.films import Films
from fgraph.save.formats import VIDEO_FORMATS, read_formats
from fgraph.save.manifest import MANIFEST, listed_files, remaining
from fgraph.save.options import PictureOptions
from fgraph.save.quality import CropQuality, rate_crops, write_table
from fgraph.save.record import Record
from fgraph.save.video import VideoOptions, encode_video

_SUFFIXES = {"png": "png", "webp": "webp", "jpeg": "jpg"}


@dataclass(frozen=True)
class SavedFile:
    """An entry of a manifest."""

    file: str  # its path within the directory
    output: str  # output of the graph
    kind: str
    row: int | None  # row of the output; None: all rows
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The files that were written, and their provenance."""

    directory: Path
    record: Record
    files: tuple[SavedFile, ...]
    without_record: tuple[str, ...] = ()  # pictures without the record, since their format has no room for it
    damaged: Mapping[str, Sequence[int]] = field(default_factory=dict)  # output -> rows that no picture can show
    quality: Mapping[str, Sequence[CropQuality]] = field(default_factory=dict)  # output -> quality of each crop
    unlisted: tuple[str, ...] = ()  # files of an earlier run in the directory, which the manifest no longer lists
    undrawn: str = ""  # letters of labels that no font of this machine has

    @property
    def paths(self) -> list[Path]:
        """The paths of the files, and of the manifest as the last one."""
        return [*(self.directory / saved.file for saved in self.files), self.directory / MANIFEST]

    def to_json(self) -> str:
        """Return the content of `manifest.json`."""
        files = [asdict(saved) for saved in self.files]
        rated = {name: [one.to_json() for one in rows] for name, rows in self.quality.items()}
        quality = {"quality": rated} if rated else {}
        return json.dumps({**self.record.to_json(), "files": files, **quality}, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class _Content:
    file: str
    output: str
    kind: str
    row: int | None
    data: bytes | Path  # Path: a file in the temporary folder


def save_results(
    results: Mapping[str, Result | PhotographStream],
    directory: str | Path,
    formats: Sequence[str] = ("png",),
    record: Record | None = None,
    options: PictureOptions | None = None,
    *,
    labels: Mapping[str, Sequence[str]] | None = None,
    sources: Mapping[str, Result] | None = None,
    without: Mapping[str, Mapping[str, Result]] | None = None,
    video: VideoOptions | None = None,
) -> Manifest:
    """Write results into `directory`: pictures, arrays, latents and a `manifest.json`.

    An image is `name.png`, or `name_000.png`, ... for several rows, in each picture format of `formats` (png, webp,
    jpeg). With npy, it is also `name.npy`, float32 [rows, channels, h, w]; with gif or mp4, also a film of its rows. A
    mask is a picture or a film, and an array; a latent is `name.safetensors`, and `name_drag.json` if a drag
    made it; feature maps are `name.npz` and a preview.

    Rows that hold NaN or infinite values have no picture, and their output has no film and no sheet;
    `Manifest.damaged` lists them.

    Args:
        results: output name -> result.
        directory: where the files go; made if it is missing.
        formats: the formats of images.
        record: the provenance, stored in each picture and in the manifest.
        options: quality, and the sheets to write as well: `name_strip`, `name_grid`, `compare`, `explain`.
        labels: for sheets; see `arrange`.
        sources: for sheets; see `arrange`.
        without: for sheets; see `arrange`.
        video: options of films.

    Raises:
        SaveError: a format is unknown, two outputs would share a file, or a file can't be written.
    """
    directory, chosen = Path(directory), read_formats(formats)
    with Staging(directory) as staging:
        writer = _Writer(
            record or Record(), options or PictureOptions(), video or VideoOptions(), chosen, staging.folder
        )
        saved = [_stage(staging, content) for content in writer.contents(results, labels, sources, without)]
        manifest = Manifest(
            directory, writer.record, tuple(saved), tuple(writer.without_record), writer.damaged, writer.quality
        )
        _check_distinct(saved)
        staging.stage(MANIFEST, manifest.to_json().encode("utf-8", "backslashreplace"))
        unlisted = _commit(staging, directory, saved)
    return replace(manifest, unlisted=unlisted, undrawn=writer.undrawn)


def _commit(staging: Staging, directory: Path, saved: Sequence[SavedFile]) -> tuple[str, ...]:
    """Make staged files visible; return the files of the earlier manifest that the new one does not list."""
    unlisted: list[str] = []

    def look() -> None:
        earlier = [one.file for one in listed_files(directory)]
        unlisted.extend(remaining(directory, earlier, [one.file for one in saved]))

    staging.commit(obsolete=[MANIFEST], look=look)
    return tuple(unlisted)


def _stage(staging: Staging, content: _Content) -> SavedFile:
    """Write a file that is not visible yet; return its line of the manifest."""
    if isinstance(content.data, Path):
        path = content.data.rename(staging.place(content.file))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SavedFile(content.file, content.output, content.kind, content.row, path.stat().st_size, digest)
    staging.stage(content.file, content.data)
    digest = hashlib.sha256(content.data).hexdigest()
    return SavedFile(content.file, content.output, content.kind, content.row, len(content.data), digest)


def list_files(
    directory: Path, files: Sequence[tuple[str, Path]], record: Record, earlier: Sequence[str] = ()
) -> Manifest:
    """Write the manifest of files that are already in the directory, with their current digests.

    Args:
        directory: where the manifest goes.
        files: (output, path) of each file, in the directory or below it.
        record: the provenance of the files.
        earlier: the files that the directory's manifest listed before these were written.

    Raises:
        SaveError: a file can't be read, or the manifest can't be written.
    """
    saved = []
    try:
        with exclusive(directory):  # no other run replaces a file between its digest and the manifest
            for output, path in files:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                name = path.relative_to(directory).as_posix()
                saved.append(SavedFile(name, output, "Image", None, path.stat().st_size, digest))
            unlisted = tuple(remaining(directory, earlier, [one.file for one in saved]))
            manifest = Manifest(directory, record, tuple(saved), unlisted=unlisted)
            write_atomic(directory / MANIFEST, manifest.to_json().encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise save_error(Path(error.filename or directory), error) from error
    return manifest


class _Writer:
    """An encoder of results as files."""

    def __init__(
        self, record: Record, options: PictureOptions, video: VideoOptions, formats: Sequence[str], folder: Path
    ) -> None:
        self.record = record
        self._folder = folder  # the folder of files that are written piece by piece
        self._video = replace(video, scale=options.scale, resampling=options.resampling)
        self.without_record: list[str] = []
        self.damaged: dict[str, list[int]] = {}
        self.undrawn = ""
        self.quality: dict[str, Sequence[CropQuality]] = {}
        self._options = options
        self._formats = formats
        self._picture_formats = [name for name in formats if name in PICTURE_FORMATS]
        self._film_formats = [name for name in VIDEO_FORMATS if name in formats]

    def contents(
        self,
        results: Mapping[str, Result | PhotographStream],
        labels: Mapping[str, Sequence[str]] | None,
        sources: Mapping[str, Result] | None,
        without: Mapping[str, Mapping[str, Result]] | None,
    ) -> Iterator[_Content]:
        for name, value in results.items():
            for file, row, data in self._files(name, value):
                yield _Content(file, name, _kind_of(value), row, data)
        for sheet in self._arrange(results, labels, sources, without):
            self.undrawn = missing_letters([self.undrawn, *sheet.labels])
            for format_name in self._picture_formats:
                file = f"{sheet.name}.{_SUFFIXES[format_name]}"
                yield _Content(file, sheet.output, "Sheet", None, self._encode(file, sheet.picture, format_name, None))

    def _arrange(
        self,
        results: Mapping[str, Result | PhotographStream],
        labels: Mapping[str, Sequence[str]] | None,
        sources: Mapping[str, Result] | None,
        without: Mapping[str, Mapping[str, Result]] | None,
    ) -> Iterator[Sheet]:
        """Lay out the outputs without damaged rows; if any are damaged, make no comparison or explanation."""
        whole = {
            name: value
            for name, value in results.items()
            if name not in self.damaged and not isinstance(value, PhotographStream)
        }
        options = replace(self._options, compare=False, explain=False) if self.damaged else self._options
        return arrange(whole, options, labels, sources, without)

    def _files(self, name: str, value: Result | PhotographStream) -> Iterator[tuple[str, int | None, bytes | Path]]:
        match value:
            case Image():
                yield from self._pictures(name, value, self._picture_formats)
                if "npy" in self._formats:
                    yield f"{name}.npy", None, encode_npy(value.array)
                yield from self._films(name, value)
            case MaskImage():
                yield from self._pictures(name, value, self._picture_formats or ([] if self._film_formats else ["png"]))
                yield f"{name}.npy", None, encode_npy(value.array)
                yield from self._films(name, value)
            case Latents():
                yield f"{name}.safetensors", None, value.to_bytes()
                if value.drags:
                    reports = json.dumps([one.to_json() for one in value.drags], indent=1)
                    yield f"{name}_drag.json", None, reports.encode()
            case Photographs() | PhotographStream():
                yield from self._photographs(name, value)
            case FeatureMaps():
                yield f"{name}.npz", None, value.to_bytes()
                yield from self._pictures(name, value.preview(), self._picture_formats)
                yield from self._films(name, value.preview())

    def _pictures(
        self, name: str, value: Image | MaskImage, formats: Sequence[str]
    ) -> Iterator[tuple[str, int | None, bytes]]:
        if damaged := value.damaged_rows:
            self.damaged[name] = damaged
        for format_name in formats:
            for row, path in enumerate(row_paths(Path(f"{name}.{_SUFFIXES[format_name]}"), value.rows)):
                if row not in damaged:
                    yield path.name, row, self._encode(path.name, self._scaled(path.name, value, row), format_name, row)

    def _photographs(
        self, name: str, value: Photographs | PhotographStream
    ) -> Iterator[tuple[str, int | None, bytes | Path]]:
        """Yield each photograph with the metadata of its file, and the films whose frames were pasted.

        The parts of a stream are made once, and each is written before the next one.
        """
        films = Films(self._folder, name, value.films if "mp4" in self._film_formats else (), self.record)
        formats = self._picture_formats or ([] if films.names else ["png"])
        paths = {one: row_paths(Path(f"{name}.{_SUFFIXES[one]}"), value.rows) for one in formats}
        rated: list[CropQuality] = []
        damaged: list[int] = []
        first = crops = 0  # number of the first row of the part, and of its first crop
        with films:
            for part in value.parts():
                rated += rate_crops(part, crops)
                damaged += [first + row for row in part.damaged_rows]
                for row in range(part.rows):
                    if first + row not in damaged:
                        films.put(part, row)
                        yield from self._photograph(part, row, first + row, paths)
                first, crops = first + part.rows, crops + len(part.pasting.crops)
            if damaged:
                self.damaged[name] = damaged
            else:
                yield from films.finish()
        if rated:
            self.quality[name] = rated
            yield f"{name}.csv", None, write_table(rated)

    def _photograph(
        self, part: Photographs, row: int, number: int, paths: Mapping[str, Sequence[Path]]
    ) -> Iterator[tuple[str, int, bytes]]:
        """Yield a photograph in each format; `number` is its row among all rows, and `paths` names all rows."""
        text = self.record.for_row(number).to_text()
        for format_name, named in paths.items():
            path = named[number]
            if format_name != "png":  # keeps the EXIF data of the photograph instead of the record
                self.without_record.append(path.name)
            try:
                yield path.name, number, part.encode(row, format_name, text, self._options.quality)
            except ValueError as error:
                raise SaveError(f"cannot write {path.name}: {error}") from error

    def _scaled(self, file: str, value: Image | MaskImage, row: int) -> PillowImage.Image:
        try:
            return scale_picture(value.to_pil(row), self._options.scale, self._options.resampling)
        except ValueError as error:
            raise SaveError(f"cannot write {file}: {error}") from error

    def _encode(self, file: str, picture: PillowImage.Image, format_name: str, row: int | None) -> bytes:
        text = (self.record if row is None else self.record.for_row(row)).to_text()
        if not fits(text, format_name):
            self.without_record.append(file)
        try:
            return encode_picture(picture, format_name, text, self._options.quality)
        except ValueError as error:
            raise SaveError(f"cannot write {file}: {error}") from error

    def _films(self, name: str, value: Image | MaskImage) -> Iterator[tuple[str, int | None, bytes]]:
        for format_name in self._film_formats:
            if name not in self.damaged:
                yield (
                    f"{name}.{format_name}",
                    None,
                    encode_video(value, format_name, self._video, self.record.to_text()),
                )


def _kind_of(value: Result | PhotographStream) -> str:
    return (Photographs if isinstance(value, PhotographStream) else type(value)).__name__


def _check_distinct(saved: Sequence[SavedFile]) -> None:
    """Refuse outputs that share a file, as `a` of several rows and `a_000` do."""
    seen: dict[str, str] = {}
    for entry in saved:
        if entry.file in seen:
            raise SaveError(
                f"outputs '{seen[entry.file]}' and '{entry.output}' would both write {entry.file}: rename one"
            )
        seen[entry.file] = entry.output
