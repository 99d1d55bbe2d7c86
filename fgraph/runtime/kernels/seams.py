"""Visibility of the seams of copied patches in the decoded picture: a rule in numpy, the same on every device.

A seam is an edge along a side of a patch that neither place had before. A step is the difference between the means of
the pixels on both sides of a line, averaged over a stretch of the line, so that only straight edges count. The new edge
is the part of a step in the decoded picture, as a vector of colours, that no old step explains. Old steps are taken
near the line: outside the patch in the picture before, inside the patch at the place that was copied, and across the
border in either. Texture hides an edge: its measure is the standard deviation of the steps along the side, in the
decoded picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fgraph.ir.ops.patching import PATCH

Doubles = NDArray[np.float64]

BAND = 3  # pixels on each side of a step
STRETCH = 8  # pixels along a line that are averaged
REACH = 4  # pixels on both sides of a border that count as its surroundings, at least BAND
FAINT = 0.01  # the least step that is visible on an even background, where black to white is 1
HIDING = 8.0  # the step that a texture hides, as a multiple of its standard deviation
MOST_VISIBLE = 0.5  # the visibility up to which a seam is not seen


def keep_seamless(before: Doubles, after: Doubles, patches: Doubles, cells: tuple[int, int], count: int) -> Doubles:
    """Return the first patches with invisible seams, [count, 6]; rows of zeros if there are fewer.

    Args:
        before: the picture before, [C, H, W] in [-1, 1].
        after: the picture with all patches.
        patches: [n, 6], in cells; width 0: no patch.
        cells: the number of cells along y and x.
        count: the number of patches to keep at most.
    """
    kept = np.zeros((count, PATCH))
    scale = before.shape[1] // cells[0]
    seams = Seams(before, after)
    sound = [patch for patch in patches if patch[2] and seams.visibility(patch * scale) <= MOST_VISIBLE][:count]
    if sound:
        kept[: len(sound)] = sound
    return kept


class Seams:
    """The seams between two pictures, before and after copies."""

    def __init__(self, before: Doubles, after: Doubles) -> None:
        earlier, later = ((np.clip(picture, -1, 1) + 1) / 2 for picture in (before, after))
        self._vertical = _Lines(earlier, later)
        self._horizontal = _Lines(earlier.transpose(0, 2, 1), later.transpose(0, 2, 1))

    def visibility(self, patch: Doubles) -> float:
        """Return the visibility of the most visible side of a patch, x, y, width, height, dx, dy in pixels."""
        x, y, width, height, dx, dy = patch.round().astype(int).tolist()
        vertical = self._vertical.sides((x, x + dx, width), (y, y + dy, height))
        horizontal = self._horizontal.sides((y, y + dy, height), (x, x + dx, width))
        return max([*vertical, *horizontal], default=0.0)


@dataclass(frozen=True)
class _Lines:
    """Two pictures [C, H, W] in [0, 1], whose steps across vertical lines are compared."""

    before: Doubles
    after: Doubles

    def sides(self, across: tuple[int, int, int], along: tuple[int, int, int]) -> Iterator[float]:
        """Yield the visibility of the two vertical sides; `across` and `along` are (from, to, size) of the patch.

        A side on the edge of the canvas has no seam.
        """
        (old, new, width), (above, top, height) = across, along
        place, source = self.before[:, top : top + height], self.before[:, above : above + height]
        made = self.after[:, top : top + height]
        for side in (0, width):
            if 0 < new + side < place.shape[2]:
                at_target, at_source, result = (
                    _around(rows, line + side) for rows, line in ((place, new), (source, old), (made, new))
                )
                yield _visibility(at_target, at_source, result, inward=1 if side == 0 else -1)


def _around(rows: Doubles, line: int) -> Doubles:
    """Return the steps across a line and the lines beside it, [C, height, 4 REACH + 1]; lines near an edge repeat."""
    width = rows.shape[2]
    lines = np.arange(line - 2 * REACH, line + 2 * REACH + 1).clip(BAND, width - BAND)
    sums = np.concatenate([np.zeros((*rows.shape[:2], 1)), rows.cumsum(axis=2)], axis=2)
    steps: Doubles = (sums[:, :, lines + BAND] - 2 * sums[:, :, lines] + sums[:, :, lines - BAND]) / BAND
    return steps


def _visibility(place: Doubles, source: Doubles, made: Doubles, *, inward: int) -> float:
    """Return the visibility of a side from the steps around it at the target, at the source and in the result."""
    means = _averaged(made)
    variance = (_averaged(np.square(made)) - np.square(means)).mean(axis=(0, 2))
    texture = np.sqrt(np.maximum(variance, 0))
    new = means[:, :, REACH : 3 * REACH + 1]
    outside, inside = (_beyond(new, _averaged(steps)) for steps in (place, source))
    offset = np.arange(-REACH, REACH + 1) * inward
    beyond = np.where(offset <= -BAND, outside, np.where(offset >= BAND, inside, np.minimum(outside, inside)))
    return float((beyond / (FAINT + HIDING * texture[:, None])).max())


def _beyond(steps: Doubles, known: Doubles) -> Doubles:
    """Return the distance of steps [C, stretches, lines] from known steps, which have REACH more lines on both sides.

    A step is known if it is a part of a known one at the same line or beside it. The distance is the RMS over channels.
    """
    lines = steps.shape[2]
    found = [_distance(steps, known[:, :, REACH + near : REACH + near + lines]) for near in (-1, 0, 1)]
    result: Doubles = np.minimum.reduce(found)
    return result


def _distance(steps: Doubles, known: Doubles) -> Doubles:
    """Return the distances of vectors from the straight lines between zero and known vectors."""
    share = (steps * known).sum(axis=0) / np.maximum(np.square(known).sum(axis=0), 1e-30)
    result: Doubles = np.sqrt(np.square(steps - share.clip(0, 1) * known).mean(axis=0))
    return result


def _averaged(steps: Doubles) -> Doubles:
    """Return the means over all stretches of lines, [C, stretches, lines]."""
    length = min(STRETCH, steps.shape[1])
    sums = np.concatenate([np.zeros((steps.shape[0], 1, steps.shape[2])), steps.cumsum(axis=1)], axis=1)
    result: Doubles = (sums[:, length:] - sums[:, :-length]) / length
    return result
