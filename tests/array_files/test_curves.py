"""Curves in files, and the envelopes of sounds."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fgraph.array_files.curves import envelope, read_curve, resampled
from tests.rounding import assert_within, worst

RATE = 8000
QUIET, LOUD = np.full(RATE, 0.25), np.full(RATE, 1.0)


def sound(width: int, levels: Any, channels: int = 1) -> bytes:
    """Return a WAV file of levels in [-1, 1], the same in every channel."""
    scaled = np.repeat(levels, channels)
    samples = scaled * 127 + 128 if width == 1 else scaled * (2 ** (8 * width - 1) - 1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(samples.astype({1: "u1", 2: "<i2", 4: "<i4"}[width]).tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_becomes_its_loudness(width: int, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(sound(width, np.concatenate([QUIET, LOUD]), channels))
    levels = read_curve(str(path), fps=4, most=100)
    assert_within(levels, [0.25] * 4 + [1] * 4, 1 / (2 ** (8 * width - 1) - 1))  # the step between samples


def test_silence_and_odd_lengths() -> None:
    assert envelope(np.zeros(10), 10, 5).tolist() == [0] * 5
    assert len(envelope(np.ones(11), 10, 5)) == 6
    wave_of_tone = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    phase = 2 * np.pi * 100  # radians at the end. A sine errs as its argument, and the mean square twice as much
    rounding = worst(4 * phase + RATE / 10, dtype="float64")  # the quotient of two such means
    assert_within(envelope(wave_of_tone, RATE, 10), np.ones(10), rounding)  # ten whole periods in each frame


def test_a_compressed_sound(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "a.flac"
    with av.open(str(path), "w", format="flac") as file:
        stream = file.add_stream("flac", rate=RATE)
        samples = (np.concatenate([QUIET, LOUD]) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    assert_within(read_curve(str(path), fps=4, most=100), [0.25] * 4 + [1] * 4, 1 / 32767)  # the step between samples


@pytest.mark.parametrize(("name", "text", "values"), [
    ("a.csv", "time,level\n", None),
    ("a.csv", "# level\n0;1\n0.5;2\n\n1;3\n", [0, 0.5, 1]),
    ("a.txt", "\ufeff0\n1\n", [0, 1]),
    ("a.txt", "", None),
    ("a.txt", "nan\n", None),
])  # fmt: skip
def test_tables(name: str, text: str, values: list[float] | None, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    if values is None:
        with pytest.raises(ValueError, match=r"a\.(csv|txt)"):
            read_curve(str(path), most=10)
    else:
        assert read_curve(str(path), most=10) == values


@pytest.mark.parametrize(("content", "name"), [
    (b"RIFF", "a.wav"), (b"not a sound", "a.wav"), (sound(2, QUIET)[:40], "a.wav"), (b"", "a.mp3"), (b"fLaC", "a.flac"),
])  # fmt: skip
def test_damaged_sounds(content: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=name):
        read_curve(str(path), most=10)


def test_arrays_have_one_axis_and_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((1, 4), np.float32))
    assert read_curve(str(path), most=4) == [0] * 4
    with pytest.raises(ValueError, match="a curve is a list of 1 to 3 of them"):
        read_curve(str(path), most=3)
    np.save(path, np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match=r"numbers of shape \[2, 2\]"):
        read_curve(str(path), most=9)


def test_resampling_keeps_both_ends() -> None:
    assert resampled([1, 3, 2], 5) == [1, 2, 3, 2.5, 2]
    assert resampled([4], 3) == [4, 4, 4]
