"""Masks from greyscale pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from fgraph._geometry.numbers import check_choice
from fgraph.masks.base import MaskExpr, Raster

if TYPE_CHECKING:
    from PIL import Image

Channel = Literal["luminance", "alpha", "red", "green", "blue"]

_CHANNELS = ("luminance", "alpha", "red", "green", "blue")


@dataclass(frozen=True)
class Picture(MaskExpr):
    """A greyscale picture stretched over the canvas: area mean to shrink, bilinear to enlarge.

    `open` and `from_array` make one. Pictures with equal pixels are equal, whatever their source.
    """

    digest: str  # digest of the pixels
    source: str = field(default="", compare=False)  # the path, for display
    plane: Raster = field(default_factory=lambda: np.zeros((1, 1), np.float32), compare=False, repr=False)

    @staticmethod
    def from_array(values: NDArray[Any], source: str = "") -> Picture:
        """Return the picture of an array [h, w] of values in [0, 1].

        Raises:
            ValueError: the array has another shape, or other values.
        """
        plane = np.array(values, np.float32)
        if plane.ndim != 2 or not plane.size:
            raise ValueError(f"a mask picture is [height, width], not {list(plane.shape)}")
        if not (plane.min() >= 0 and plane.max() <= 1):  # also true for NaN
            raise ValueError(f"a mask picture has values from 0 to 1, not {plane.min():g} to {plane.max():g}")
        plane.flags.writeable = False
        digest = hashlib.sha256(f"{plane.shape}".encode() + plane.tobytes()).hexdigest()
        return Picture(digest[:32], source, plane)

    @staticmethod
    def open(path: str | Path, channel: Channel = "luminance") -> Picture:
        """Read one channel of an image file of 8 or 16 bits.

        Raises:
            ValueError: the file does not exist, is not an image, or lacks the channel.
        """
        check_choice("picture channel", channel, _CHANNELS)
        try:
            state = Path(path).stat()
        except OSError as error:
            raise ValueError(f"the mask picture {path} cannot be read: {error.strerror}") from error
        return _open(str(path), channel, state.st_mtime_ns, state.st_size)

    def _constant(self) -> float | None:
        return float(self.plane[0, 0]) if self.plane.size == 1 else None

    def _draw(self, height: int, width: int) -> NDArray[Any]:
        from PIL import Image  # graphs without pictures need not import it

        image = Image.fromarray(self.plane)  # float32 is PIL's mode F
        horizontal = Image.Resampling.BOX if width < image.width else Image.Resampling.BILINEAR
        image = image.resize((width, image.height), horizontal)
        vertical = Image.Resampling.BOX if height < image.height else Image.Resampling.BILINEAR
        return np.asarray(image.resize((width, height), vertical))


@lru_cache(64)
def _open(path: str, channel: Channel, _changed: int, _size: int) -> Picture:
    """Decode a file once per state: the key contains the time of the last change and the size."""
    from PIL import ImageOps

    from fgraph._imaging.files import open_image
    from fgraph._imaging.read import scale_transparency

    try:
        with open_image(Path(path), bytes_per_pixel=8) as file:  # alpha is float64
            scale_transparency(file)
            image = ImageOps.exif_transpose(file)
            image.load()
    except Exception as error:  # decoders raise errors of many types
        raise ValueError(f"the mask picture {path} is not an image that can be read: {error}") from error
    return Picture.from_array(_channel(image, channel, path), path)


def _channel(image: Image.Image, channel: Channel, path: str) -> NDArray[Any]:
    if channel == "alpha":
        from fgraph._imaging.read import opacity

        alpha = opacity(image)
        if alpha is None:
            raise ValueError(f"the mask picture {path} has no alpha channel; its mode is {image.mode}")
        return np.asarray(alpha) / 255
    if image.mode.startswith("I"):  # 16 bits of grey, which PIL would clip to 8
        return np.asarray(image).clip(0, 65535) / 65535
    if image.mode == "F":
        return np.asarray(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # Pillow warns about other conversions of transparency
    if channel == "luminance":
        return np.asarray(image.convert("RGB").convert("L")) / 255
    return np.asarray(image.convert("RGB").getchannel(cast(str, channel)[0].upper())) / 255
