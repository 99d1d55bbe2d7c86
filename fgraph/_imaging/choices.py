"""Choices for written pictures: formats, defaults and bounds. Checks of settings import this module only."""

from __future__ import annotations

from typing import Final, Literal, get_args

PICTURE_FORMATS: Final = ("png", "webp", "jpeg")
QUALITY: Final = 90  # default quality of JPEG and WebP
GAP: Final = 2  # white pixels between the pictures of a sheet, by default

Resampling = Literal["nearest", "lanczos"]
RESAMPLINGS: Final = get_args(Resampling)
LARGEST_SCALE: Final = 64
