"""Films: frames read as pictures by PyAV within bounds, and copies with changed frames."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph import _limits
from fgraph._errors import show
from fgraph._files import open_file
from fgraph._imaging.files import current_picture_limit
from fgraph._imaging.finding import locate
from fgraph._log import get_logger
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
_AUDIO_CODECS: Final = ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "libopus", "flac")
_TURNS: Final = {  # degrees counter-clockwise
    90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270,
}  # fmt: skip
_QUALITY: Final = "17"  # the constant rate factor of x264: 0 is lossless, 23 its default
_LOG = get_logger()


@dataclass(frozen=True)
class FilmFormat:
    """The number of frames of a film, their width and height, and their rate."""

    frames: int
    size: tuple[int, int]
    rate: Fraction


def is_film(file: str) -> bool:
    """Return whether a file is a film, by its name."""
    return Path(file).suffix.lower() in SUFFIXES


def describe_film(file: str) -> FilmFormat:
    """Return the facts of a film; all frames are decoded once to count them.

    Raises:
        ValueError: the file is missing, cannot be decoded, or is larger than the bounds.
    """
    path = locate(file, "film")
    stat = path.stat()
    return _describe(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _describe(path: Path, modified: int, size: int) -> FilmFormat:
    with _stream(path) as (container, stream):
        rate = stream.average_rate or Fraction(25)
        frames = sum(1 for _ in _bounded(container.decode(stream)))
        return FilmFormat(frames, (stream.width, stream.height), Fraction(rate))


def read_frames(file: str, numbers: Iterable[int]) -> Iterator[tuple[int, Image.Image]]:
    """Yield frames of a film by their numbers, each once and in order, as RGB.

    Raises:
        ValueError: the film cannot be decoded, or has fewer frames.
    """
    wanted, path = set(numbers), locate(file, "film")
    with _stream(path) as (container, stream):
        for number, frame in enumerate(_bounded(container.decode(stream))):
            if number in wanted:
                wanted.remove(number)
                yield number, _upright(frame)
            if not wanted:
                return
    raise ValueError(f"{path} has no frame {min(wanted)}")


class FrameReader:
    """A reader of single frames of films. Frames of one film that are read in order are decoded only once."""

    def __init__(self) -> None:
        self._file = ""
        self._next = 0
        self._frames: Iterator[tuple[int, Image.Image]] = iter(())

    def read(self, file: str, number: int) -> Image.Image:
        """Return a frame.

        Raises:
            ValueError: the film cannot be decoded, or has fewer frames.
        """
        if file != self._file or number < self._next:
            self._file, self._frames = file, read_frames(file, range(number, _limits.ROWS))
        self._next = number + 1
        return next(frame for found, frame in self._frames if found == number)


class FilmWriter:
    """A writer of an MP4 copy of a film in which some frames are changed; the copy keeps times and sound.

    A frame is decoded, changed and written before the next one. If an MP4 cannot hold the sound, a warning says so and
    the copy has none.

    Args:
        file: the film.
        target: the file to write.
        comment: the comment in the metadata of the file.
    """

    def __init__(self, file: str, target: Path, comment: str = "") -> None:
        self._frames = _rewriting(file, target, comment)
        self._current = next(self._frames, None)

    def put(self, number: int, change: Callable[[Image.Image], Image.Image]) -> None:
        """Change a frame, and copy the frames between the last changed one and this one.

        Args:
            number: the number of the frame, above the numbers of the frames changed so far.
            change: a function from a frame to its replacement of the same size.

        Raises:
            ValueError: the film cannot be decoded, has no such frame, or the frame is written already.
        """
        while self._current is not None and self._current[0] < number:
            self._write(self._current[1])
        if self._current is None or self._current[0] > number:
            written = self._current is not None
            raise ValueError(f"frame {number} is already written" if written else f"the film has no frame {number}")
        self._write(change(self._current[1]))

    def finish(self) -> None:
        """Copy the rest of the film, and close the file."""
        while self._current is not None:
            self._write(self._current[1])

    def close(self) -> None:
        """Stop. A file that is not finished lacks the remaining frames."""
        self._frames.close()

    def _write(self, frame: Image.Image) -> None:
        try:
            self._current = self._frames.send(frame)
        except StopIteration:
            self._current = None


def _rewriting(file: str, target: Path, comment: str) -> Generator[tuple[int, Image.Image], Image.Image, None]:
    """Yield the frames of a film with their numbers, and write those that are sent in their place."""
    import av

    path = locate(file, "film")
    with _stream(path) as (container, stream), av.open(str(target), "w", format="mp4") as made:
        if comment:
            made.metadata["comment"] = comment
        video = made.add_stream("libx264", rate=stream.average_rate or Fraction(25))
        video.pix_fmt, video.options = "yuv420p", {"crf": _QUALITY}
        video.codec_context.time_base = stream.time_base
        sound = _audio_of(path, container)
        copied = None if sound is None else made.add_stream_from_template(sound)
        number = 0
        for packet in container.demux([one for one in (stream, sound) if one is not None]):
            if packet.stream is sound:
                if packet.dts is not None:
                    packet.stream = copied
                    made.mux(packet)
                continue
            for frame in packet.decode():
                picture = _even((yield number, _upright(frame)))
                if not number:
                    video.height, video.width = picture.shape[:2]
                fresh = av.VideoFrame.from_ndarray(picture, format="rgb24")
                fresh.pts, fresh.time_base = frame.pts, frame.time_base
                made.mux(video.encode(fresh))
                number += 1
        made.mux(video.encode())


def _audio_of(path: Path, container: Any) -> Any:
    """Return the first audio stream of a film; None if there is none, or if an MP4 cannot hold it."""
    if not container.streams.audio:
        return None
    sound = container.streams.audio[0]
    if sound.codec_context.name in _AUDIO_CODECS:
        return sound
    _LOG.warning("%s: its sound is %s, which an MP4 cannot hold: the sound is omitted", path, sound.codec_context.name)
    return None


def _upright(frame: Any) -> Image.Image:
    """Return a frame as RGB, turned upright by the rotation that the camera recorded."""
    picture: Image.Image = frame.to_image()
    turn = _TURNS.get(round(getattr(frame, "rotation", 0)) % 360)
    return picture if turn is None else picture.transpose(turn)


def _even(picture: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of a picture; odd sides repeat their last pixels once, because chroma has half the size."""
    pixels = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge"))


@contextmanager
def _stream(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open the first video stream of a film in the container that its suffix names, so that no playlist is opened."""
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
            raise ValueError(f"the film has more than {_limits.ROWS} frames: cut it into shorter films")
        yield frame
