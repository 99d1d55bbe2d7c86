"""Films: their frames as pictures, read by PyAV within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from PIL import Image

from fgraph import _limits
from fgraph._errors import show
from fgraph._files import open_file
from fgraph._imaging.files import current_picture_limit
from fgraph._imaging.read import locate
from fgraph._sizes import in_words

_CONTAINERS: Final = {
    ".mp4": "mp4",
    ".mov": "mov",
    ".m4v": "mp4",
    ".mkv": "matroska",
    ".webm": "matroska",
    ".avi": "avi",
}
SUFFIXES: Final = tuple(_CONTAINERS)


@dataclass(frozen=True)
class Film:
    """The number of frames of a film, their width and height, and their rate."""

    frames: int
    size: tuple[int, int]
    rate: Fraction


def is_film(file: str) -> bool:
    """Return whether the name of a file is that of a film."""
    return Path(file).suffix.lower() in SUFFIXES


def describe_film(file: str) -> Film:
    """Return what a film holds; all frames are decoded once to count them.

    Raises:
        ValueError: the file is missing, cannot be decoded, or is larger than the bounds.
    """
    path = locate(file)
    stat = path.stat()
    return _describe(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _describe(path: Path, modified: int, size: int) -> Film:
    with _stream(path) as (container, stream):
        rate = stream.average_rate or Fraction(25)
        frames = sum(1 for _ in _bounded(container.decode(stream)))
        return Film(frames, (stream.width, stream.height), Fraction(rate))


def read_frames(file: str, numbers: Iterable[int]) -> Iterator[tuple[int, Image.Image]]:
    """Yield frames of a film by their numbers, each once and in order, as RGB.

    Raises:
        ValueError: the film cannot be decoded, or has fewer frames.
    """
    wanted, path = set(numbers), locate(file)
    with _stream(path) as (container, stream):
        for number, frame in enumerate(_bounded(container.decode(stream))):
            if number in wanted:
                wanted.remove(number)
                yield number, frame.to_image()
            if not wanted:
                return
    raise ValueError(f"{path} has no frame {min(wanted)}")


@contextmanager
def _stream(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open the first video of a film, in the container that the name gives, so that no playlist is followed."""
    try:
        import av
    except ImportError as error:
        raise ValueError(f"films are read by PyAV ({error}): pip install 'fgraph-gan[video]'") from error
    try:
        with open_file(path) as file, av.open(file, "r", format=_CONTAINERS[path.suffix.lower()]) as container:
            if not container.streams.video:
                raise ValueError(f"{path} holds no video")
            stream = container.streams.video[0]
            taken = 3 * stream.width * stream.height
            if taken > current_picture_limit():
                raise ValueError(
                    f"a frame of {path} takes {in_words(taken)} when decoded, and the limit is "
                    f"{in_words(current_picture_limit())}: raise picture_limit"
                )
            yield container, stream
    except (av.FFmpegError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a film: {show(error, 200)}") from error


def _bounded(frames: Iterator[Any]) -> Iterator[Any]:
    for number, frame in enumerate(frames):
        if number >= _limits.ROWS:
            raise ValueError(f"a film of more than {_limits.ROWS} frames is not read")
        yield frame
