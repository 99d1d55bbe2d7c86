"""The number that a job returns to a sweeper that looks for the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fgraph._errors import FgraphError, nearest
from fgraph._imaging.files import open_image
from fgraph._results import Image, Result

Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Objective:
    """Which number: a metric of one output's pixels, over all its rows."""

    metric: str
    output: str | None = None  # None: the first output that is an image
    target: str | None = None  # a picture, for `distance`

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            hint = nearest(self.metric, METRICS)
            known = ", ".join(METRICS)
            raise FgraphError(f"objective.metric: unknown metric '{self.metric}': expected {known}; {hint or ''}")
        if (self.metric == "distance") != (self.target is not None):
            raise FgraphError("objective.target: the picture that objective.metric=distance is measured against")

    def measure(self, results: Mapping[str, Result]) -> float:
        """The number for these results.

        Raises:
            FgraphError: there is no such output, it is no image, or the target does not fit it.
        """
        return METRICS[self.metric](self._pick(results), self.target)

    def _pick(self, results: Mapping[str, Result]) -> Array:
        images = {name: value.array for name, value in results.items() if isinstance(value, Image)}
        if self.output is None and images:
            return next(iter(images.values()))
        if self.output not in images:
            raise FgraphError(f"objective.output: '{self.output}' is no image of this graph: it has {list(images)}")
        return images[self.output]


def _distance(pixels: Array, target: str | None) -> float:
    assert target is not None
    try:
        with open_image(Path(target)) as picture:
            wanted = np.asarray(picture.convert("RGB"), np.float32).transpose(2, 0, 1) / 127.5 - 1
    except Exception as error:  # decoders raise what they like
        raise FgraphError(f"objective.target: cannot read {target}: {error}") from error
    if wanted.shape != pixels.shape[1:]:
        raise FgraphError(f"objective.target: {target} is {wanted.shape[1:]} (h, w), the image {pixels.shape[2:]}")
    return float(np.sqrt(np.mean((pixels - wanted) ** 2)))


METRICS: Mapping[str, Callable[[Array, str | None], float]] = {
    "mean": lambda pixels, _: float(pixels.mean()),  # brightness, -1 to 1
    "deviation": lambda pixels, _: float(pixels.std()),  # contrast
    "distance": _distance,  # root mean square, from a picture of equal size
}
