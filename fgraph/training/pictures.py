"""The pictures of a training: a folder or zip, read once, checked, and cached as pixels.

The cache is one file of 8-bit pixels [count, size, size, 3], mapped into memory, so that any number of pictures takes
no more memory than the system has to spare. Its name follows from the names, sizes and times of the files.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from fgraph._atomic import Staging, save_error
from fgraph._cache import cache_folder, read_cached, sealed
from fgraph._files import is_system_failure, open_file, read_file
from fgraph._imaging.files import open_image
from fgraph._imaging.finding import SUFFIXES
from fgraph._imaging.read import fit_opened
from fgraph._limits import CACHED_FACTS, DATA_FREE, DATA_PICTURE, DATA_RATIO
from fgraph._log import get_logger
from fgraph._paths import as_text, expanded
from fgraph._sizes import in_words
from fgraph.training.settings import TrainingError

_LOG = get_logger()
_SHOWN = 5  # most broken pictures that are named
_VERSION = 2  # version of the cached files


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures, [count, size, size, 3] of 8 bits, and those that could not be read."""

    pixels: NDArray[np.uint8]
    broken: tuple[str, ...]
    enlarged: int  # the number of pictures that were smaller than `size`

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class _Source:
    """The files of a folder or a zip: their names, what identifies their content, and how to read one."""

    names: list[str]
    identity: str
    read: Callable[[str], bytes]


def read_pictures(place: Path, size: int, cache: Path | None = None) -> Pictures:
    """Read the pictures in a folder, with its subfolders, or in a zip, cut to squares of `size` pixels.

    Args:
        place: the folder or zip.
        size: the size of the squares, pixels.
        cache: the folder where decoded pictures are stored; None: a folder in the user's cache directory.

    Raises:
        TrainingError: there are no pictures, none that can be read, or the system fails to read one.
        SaveError: the cache cannot be written.
    """
    source = _open(place)
    key = hashlib.sha256(f"{_VERSION}:{size}:{source.identity}".encode()).hexdigest()[:16]
    folder = cache or cache_folder() / "pictures"
    path, facts = folder / f"{place.stem}-{size}-{key}.npy", folder / f"{place.stem}-{size}-{key}.json"
    pictures = _cached(path, facts, size)
    if pictures is None:
        _fill(source, size, path, facts)
        pictures = _cached(path, facts, size)
    if pictures is None:
        raise TrainingError(f"data={place}: its decoded pictures in {folder} changed while they were read; run again")
    _warn_of_skipped(pictures, place, size)
    return pictures


class _Facts(BaseModel):
    """The facts about cached pictures."""

    model_config = ConfigDict(extra="forbid", strict=True)

    count: int = Field(gt=0)
    broken: list[str]
    enlarged: int = Field(ge=0)


def _cached(path: Path, facts: Path, size: int) -> Pictures | None:
    """Return the cached pictures, or None if there are none of the expected form."""
    try:
        content = read_cached(facts, CACHED_FACTS)
        if content is None or not path.exists():
            return None
        known = _Facts.model_validate_json(content)
        header, shape = _header(known.count, size), (known.count, size, size, 3)
        with open_file(path) as file:
            if file.read(len(header)) != header or file.seek(0, 2) != len(header) + math.prod(shape):
                raise ValueError("its header or its size is wrong")
        pixels = np.memmap(path, np.uint8, "r", len(header), shape)
        return Pictures(pixels, tuple(known.broken), known.enlarged)
    except (OSError, ValueError) as error:
        _LOG.warning("%s is damaged and made again: %s", path, error)
        return None


def _open(place: Path) -> _Source:
    place = expanded(place)
    if place.is_dir():
        found = sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        stamps = [(str(file.relative_to(place)), file.stat().st_size, file.stat().st_mtime_ns) for file in found]
        names = [name for name, _, _ in stamps]
        source = _Source(names, _digest(stamps), lambda name: read_file(place / name, DATA_PICTURE))
    elif place.is_file() and zipfile.is_zipfile(place):
        source = _open_zip(place)
    else:
        raise TrainingError(f"data={place}: there is no such folder or zip of pictures")
    if not source.names:
        raise TrainingError(f"data={place}: holds no pictures ({', '.join(SUFFIXES)})")
    return source


