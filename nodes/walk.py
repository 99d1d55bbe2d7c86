"""`walk`: a path through key codes, one row per frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.ops import Combine, Slerp
from fgraph.ir.ops import Lerp as LerpOp
from fgraph.ir.program import as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, LatentPort, Node


class Walk(Node):
    """A path through key codes, with one row per frame, so that all frames are one batch.

    `lerp` interpolates linearly between keys, in W. `slerp` interpolates on the sphere, in z, where random codes are.
    `spline` is smooth at the keys, in W (the uniform spline of Catmull & Rom 1974). All frames have the random noise of
    the first key, so that only the codes change.
    """

    op: Literal["walk"] = "walk"
    produces: ClassVar[Kind] = Kind.LATENT
    collapses: ClassVar[bool] = True

    of: LatentPort = Field(description="the keys, two rows or more")
    frames: Data[Annotated[int, Field(ge=2, le=100_000)]] = Field(60, description="the number of frames")
    path: Literal["lerp", "slerp", "spline"] = Field("spline", description="the interpolation between keys")
    closed: bool = Field(
        False, description="whether the path returns to the first key; the last frame is then one step before it"
    )
    ease: Literal["linear", "smooth"] = Field(
        "linear", description="smooth slows down at each key (3t² - 2t³), linear has constant speed"
    )
    space: Literal["z", "w", "w+", "s"] | None = Field(
        None, description="the space of the path; default: z for slerp, otherwise w, or the later space of the keys"
    )

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        if rows["of"][0] < 2:
            raise ValueError("a walk needs two keys or more; `of` has one row")
        return self.frames

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        keys = self._keys(build, inputs.latent("of"))
        count, spans, places = inputs.each_rows, [], []
        for number, member in enumerate(inputs.members):
            for segment, t in self._steps(count, member.node.frames):
                spans.append(segment)
                places.append((number * count, t))
        starts = [start for start, _ in places]
        times = [t for _, t in places]

        def pick(offset: int) -> Latent:
            return keys.take(as_index(np.array(starts) + self._at(np.array(spans) + offset, count)))

        first = keys.take(as_index(starts))
        if self.path != "spline":
            op = LerpOp(keys.model) if self.path == "lerp" else Slerp(keys.model, build.table(keys.model).c_dim)
            code = build.emit(op, [pick(0).code, pick(1).code], times)
        else:
            weights = [self._weights(span, t, count) for span, t in zip(spans, times, strict=True)]
            code = build.emit(Combine(keys.model), [pick(offset).code for offset in range(-1, 3)], weights)
        return replace(first, code=code)

    def _keys(self, build: Build, given: Latent) -> Latent:
        wanted = self.space or ("z" if self.path == "slerp" else "w")
        if self.path == "slerp" and (wanted != "z" or given.space != "z"):
            raise ValueError(
                f"slerp goes along the sphere of z; the keys stand in {given.space}: use lerp or spline, or keys that "
                "are not truncated, and `truncate` after the walk"
            )
        if self.space is None and given.space not in ("z", "w"):
            return given
        return build.promote(given, wanted)

    def _steps(self, keys: int, frames: int) -> list[tuple[int, float]]:
        """Return, for each frame, the key before it and the position on the way to the next key."""
        segments = keys if self.closed else keys - 1
        parts = frames if self.closed else frames - 1
        found = []
        for frame in range(frames):
            segment, over = divmod(frame * segments, parts)
            if segment == segments:  # the end of an open walk
                segment, over = segments - 1, parts
            t = over / parts
            found.append((segment, t * t * (3 - 2 * t) if self.ease == "smooth" else t))
        return found

    def _at(self, places: Any, count: int) -> Any:
        """Return the indices of keys, wrapped for a closed walk, otherwise clamped."""
        return places % count if self.closed else np.clip(places, 0, count - 1)

    def _weights(self, segment: int, t: float, count: int) -> tuple[float, ...]:
        """Return the weights of four keys; an open walk is extrapolated linearly at its ends: p₋₁ = 2 p₀ - p₁."""
        before, start, stop, after = catmull_rom(t)
        if not self.closed and segment == 0:
            before, start, stop = 0.0, start + 2 * before, stop - before
        if not self.closed and segment == count - 2:
            start, stop, after = start - after, stop + 2 * after, 0.0
        return before, start, stop, after


def catmull_rom(t: float) -> tuple[float, float, float, float]:
    """Return the weights of four points at position t between the second and the third (Catmull & Rom 1974).

    >>> catmull_rom(0.0), catmull_rom(1.0)
    ((0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))
    """
    square, cube = t * t, t * t * t
    return (
        (2 * square - t - cube) / 2 + 0.0,
        (2 - 5 * square + 3 * cube) / 2,
        (t + 4 * square - 3 * cube) / 2,
        (cube - square) / 2,
    )
