"""`walk`: a path through key codes, one row per frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from fgraph._ports import Kind
from fgraph._row_lists import EASES
from fgraph.ir.ops import Combine, Slerp
from fgraph.ir.ops import Lerp as LerpOp
from fgraph.ir.program import as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, LatentPort, Node, PerRow


class Walk(Node):
    """A path through key codes, with one row per frame, so that all frames are one batch.

    `lerp` interpolates linearly between keys, in W. `slerp` interpolates on the sphere, in z, where random codes are.
    `spline` is smooth at the keys, in W (the uniform spline of Catmull & Rom 1974). All frames have the random noise of
    the first key, so that only the codes change.

    `times` sets when the path reaches each key. `at` sets the position of each frame: with keyframes, or with a curve
    from a file, such as the envelope of a sound.
    """

    op: Literal["walk"] = "walk"
    produces: ClassVar[Kind] = Kind.LATENT
    collapses: ClassVar[bool] = True

    of: LatentPort = Field(description="the keys, two rows or more")
    frames: Data[Annotated[int, Field(ge=2, le=100_000)]] = Field(60, description="the number of frames")
    times: Data[Annotated[tuple[float, ...], Field(min_length=2)] | None] = Field(
        None,
        description="the time of each key, increasing, in any unit; if closed, then the time of the return to the "
        "first key; default: equal steps",
    )
    at: PerRow[Annotated[float, Field(ge=0, le=1)]] | None = Field(
        None, description="instead of frames: the time of each frame, 0 at the first key and 1 at the end of the walk"
    )
    path: Literal["lerp", "slerp", "spline"] = Field("spline", description="the interpolation between keys")
    closed: bool = Field(
        False, description="whether the path returns to the first key; the last frame is then one step before it"
    )
    ease: Literal["linear", "smooth", "in", "out"] = Field(
        "linear",
        description="between two keys: linear has constant speed, smooth slows down at each key (3t² - 2t³), in starts "
        "slowly (t²), out ends slowly",
    )
    space: Literal["z", "w", "w+", "s"] | None = Field(
        None, description="the space of the path; default: z for slerp, otherwise w, or the later space of the keys"
    )

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        if rows["of"][0] < 2:
            raise ValueError("a walk needs two keys or more; `of` has one row")
        if self.times is not None and len(self.times) != rows["of"][0] + self.closed:
            expected = f"{rows['of'][0]} keys" + (" and the return" if self.closed else "")
            raise ValueError(f"times has {len(self.times)} numbers for {expected}")
        return self.count

    @model_validator(mode="after")
    def _check(self) -> Walk:
        if self.at is not None and "frames" in self.model_fields_set:
            raise ValueError("give either frames, their number, or at, the time of each")
        if self.times is not None and not all(a < b for a, b in pairwise(self.times)):
            raise ValueError("times must increase: each is greater than the one before")
        return self

    @property
    def count(self) -> int:
        """The number of frames."""
        return self.frames if self.at is None else len(self.rows_of("at"))

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        keys = self._keys(build, inputs.latent("of"))
        count, segments, places = inputs.each_rows, [], []
        for number, member in enumerate(inputs.members):
            for segment, t in member.node.steps(count):
                segments.append(segment)
                places.append((number * count, t))
        starts = [start for start, _ in places]
        times = [t for _, t in places]

        def pick(offset: int) -> Latent:
            return keys.take(as_index(np.array(starts) + self._key_indices(np.array(segments) + offset, count)))

        first = keys.take(as_index(starts))
        if self.path != "spline":
            op = LerpOp(keys.model) if self.path == "lerp" else Slerp(keys.model, build.table(keys.model).c_dim)
            code = build.emit(op, [pick(0).code, pick(1).code], times)
        else:
            weights = [self._weights(segment, t, count) for segment, t in zip(segments, times, strict=True)]
            code = build.emit(Combine(keys.model), [pick(offset).code for offset in range(-1, 3)], weights)
        return replace(first, code=code)

    def _keys(self, build: Build, given: Latent) -> Latent:
        wanted = self.space or ("z" if self.path == "slerp" else "w")
        if self.path == "slerp" and (wanted != "z" or given.space != "z"):
            raise ValueError(
                f"slerp interpolates on the sphere in z; the keys are in {given.space}: use lerp or spline, or keys "
                "that are not truncated, and `truncate` after the walk"
            )
        if self.space is None and given.space not in ("z", "w"):
            return given
        return build.promote(given, wanted)

    def steps(self, keys: int) -> list[tuple[int, float]]:
        """Return, for each frame, the key before it and the position on the way to the next key."""
        segments = keys if self.closed else keys - 1
        parts = self.frames if self.closed else self.frames - 1
        ease = EASES[self.ease]
        if self.times is None and self.at is None:
            whole = (divmod(frame * segments, parts) for frame in range(self.frames))
            return [(key, ease(over / parts)) if key < segments else (key - 1, 1.0) for key, over in whole]
        times = self.times or tuple(range(segments + 1))
        shares = self.rows_of("at") if self.at is not None else [frame / parts for frame in range(self.frames)]
        found = []
        for share in shares:
            time = (1 - share) * times[0] + share * times[-1]
            key = min(max(bisect_right(times, time), 1), segments) - 1  # clamps the last frame of an open walk
            found.append((key, ease(min((time - times[key]) / (times[key + 1] - times[key]), 1.0))))
        return found

    def _key_indices(self, places: Any, count: int) -> Any:
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
