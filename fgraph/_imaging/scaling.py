"""Pictures enlarged by whole factors, for files and for notebooks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PIL import Image

from fgraph._imaging.choices import Resampling
from fgraph._limits import DECODED_PICTURE
from fgraph._sizes import in_words

_WAYS: Final = {"nearest": Image.Resampling.NEAREST, "lanczos": Image.Resampling.LANCZOS}
_SEEN: Final = 256  # pixels of the shorter side of a picture in a notebook
_WIDEST: Final = 1536  # pixels of the longer side of all pictures in a notebook together


def scale_picture(picture: Image.Image, times: int, resampling: Resampling = "nearest") -> Image.Image:
    """Return a picture enlarged by a whole factor.

    Args:
        picture: the picture.
        times: the factor; 1 returns the picture itself.
        resampling: `nearest` repeats pixels; `lanczos` interpolates.

    Raises:
        ValueError: the enlarged picture would take more memory than a decoded picture may.
    """
    if times == 1:
        return picture
    width, height = picture.width * times, picture.height * times
    size = width * height * len(picture.getbands())
    if size > DECODED_PICTURE:
        raise ValueError(
            f"{width} x {height} pixels take {in_words(size)}, and the limit is {in_words(DECODED_PICTURE)}: lower "
            "output.scale"
        )
    return picture.resize((width, height), _WAYS[resampling])


def visible_scale(sizes: Sequence[tuple[int, int]]) -> int:
    """Return the factor at which a notebook shows pictures of these sizes (width, height) in a sheet about square.

    >>> visible_scale([(64, 64)]), visible_scale([(1024, 512)]), visible_scale([(64, 64)] * 16)
    (4, 1, 4)
    """
    sides = [side for size in sizes for side in size]
    shorter, longer, columns = min(sides), max(sides), max(1, round(math.sqrt(len(sizes))))
    return max(1, min(-(-_SEEN // shorter), _WIDEST // (longer * columns)))
