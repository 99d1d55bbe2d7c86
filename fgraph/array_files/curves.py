"""Curves in files: a number for each row, and the envelope of a sound."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fgraph._errors import show
from fgraph._files import read_file
from fgraph._limits import ARRAY_FILE, CURVE_FILE, SOUND_FILE
from fgraph.array_files.latents import read_latent

Levels = NDArray[np.float64]
_TABLES: Final = (".csv", ".txt")
_ARRAYS: Final = (".npy", ".npz", ".safetensors")
_SOUNDS: Final = {".flac": "flac", ".mp3": "mp3", ".ogg": "ogg", ".m4a": "mp4", ".opus": "ogg"}  # -> its container
# bytes of a sample of WAV -> its type
_WIDTHS: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("u1"), 2: np.dtype("<i2"), 4: np.dtype("<i4")}
SUFFIXES: Final = (*_ARRAYS, *_TABLES, ".wav", *_SOUNDS)


def read_curve(path: str, array: str | None = None, *, fps: float = 25.0, most: int) -> list[float]:
    """Return the numbers of a curve.

    Args:
        path: an array of numbers (.npy, .npz, .safetensors), a table with the numbers in its first column (.csv, .txt),
            or a sound (.wav, and with PyAV .flac, .mp3, .ogg, .opus, .m4a), whose envelope is taken.
        array: the name of the array in the file.
        fps: the number of values for each second of a sound.
        most: the most numbers.

    Raises:
        ValueError: the file cannot be read, has another form, or has too many numbers.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{show(path, 300)} is not a curve: its name ends in {', '.join(SUFFIXES)}")
    if suffix in _ARRAYS:
        found = np.asarray(read_latent(path, array).codes.array, np.float64).squeeze()
    elif suffix in _TABLES:
        found = _read_table(path)
    else:
        found = envelope(*_read_sound(path, suffix), fps)
    if found.ndim != 1 or not 1 <= len(found) <= most:
        raise ValueError(
            f"{show(path, 300)} has numbers of shape {list(found.shape)}; a curve is a list of 1 to {most:,} of them"
        )
    if not np.isfinite(found).all():
        raise ValueError(f"{show(path, 300)} has numbers that are not finite")
    return [float(one) for one in found]


def resampled(levels: Any, count: int) -> list[float]:
    """Return a curve with another number of points, interpolated linearly between its ends.

    >>> resampled([0, 1], 3)
    [0.0, 0.5, 1.0]
    """
    at = np.linspace(0, len(levels) - 1, count)
    return [float(one) for one in np.interp(at, np.arange(len(levels)), levels)]


def envelope(samples: Levels, rate: float, fps: float) -> Levels:
    """Return the loudness of a sound: the root mean square of each frame, as a share of the loudest.

    Args:
        samples: [n], the sound.
        rate: samples a second.
        fps: frames a second.
    """
    count = max(1, int(np.ceil(len(samples) * fps / rate)))
    edges = np.minimum((np.arange(count + 1) * rate / fps).astype(int), len(samples))
    power = np.concatenate([[0.0], np.cumsum(samples**2)])
    lengths = np.maximum(np.diff(edges), 1)
    loud: Levels = np.sqrt(np.maximum(np.diff(power[edges]), 0) / lengths)
    peak = float(loud.max(initial=0))
    return loud / peak if peak else loud


def _read_table(path: str) -> Levels:
    try:
        text = read_file(path, CURVE_FILE).decode("utf-8-sig")
        cells = [line.replace(";", ",").split(",")[0].strip() for line in text.splitlines()]
        return np.array([float(cell) for cell in cells if cell and not cell.startswith("#")])
    except (OSError, ValueError) as error:
        raise ValueError(f"{show(path, 300)} is not a table of numbers: {error}") from error


def _read_sound(path: str, suffix: str) -> tuple[Levels, float]:
    try:
        content = read_file(path, SOUND_FILE)
        return _read_wave(content) if suffix == ".wav" else _read_compressed(content, _SOUNDS[suffix])
    except (OSError, EOFError, ValueError, wave.Error) as error:
        raise ValueError(f"{show(path, 300)} cannot be read as a sound: {error}") from error


def _read_wave(content: bytes) -> tuple[Levels, float]:
    with wave.open(io.BytesIO(content)) as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        raw = file.readframes(file.getnframes())
    if width not in _WIDTHS:
        raise ValueError(f"it has samples of {8 * width} bits; 8, 16 and 32 are read")
    samples = np.frombuffer(raw[: len(raw) // (width * channels) * width * channels], _WIDTHS[width])
    levels = samples.reshape(-1, channels).astype(np.float64).mean(axis=1)
    return (levels - 128 if width == 1 else levels), float(rate)


def _read_compressed(content: bytes, container: str) -> tuple[Levels, float]:
    try:
        import av
    except ImportError as error:
        raise ValueError("this kind of sound needs PyAV: pip install 'fgraph-gan[sound]', or write .wav") from error
    try:
        with av.open(io.BytesIO(content), format=container) as file:  # otherwise a playlist could name other files
            stream = file.streams.audio[0]
            return np.concatenate(list(_decoded(file, stream))), float(stream.rate)
    except (av.error.FFmpegError, IndexError, TypeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _decoded(file: Any, stream: Any) -> Iterator[Levels]:
    size = 0
    for frame in file.decode(stream):
        array = frame.to_ndarray()
        levels = array.astype(np.float64).reshape(
            -1, frame.samples if frame.format.is_planar else len(frame.layout.channels)
        )
        size += levels.nbytes
        if size > ARRAY_FILE:
            raise ValueError("it is longer than can be read")
        yield levels.mean(axis=0 if frame.format.is_planar else 1)