def _open_zip(place: Path) -> _Source:
    try:
        archive = zipfile.ZipFile(place)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, struct.error) as error:
        raise TrainingError(f"data={place}: is a damaged zip: {error}") from error
    infos = {one.filename: one for one in archive.infolist() if Path(one.filename).suffix.lower() in SUFFIXES}

    def read(name: str) -> bytes:
        info = infos[name]
        most = min(DATA_PICTURE, DATA_FREE + DATA_RATIO * info.compress_size)
        if info.file_size > most:
            raise ValueError(
                f"takes {in_words(info.file_size)}; at most {in_words(most)} are allowed for its size in the zip"
            )
        return archive.read(info)

    stamps = sorted((one.filename, one.file_size, one.CRC) for one in infos.values())
    return _Source([name for name, _, _ in stamps], _digest(stamps), read)


def _digest(stamps: list[tuple[str, int, int]]) -> str:
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()


def _decode(content: bytes, size: int) -> tuple[NDArray[np.uint8], bool]:
    """Return the pixels [size, size, 3], and whether the picture was smaller."""
    with open_image(io.BytesIO(content)) as opened:
        small = min(opened.size) < size
        return np.asarray(fit_opened(opened, (size, size), "crop"), dtype=np.uint8), small


def _decoded(source: _Source, size: int) -> Iterator[tuple[str, NDArray[np.uint8] | str, bool]]:
    """Yield each picture, or the reason why it cannot be read, in order."""

    def one(name: str) -> tuple[str, NDArray[np.uint8] | str, bool]:
        try:
            return name, *_decode(source.read(name), size)
        except (OSError, SyntaxError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            if is_system_failure(error):  # a cached verdict would exclude the picture from later trainings as well
                raise TrainingError(f"{name} cannot be read: {error}") from error
            return name, str(error) or type(error).__name__, False

    from tqdm import tqdm

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        yield from tqdm(pool.map(one, source.names), "reading pictures", len(source.names), disable=None, leave=False)


def _fill(source: _Source, size: int, path: Path, facts: Path) -> None:
    """Decode all pictures into the cache, whose file appears only when it is complete."""
    broken, enlarged, count = [], 0, 0
    with Staging(path.parent, "pictures") as staging:
        try:
            with staging.place(path.name).open("wb") as file:
                file.write(_header(len(source.names), size))
                for name, pixels, small in _decoded(source, size):
                    if isinstance(pixels, str):
                        broken.append(as_text(f"{name}: {pixels}"))
                        continue
                    file.write(pixels.tobytes())
                    count, enlarged = count + 1, enlarged + small
                if not count:
                    raise TrainingError(f"none of {len(source.names)} pictures can be read; the first: {broken[0]}")
                file.seek(0)
                file.write(_header(count, size))
        except OSError as error:
            raise save_error(path, error) from error
        known = _Facts(count=count, broken=broken, enlarged=enlarged)
        staging.stage(facts.name, sealed(known.model_dump_json().encode()))
        staging.commit()


def _header(count: int, size: int) -> bytes:
    """Return the header of a .npy file; numpy pads it to 64 bytes, with room for a longer count."""
    buffer = io.BytesIO()
    shape: Any = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
    np.lib.format.write_array_header_1_0(buffer, shape)
    return buffer.getvalue()


def _warn_of_skipped(pictures: Pictures, place: Path, size: int) -> None:
    for fault in pictures.broken[:_SHOWN]:
        _LOG.warning("%s: skipped %s", place, fault)
    if len(pictures.broken) > _SHOWN:
        _LOG.warning("%s: skipped %d more broken pictures", place, len(pictures.broken) - _SHOWN)
    if pictures.enlarged:
        _LOG.warning("%s: %d pictures are smaller than %d pixels and were enlarged", place, pictures.enlarged, size)
