"""Rows of images as a film: GIF by Pillow, MP4 by PyAV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from fgraph._atomic import write_atomic
from fgraph._errors import SaveError
from fgraph._imaging.encode import Pixels, to_pillow
from fgraph._results import Image
from fgraph.save.formats import VIDEO_FORMATS, lacking

_FASTEST_GIF = 50  # frames a second: viewers slow down what shows a frame for less than two hundredths
_QUALITY = "17"  # x264's constant rate factor: 0 loses nothing, 23 is its default


@dataclass(frozen=True)
class VideoOptions:
    """How rows become a film."""

    fps: float = 25.0
    loop: bool = True  # of a GIF; whoever plays an MP4 decides for itself
    pingpong: bool = False  # to the last row and back, so that it closes

    def __post_init__(self) -> None:
        if not 0.1 <= self.fps <= 240:
            raise SaveError(f"output.fps is {self.fps}; expected are 0.1 to 240 frames a second")


def save_video(
    image: Image,
    path: str | Path,
    *,
    fps: float = 25.0,
    loop: bool = True,
    pingpong: bool = False,
    text: Mapping[str, str] | None = None,
) -> Path:
    """Write the rows of an image as the frames of a `.gif` or `.mp4`, whole or not at all.

    Args:
        image: the frames, in order.
        path: where; its ending says the format.
        fps: frames a second, 0.1 to 240; at most 50 in a GIF, which counts in hundredths of a second.
        loop: whether a GIF begins anew.
        pingpong: to the last row and back.
        text: kept as JSON in the comment of the file.

    Raises:
        SaveError: the ending is another, the format cannot hold this, or the file could not be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in VIDEO_FORMATS:
        raise SaveError(f"cannot write {path}: a film ends in .gif or .mp4")
    write_atomic(path, encode_video(image, kind, VideoOptions(fps, loop, pingpong), text))
    return path


def encode_video(image: Image, kind: str, options: VideoOptions, text: Mapping[str, str] | None = None) -> bytes:
    """The content of a `gif` or `mp4` whose frames are the rows of an image.

    Raises:
        SaveError: the format cannot hold this, or PyAV is not installed.
    """
    frames = [image.pixels(row) for row in frame_order(image.rows, pingpong=options.pingpong)]
    comment = json.dumps(dict(text)) if text else ""
    return _encode_gif(frames, options, comment) if kind == "gif" else _encode_mp4(frames, options, comment)


def frame_order(rows: int, *, pingpong: bool) -> list[int]:
    """The row of each frame; there and back, the ends are shown once.

    >>> frame_order(4, pingpong=True)
    [0, 1, 2, 3, 2, 1]
    """
    there = list(range(rows))
    return [*there, *there[-2:0:-1]] if pingpong else there


def check_gif(options: VideoOptions) -> None:
    """See that a GIF can be shown so.

    Raises:
        SaveError: it has more frames a second than viewers show.
    """
    if options.fps > _FASTEST_GIF:
        raise SaveError(f"a GIF shows at most {_FASTEST_GIF} frames a second, output.fps is {options.fps:g}: write mp4")


def _encode_gif(frames: Sequence[Pixels], options: VideoOptions, comment: str) -> bytes:
    check_gif(options)
    ends = [round(100 * (number + 1) / options.fps) for number in range(len(frames))]  # hundredths of a second
    lengths = [10 * (end - start) for start, end in zip([0, *ends], ends, strict=False)]
    first, *rest = [to_pillow(frame) for frame in frames]
    settings: dict[str, Any] = {"duration": lengths, "disposal": 1, "comment": comment.encode()}
    if options.loop:
        settings["loop"] = 0
    buffer = io.BytesIO()
    first.save(buffer, format="GIF", save_all=True, append_images=rest, **settings)
    return buffer.getvalue()


def _encode_mp4(frames: Sequence[Pixels], options: VideoOptions, comment: str) -> bytes:
    try:
        import av
    except ImportError as error:
        raise lacking("mp4") from error
    frames = [_even(frame) for frame in frames]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=Fraction(options.fps).limit_denominator(1001))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"  # which every player shows
        stream.options = {"crf": _QUALITY}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def _even(frame: Pixels) -> Pixels:
    """A frame whose sides are even, as half-size colour asks for: the last row or column once more."""
    high, wide = frame.shape[:2]
    padded: Pixels = np.pad(frame, ((0, high % 2), (0, wide % 2), (0, 0)), "edge")
    return np.ascontiguousarray(padded)
