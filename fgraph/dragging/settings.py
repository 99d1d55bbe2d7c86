"""The settings of a drag. This module does not import torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from fgraph._checked import make_checked
from fgraph._errors import FgraphError
from fgraph._typed_model import TypedModel

Space = Literal["w", "w+", "s"]
Tracking = Literal["nearest", "adaptive"]
METHOD = 2  # the version of the search; the cache holds no results of another
Reading = Literal["paper", "code"]
Ending = Literal["arrived", "stuck", "lost", "steps"]
ENDINGS: tuple[Ending, ...] = ("arrived", "stuck", "lost", "steps")
REMEDIES: Mapping[Ending, str] = {
    "stuck": "no point comes nearer: choose a nearer target, let more of the picture move (`mask`), or take a smaller "
    "`keep`, or `tracking: adaptive`",
    "lost": "the features of a point are not found any more: take `tracking: adaptive`, or a larger `r2`",
}

# Pan et al. 2023 state radii for images of 512 pixels.
_REFERENCE_SIZE = 512
# Small models move too little at the published rate, and their masks hold points back: bench/quality/dragging.py.
_SMALL = 256  # pixels; smaller images have other defaults
_RATES, _KEPT = (0.03, 2e-3), (2.0, 20.0)  # for small images, for other images


class DragError(FgraphError, ValueError):
    """A setting or a point of a drag is invalid."""


class DragSettings(TypedModel):
    """All settings that the result of a drag depends on, apart from code, points and mask.

    The defaults are the paper's for images of 512 pixels, with least radii and a higher learning rate for small images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    space: Space = Field("w+", description="the space of the search; in w, one w replaces all `rows`")
    rows: tuple[int, int] = Field((0, 6), description="first row of W+ that may change, and the row after the last one")
    layer: str | None = Field(
        None, description="the conv whose features are compared; absent: the last of at most 128 pixels"
    )
    reading: Reading = Field(
        "paper", description="paper, or code: as the published program (see docs/how-to/dragging.md)"
    )
    tracking: Tracking = Field("nearest", description="nearest: DragGAN's search for each point; adaptive: FreeDrag's")
    r1: float | None = Field(
        None, gt=0, le=0.5, description="radius of the moved patch in sides; absent: 3/512, 2 pixels"
    )
    r2: float | None = Field(
        None, gt=0, le=0.5, description="reach of the point search in sides; absent: 12/512, 3 pixels"
    )
    arrive: float | None = Field(
        None, gt=0, le=0.5, description="distance from the target at which a point has arrived; absent: 2/512, 1 pixel"
    )
    learning_rate: float | None = Field(None, gt=0, description="of Adam; absent: 0.002, below 256 pixels 0.03")
    keep: float | None = Field(
        None,
        ge=0,
        description="weight of the change of features where the mask is 0 (λ); absent: 20, below 256 pixels 2",
    )
    steps: int = Field(300, ge=0, le=100_000, description="of Adam, at most")
    patience: int = Field(60, ge=0, description="steps without progress after which a row is stuck; 0: never")

    @model_validator(mode="after")
    def _fits(self) -> DragSettings:
        first, end = self.rows
        if not 0 <= first < end:
            raise ValueError(f"rows {first} to {end} hold no row")
        return self

    @property
    def digest(self) -> str:
        """The SHA-256 of all settings and of `METHOD`, in hexadecimal."""
        described = {**self.model_dump(), "method": METHOD}
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def rate(self, size: int) -> float:
        """Return the learning rate for images of `size` pixels."""
        return _RATES[size >= _SMALL] if self.learning_rate is None else self.learning_rate

    def weight_of_mask(self, size: int) -> float:
        """Return the weight of changes outside the mask for images of `size` pixels."""
        return _KEPT[size >= _SMALL] if self.keep is None else self.keep

    def moved_radius(self, size: int) -> int:
        """Return the radius of the moved patch for images of `size` pixels, in pixels."""
        return _pixels(self.r1, 3, size, 2)

    def search_radius(self, size: int) -> int:
        """Return the reach of the search for a point, in pixels each way."""
        return _pixels(self.r2, 12, size, 3)

    def arrival(self, size: int) -> float:
        """Return the distance from the target that counts as arrived, in pixels."""
        return max(1.0, 2 / _REFERENCE_SIZE * size) if self.arrive is None else self.arrive * size


def _pixels(share: float | None, published: int, size: int, least: int) -> int:
    """Return a length in pixels: a share of the side, by default the paper's length of 512 pixels, at least `least`."""
    if share is None:
        return max(least, round(published / _REFERENCE_SIZE * size))
    return max(1, round(share * size))


def make_drag_settings(**changes: Any) -> DragSettings:
    """Return settings with changes; a change to None has no effect.

    >>> make_drag_settings(steps=10).steps
    10

    Raises:
        DragError: there is no such setting, or a value is invalid.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    return make_checked(DragSettings, given, "drag", DragError)
