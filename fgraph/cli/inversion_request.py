"""The request of mode=invert: everything that the run needs, checked before torch is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fgraph._downloads import DEFAULT_DOWNLOADS, Downloads
from fgraph._imaging.read import Fit
from fgraph.faces import FaceChoice
from fgraph.inversion import InversionSettings
from fgraph.inversion.pictures import LARGEST, Align
from fgraph.inversion.settings import Tuning


@dataclass(frozen=True)
class InversionRequest:
    """The pictures to invert, and the settings."""

    images: str  # a folder of pictures, or one picture
    model: str
    directory: Path  # the directory of the results
    device: str
    precision: str  # float32 or float64
    settings: InversionSettings
    tuning: Tuning
    batch: int = 8  # pictures that are searched for together
    fit: Fit = "crop"
    align: Align = "none"
    face: FaceChoice = LARGEST
    start: str | None = None  # encoder, or a file or a folder of codes; None: the mean
    encoder: str | None = None  # the file of the encoder; None: the one that comes with the model
    discriminator_from: str | None = None  # the model file of the discriminator; None: `model`
    cache: str | None = None  # the cache folder; "none": no cache; None: the user's cache directory
    downloads: Downloads = DEFAULT_DOWNLOADS
