"""Outcomes of drags: cached by content, and laid out as the rows of a value."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from fgraph.dragging.points import DragPoints, mean_distance
from fgraph.dragging.search import DragOutcome
from fgraph.dragging.settings import ENDINGS, DragSettings
from fgraph.inversion.cache import CachedTensors, InversionCache, are_tensors, make_key
from fgraph.ir.ops import Drag
from fgraph.ir.ops.dragging import ABSENT, TRAIL
from fgraph.stylegan.generators.base import Generator

_KIND = "drags"
_FACTS = ["ending", "steps", "distance"]


class Outcomes:
    """Cached outcomes for one generator and one set of settings.

    The key of a row depends on its own code, points and mask, not on other rows of the batch.
    """

    def __init__(
        self, cache: InversionCache, generator: Generator, settings: DragSettings, dtype: torch.dtype, every: int = 0
    ) -> None:
        self._cache = cache
        self._generator = generator
        self._settings = settings
        self._facts = (generator.digest, settings.digest, str(dtype), str(every))

    def key(self, code: Tensor, points: DragPoints, mask: Tensor | None) -> str:
        """Return the key of everything that the outcome of a row depends on.

        Args:
            code: W+ [num_ws, w_dim], or S [style_length], as the search begins with it.
            points: the points and targets.
            mask: [1, H, W] of the image's size, or None.
        """
        tensors = [code] if mask is None else [code, mask]
        content = [hashlib.sha256(one.float().cpu().contiguous().numpy().tobytes()).hexdigest() for one in tensors]
        return make_key("drag", *self._facts, repr(points), content)

    def read(self, key: str, points: DragPoints) -> DragOutcome | None:
        """Return an outcome, or None if the cache lacks it or it is damaged."""
        entry = self._cache.read(_KIND, key)
        return None if entry is None else self._from(entry, points)

    def _from(self, entry: CachedTensors, points: DragPoints) -> DragOutcome | None:
        table, found = self._generator.table, entry.tensors
        code = (table.style_length,) if self._settings.space == "s" else (table.num_ws, table.w_dim)
        if not are_tensors(found, {"code": code, "facts": (len(_FACTS),)}):
            return None
        number, steps, distance = found["facts"].tolist()
        film = found.get("film", torch.empty(0, *code))
        trail = (int(steps) + 1, len(points.handles), 2)
        if not 0 <= number < len(ENDINGS) or not are_tensors(found, {"trail": trail}) or film.shape[1:] != code:
            return None
        return DragOutcome(found["code"], found["trail"], ENDINGS[int(number)], distance, film)

    def write(self, key: str, outcome: DragOutcome) -> None:
        """Store an outcome in the cache."""
        facts = torch.tensor([ENDINGS.index(outcome.ending), outcome.steps, outcome.distance], dtype=torch.float64)
        tensors = {"code": outcome.code.float(), "trail": outcome.trail, "facts": facts}
        self._cache.write(_KIND, key, tensors | ({"film": outcome.film.float()} if len(outcome.film) else {}), {})


def lay_out(op: Drag, outcome: DragOutcome, points: DragPoints, size: tuple[int, int]) -> Tensor:
    """Return an outcome as a row of a value: code, ending and trail of each frame.

    Each frame is the result of a drag that ends at the steps of that frame. Trails have `TRAIL` evenly spaced times,
    and `ABSENT` for points that the row lacks. Frames after the end repeat the last one.

    Args:
        op: the operation.
        outcome: the outcome.
        points: the points of the row.
        size: the size of the images: height, width.
    """
    parts: list[Tensor] = []
    for frame in range(op.frames):
        done = min(frame * op.every, outcome.steps) if op.every else outcome.steps
        ending, distance, code = outcome.ending, outcome.distance, outcome.code
        if done < outcome.steps:
            places = [(float(x), float(y)) for x, y in outcome.trail[done]]
            ending, distance, code = "steps", mean_distance(places, points.targets, size), outcome.film[frame]
        times = torch.linspace(0, done, TRAIL).round().long()
        trail = torch.full((TRAIL, op.points, 2), ABSENT)
        trail[:, : outcome.trail.shape[1]] = outcome.trail[times].float()
        facts = torch.tensor([float(ENDINGS.index(ending)), float(done), distance])
        parts += [code.flatten().float(), facts, trail.flatten()]
    return torch.cat(parts)
