"""The pictures of a training: a folder or zip, read once, checked, and kept decoded.

The cache is one file of 8-bit pixels [count, size, size, 3], mapped into memory, so that any number of pictures takes
no more memory than the system has to spare. Its name follows from the names, sizes and times of the files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgraph._atomic import Staging, save_error
from fgraph._cache import cache_folder
from fgraph._imaging.files import SUFFIXES, open_image
from fgraph._imaging.read import fit_opened
from fgraph._log import get_logger
from fgraph._paths import expanded
from fgraph.training.settings import TrainingError

_LOG = get_logger()
_SHOWN = 5  # broken pictures that are named
_VERSION = 1  # of what a cached picture is


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures, [count, size, size, 3] of 8 bits, and those that could not be read."""

    pixels: NDArray[np.uint8]
    broken: tuple[str, ...]
    enlarged: int  # how many were smaller than `size`

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class _Source:
    """The files of a folder or a zip: their names, what tells them from others, and how to read one."""

    names: list[str]
    identity: str
    read: Callable[[str], bytes]


def read_pictures(place: Path, size: int, cache: Path | None = None) -> Pictures:
    """The pictures in a folder (and those below it) or zip, cut to squares of `size` pixels.

    Args:
        place: the folder or zip.
        size: of the squares, pixels.
        cache: the folder where decoded pictures are kept; absent: fgraph's in the user's cache directory.

    Raises:
        TrainingError: there are no pictures, or none that can be read.
        SaveError: the cache cannot be written.
    """
    source = _open(place)
    key = hashlib.sha256(f"{_VERSION}:{size}:{source.identity}".encode()).hexdigest()[:16]
    folder = cache or cache_folder() / "pictures"
    path, facts = folder / f"{place.stem}-{size}-{key}.npy", folder / f"{place.stem}-{size}-{key}.json"
    if not (path.is_file() and facts.is_file()):
        _fill(source, size, path, facts)
    known = json.loads(facts.read_text(encoding="utf-8"))
    pictures = Pictures(np.load(path, mmap_mode="r"), tuple(known["broken"]), known["enlarged"])
    _tell(pictures, place, size)
    return pictures


def _open(place: Path) -> _Source:
    place = expanded(place)
    if place.is_dir():
        found = sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        stamps = [(str(file.relative_to(place)), file.stat().st_size, file.stat().st_mtime_ns) for file in found]
        source = _Source([name for name, _, _ in stamps], _digest(stamps), lambda name: (place / name).read_bytes())
    elif place.is_file() and zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            infos = [one for one in archive.infolist() if Path(one.filename).suffix.lower() in SUFFIXES]
        stamps = sorted((one.filename, one.file_size, one.CRC) for one in infos)
        source = _Source([name for name, _, _ in stamps], _digest(stamps), zipfile.ZipFile(place).read)
    else:
        raise TrainingError(f"data={place}: there is no such folder or zip of pictures")
    if not source.names:
        raise TrainingError(f"data={place}: holds no pictures ({', '.join(SUFFIXES)})")
    return source


def _digest(stamps: list[tuple[str, int, int]]) -> str:
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()


def _decode(content: bytes, size: int) -> tuple[NDArray[np.uint8], bool]:
    """The pixels [size, size, 3], and whether the picture was smaller."""
    with open_image(io.BytesIO(content)) as opened:
        small = min(opened.size) < size
        return np.asarray(fit_opened(opened, (size, size), "crop"), dtype=np.uint8), small


def _decoded(source: _Source, size: int) -> Iterator[tuple[str, NDArray[np.uint8] | str, bool]]:
    """Each picture, or why it cannot be read, in order."""

    def one(name: str) -> tuple[str, NDArray[np.uint8] | str, bool]:
        try:
            return name, *_decode(source.read(name), size)
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            return name, str(error) or type(error).__name__, False
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            return name, str(error), False

    from tqdm import tqdm

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        yield from tqdm(pool.map(one, source.names), "reading pictures", len(source.names), disable=None, leave=False)


def _fill(source: _Source, size: int, path: Path, facts: Path) -> None:
    """Decode all pictures into the cache; nothing of it is there until all of it is."""
    broken, enlarged, count = [], 0, 0
    with Staging(path.parent, "pictures") as staging:
        try:
            with staging.place(path.name).open("wb") as file:
                file.write(_header(len(source.names), size))
                for name, pixels, small in _decoded(source, size):
                    if isinstance(pixels, str):
                        broken.append(f"{name}: {pixels}")
                        continue
                    file.write(pixels.tobytes())
                    count, enlarged = count + 1, enlarged + small
                if not count:
                    raise TrainingError(f"none of {len(source.names)} pictures can be read; the first: {broken[0]}")
                file.seek(0)
                file.write(_header(count, size))
        except OSError as error:
            raise save_error(path, error) from error
        staging.stage(facts.name, json.dumps({"broken": broken, "enlarged": enlarged}).encode())
        staging.commit()


def _header(count: int, size: int) -> bytes:
    """The start of a .npy file; numpy pads it to 64 bytes with room for a longer count."""
    buffer = io.BytesIO()
    shape: Any = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
    np.lib.format.write_array_header_1_0(buffer, shape)
    return buffer.getvalue()


def _tell(pictures: Pictures, place: Path, size: int) -> None:
    for fault in pictures.broken[:_SHOWN]:
        _LOG.warning("%s: skipped %s", place, fault)
    if len(pictures.broken) > _SHOWN:
        _LOG.warning("%s: skipped %d more broken pictures", place, len(pictures.broken) - _SHOWN)
    if pictures.enlarged:
        _LOG.warning("%s: %d pictures are smaller than %d pixels and were enlarged", place, pictures.enlarged, size)
