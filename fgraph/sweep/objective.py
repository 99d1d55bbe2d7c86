"""The objective of a search: a number that each job returns to the sweeper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fgraph._errors import FgraphError, nearest
from fgraph._imaging.read import open_picture, to_array
from fgraph._results import Image, Result

Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Objective:
    """A metric of the pixels of one output, over all its rows."""

    metric: str
    output: str | None = None  # None: the first image
    target: str | None = None  # the path of a picture, for `distance`

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            hint = nearest(self.metric, METRICS)
            known = f"expected one of {', '.join(METRICS)}" + (f"; {hint}" if hint else "")
            raise FgraphError(f"objective.metric: unknown metric '{self.metric}': {known}")
        if (self.metric == "distance") != (self.target is not None):
            raise FgraphError("objective.target is the picture for objective.metric=distance: give both, or neither")

    def measure(self, results: Mapping[str, Result]) -> float:
        """Return the metric of results.

        Raises:
            FgraphError: there is no such image, or the target can't be read or has another size.
        """
        return METRICS[self.metric](self._pick(results), self.target)

    def _pick(self, results: Mapping[str, Result]) -> Array:
        images = {name: value.array for name, value in results.items() if isinstance(value, Image)}
        if not images:
            raise FgraphError("objective: this graph has no image to measure")
        if self.output is None:
            return next(iter(images.values()))
        if self.output not in images:
            raise FgraphError(f"objective.output: this graph has no image '{self.output}', but {list(images)}")
        return images[self.output]


def _distance(pixels: Array, target: str | None) -> float:
    assert target is not None
    try:
        picture = open_picture(target)
    except ValueError as error:
        raise FgraphError(f"objective.target: cannot read {target}: {error}") from error
    channels, *size = pixels.shape[1:]
    if channels not in (1, 3):
        raise FgraphError(f"objective.target is compared with images of 1 or 3 channels, not {channels}")
    wanted = to_array(picture, channels)
    if list(wanted.shape[1:]) != size:
        raise FgraphError(
            f"objective.target: {target} has {wanted.shape[1]} x {wanted.shape[2]} pixels (height x width), the image "
            f"{size[0]} x {size[1]}: resize the target"
        )
    return float(np.sqrt(np.mean((pixels - wanted) ** 2)))


METRICS: Mapping[str, Callable[[Array, str | None], float]] = {
    "mean": lambda pixels, _: float(pixels.mean()),  # brightness, in [-1, 1]
    "deviation": lambda pixels, _: float(pixels.std()),  # contrast
    "distance": _distance,  # the root mean square of the difference from the target
}
