"""Rows of images -> a film: GIF by Pillow, MP4 by PyAV."""

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
from fgraph._imaging.choices import Resampling
from fgraph._imaging.encode import Pixels, over_white, pillow_bytes, to_opaque, to_pillow
from fgraph._imaging.scaling import scale_picture
from fgraph._results import Image, MaskImage
from fgraph.save.formats import VIDEO_FORMATS, lacking

_FASTEST_GIF = 50  # frames per second: viewers slow down frames shorter than 0.02 s
_QUALITY = "17"  # the constant rate factor of x264: 0 is lossless, 23 its default


@dataclass(frozen=True)
class VideoOptions:
    """Options of films: frames per second, loop, ping-pong."""

    fps: float = 25.0
    loop: bool = True  # whether a GIF loops; players of MP4 decide themselves
    pingpong: bool = False  # plays to the last row and back
    scale: int = 1  # frames are enlarged by this factor
    resampling: Resampling = "nearest"  # resampling for `scale`

    def __post_init__(self) -> None:
        if not 0.1 <= self.fps <= 240:
            raise SaveError(f"output.fps is {self.fps}: expected 0.1 to 240 frames per second")


def save_video(
    image: Image,
    path: str | Path,
    *,
    fps: float = 25.0,
    loop: bool = True,
    pingpong: bool = False,
    scale: int = 1,
    resampling: Resampling = "nearest",
    text: Mapping[str, str] | None = None,
) -> Path:
    """Write the rows of an image as the frames of a `.gif` or `.mp4`, whole or not at all.

    Args:
        image: the frames, in order.
        path: the file; its ending is the format.
        fps: frames per second, 0.1 to 240; at most 50 in a GIF.
        loop: whether a GIF repeats.
        pingpong: whether the film plays to the last row and back.
        scale: the whole factor by which frames are enlarged.
        resampling: the resampling of `scale`: `nearest` repeats pixels, `lanczos` interpolates.
        text: key -> text, stored as JSON in the comment of the file.

    Raises:
        SaveError: the path has another ending, the format can't hold the film, or the file can't be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in VIDEO_FORMATS:
        raise SaveError(f"cannot write {path}: a film ends in .gif or .mp4")
    write_atomic(path, encode_video(image, kind, VideoOptions(fps, loop, pingpong, scale, resampling), text))
    return path


def encode_video(
    image: Image | MaskImage, kind: str, options: VideoOptions, text: Mapping[str, str] | None = None
) -> bytes:
    """Encode the rows of an image as a `gif` or `mp4` film; transparency is laid over white.

    Raises:
        SaveError: the format can't hold the film, or PyAV isn't installed.
    """
    rows = [_frame(image, row, options) for row in range(image.rows)]
    frames = [rows[row] for row in frame_order(image.rows, pingpong=options.pingpong)]
    return encode_frames(frames, options, kind, text)


def encode_frames(
    frames: Sequence[Pixels], options: VideoOptions, kind: str, text: Mapping[str, str] | None = None
) -> bytes:
    """Encode frames [h, w, channels] of one size as `gif` or `mp4`, in the order in which they are given.

    Raises:
        SaveError: the format can't hold the film, or PyAV isn't installed.
    """
    comment = json.dumps(dict(text)) if text else ""
    return _encode_gif(frames, options, comment) if kind == "gif" else _encode_mp4(frames, options, comment)


def _frame(image: Image | MaskImage, row: int, options: VideoOptions) -> Pixels:
    pixels = image.pixels(row)
    if options.scale == 1:
        return pixels
    try:
        scaled = np.asarray(scale_picture(to_pillow(pixels), options.scale, options.resampling))
    except ValueError as error:
        raise SaveError(f"cannot write a film: {error}") from error
    return scaled if scaled.ndim == 3 else scaled[:, :, None]


def frame_order(rows: int, *, pingpong: bool) -> list[int]:
    """Return the row of each frame; with `pingpong`, both ends are shown once.

    >>> frame_order(4, pingpong=True)
    [0, 1, 2, 3, 2, 1]
    """
    forward = list(range(rows))
    return [*forward, *forward[-2:0:-1]] if pingpong else forward


def check_gif(options: VideoOptions) -> None:
    """Check that viewers show a GIF at its speed.

    Raises:
        SaveError: it has too many frames per second.
    """
    if options.fps > _FASTEST_GIF:
        raise SaveError(
            f"a GIF shows at most {_FASTEST_GIF} frames per second, output.fps is {options.fps:g}: write mp4"
        )


def _encode_gif(frames: Sequence[Pixels], options: VideoOptions, comment: str) -> bytes:
    check_gif(options)
    # the time at which each frame ends, in hundredths of a second
    ends = [round(100 * (number + 1) / options.fps) for number in range(len(frames))]
    lengths = [10 * (end - start) for start, end in zip([0, *ends], ends, strict=False)]
    first, *rest = [over_white(to_pillow(frame)) for frame in frames]
    settings: dict[str, Any] = {"duration": lengths, "disposal": 1, "comment": comment.encode()}
    if options.loop:
        settings["loop"] = 0
    return pillow_bytes(first, format="GIF", save_all=True, append_images=rest, **settings)


def _encode_mp4(frames: Sequence[Pixels], options: VideoOptions, comment: str) -> bytes:
    try:
        import av
    except ImportError as error:
        raise lacking("mp4") from error
    frames = [_even(to_opaque(frame)) for frame in frames]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=Fraction(options.fps).limit_denominator(1001))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"  # every player shows it
        stream.options = {"crf": _QUALITY}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def _even(frame: Pixels) -> Pixels:
    """Repeat the last row or column of a frame with odd sides, since chroma has half the size."""
    height, width = frame.shape[:2]
    padded: Pixels = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    return np.ascontiguousarray(padded)
