"""Options of written pictures: quality, and the sheets beside the rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from fgraph._errors import SaveError, show
from fgraph._imaging.choices import GAP, LARGEST_SCALE, QUALITY, RESAMPLINGS, Resampling

Grid: TypeAlias = int | Literal["auto"] | None
_MOST_GAP = 256
_LONGEST = 1000  # characters of a label, or of the name of an output


@dataclass(frozen=True)
class PictureOptions:
    """The settings `output.*` that concern pictures.

    Raises:
        SaveError: a setting has an invalid value.
    """

    quality: int = QUALITY  # quality of JPEG and WebP, 1 to 100; WebP at 100 is lossless
    scale: int = 1  # pictures and films are enlarged by this factor
    resampling: Resampling = "nearest"  # resampling for `scale`
    strip: Literal["x", "y"] | None = None  # writes the rows of each image also as one file, along this axis
    grid: Grid = None  # writes the rows of each image also as a grid; the number of columns
    labels: bool | tuple[str, ...] = False  # labels of strips and grids; True: the values that differ by row
    gap: int = GAP  # between the pictures of a sheet, in pixels
    compare: bool | tuple[str, ...] = False  # writes sources beside results; or only the outputs of these names
    explain: bool = False  # writes the images with each node left out

    def __post_init__(self) -> None:
        for name in ("labels", "compare"):
            value = getattr(self, name)
            object.__setattr__(self, name, _as_texts(value))
        if isinstance(self.compare, tuple):
            object.__setattr__(self, "compare", tuple(dict.fromkeys(self.compare)))
        _check("quality", self.quality, _is_in(self.quality, 1, 100), "1 to 100")
        _check("scale", self.scale, _is_in(self.scale, 1, LARGEST_SCALE), f"a whole factor, 1 to {LARGEST_SCALE}")
        _check("resampling", self.resampling, self.resampling in RESAMPLINGS, "nearest or lanczos")
        _check("strip", self.strip, self.strip in (None, "x", "y"), "x, y or null")
        _check("grid", self.grid, self.grid in (None, "auto") or _is_in(self.grid, 1, 10**6), "columns, auto or null")
        _check("gap", self.gap, _is_in(self.gap, 0, _MOST_GAP), f"0 to {_MOST_GAP} pixels")
        _check("explain", self.explain, isinstance(self.explain, bool), "true or false")
        for name, meaning in (("labels", "a label for each row"), ("compare", "names of outputs")):
            value = getattr(self, name)
            _check(name, value, isinstance(value, bool | tuple), f"true, false or a list of {meaning}")
            longest = max(map(len, value), default=0) if isinstance(value, tuple) else 0
            if longest > _LONGEST:
                raise SaveError(f"output.{name} has a text of {longest} characters; at most {_LONGEST} are allowed")

    @property
    def changed(self) -> dict[str, Any]:
        """The options that differ from their defaults, as a record holds them."""
        found = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


OPTIONS = tuple(one.name for one in fields(PictureOptions))


def _as_texts(value: Any) -> Any:
    if value is None:
        return False
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else value


def _is_in(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _check(name: str, value: Any, valid: bool, expected: str) -> None:
    if not valid:
        raise SaveError(f"output.{name} is {expected}, not {show(repr(value), 200)}")
