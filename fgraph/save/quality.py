"""The quality of the inversions in photographs: for the manifest, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from fgraph._imaging.encode import to_pillow, to_pixels
from fgraph._imaging.similarity import Floats, gradient_distance, psnr
from fgraph.faces import Detector, landmark_error
from fgraph.photographs import Photographs

_MEASURES = ("psnr", "gradients", "distance", "landmarks")


@dataclass(frozen=True)
class CropQuality:
    """The quality of the inversion of a crop. None means unknown."""

    photograph: str  # its file, with the frame of a film, and with the face if several are pasted
    crop: int  # row of the crop
    psnr: float  # PSNR of the inverted crop, in dB
    gradients: float  # GMSD of the inverted crop; 0 is equal
    distance: float | None  # Mahalanobis distance of the code; 1 is typical of samples
    landmarks: float | None  # mean distance of the landmarks in both crops, in eye distances

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, rounded."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def rate_crops(photographs: Photographs, first: int = 0) -> list[CropQuality]:
    """Return the quality of each crop, numbered from `first`; empty if the inverted crops are not known."""
    return list(_rated(photographs, first)) if "inverted" in photographs.facts else []


def _rated(photographs: Photographs, first: int) -> Iterator[CropQuality]:
    facts = photographs.facts
    several = [crops for crops in photographs.members if len(crops) > 1]
    faces = {number: f", face {place}" for crops in several for place, number in enumerate(crops)}
    for number, crop in enumerate(photographs.pasting.crops):
        original, made = facts["crop"][number], facts["inverted"][number]
        if not np.isfinite(made).all():
            continue
        distance = float(facts["distance"][number].reshape(())) if "distance" in facts else None
        frame = "" if crop.frame is None else f":{crop.frame}"
        yield CropQuality(
            Path(crop.file).name + frame + faces.get(number, ""),
            first + number,
            psnr(original, made),
            gradient_distance(original, made),
            distance,
            _landmarks(original, made, crop.detector),
        )


def _landmarks(original: Floats, made: Floats, detector: str) -> float | None:
    if detector not in get_args(Detector):
        return None
    pictures = [to_pillow(to_pixels(one)).convert("RGB") for one in (original, made)]
    return landmark_error(pictures[0], pictures[1], detector)  # type: ignore[arg-type]


def write_table(rated: Sequence[CropQuality]) -> bytes:
    """Return a table as CSV."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rated[0].to_json()), lineterminator="\n")
    table.writeheader()
    table.writerows(one.to_json() for one in rated)
    return text.getvalue().encode("utf-8", "backslashreplace")


def show_table(rated: Sequence[CropQuality]) -> list[str]:
    """Return the lines of a table for a terminal, with the mean of each measure as the last one.

    >>> for line in show_table([CropQuality("a.jpg", 0, 21.5, 0.125, 0.75, None)]):
    ...     print(line)
    photograph  PSNR dB  gradients  distance  landmarks
    a.jpg         21.50      0.125      0.75          -
    """
    lines = [[one.photograph, *(_shown(name, getattr(one, name)) for name in _MEASURES)] for one in rated]
    if len(rated) > 1:
        means = [[value for one in rated if (value := getattr(one, name)) is not None] for name in _MEASURES]
        pairs = zip(_MEASURES, means, strict=True)
        lines.append(["mean", *(_shown(name, float(np.mean(values)) if values else None) for name, values in pairs)])
    lines.insert(0, ["photograph", "PSNR dB", "gradients", "distance", "landmarks"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]


def _shown(name: str, value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if name in ("gradients", "landmarks") else f"{value:.2f}"
