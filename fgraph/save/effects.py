"""Options of the output that can have no effect on the files of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from fgraph._imaging.choices import PICTURE_FORMATS
from fgraph._ports import Kind
from fgraph.save.formats import LARGE_FORMATS, VIDEO_FORMATS
from fgraph.save.options import PictureOptions

_SHOWN = (Kind.IMAGE, Kind.MASK)  # kinds whose rows are laid out on sheets


@dataclass(frozen=True)
class Requested:
    """The output settings of a job, and the kind and the number of rows of each output."""

    given: Collection[str]  # the names of the options that the user set, without `output.`
    formats: Collection[str]
    options: PictureOptions
    pingpong: bool
    is_sweep: bool
    outputs: Mapping[str, tuple[Kind, int]]

    @property
    def pictured(self) -> list[str]:
        """The formats of pictures among the formats."""
        return [name for name in self.formats if name in PICTURE_FORMATS]

    @property
    def filmed(self) -> list[str]:
        """The formats of films among the formats."""
        return [name for name in self.formats if name in VIDEO_FORMATS]

    @property
    def is_large(self) -> bool:
        """True if images are made piece by piece."""
        return any(name in LARGE_FORMATS for name in self.formats)

    def most_rows(self, *kinds: Kind) -> int:
        """Return the largest number of rows of an output of some kinds, 0 if there is none."""
        return max((rows for kind, rows in self.outputs.values() if kind in kinds), default=0)


def find_idle(requested: Requested) -> Iterator[str]:
    """Yield a message for each option that was set and that can have no effect on any file."""
    for name, reason in _REASONS.items():
        if name in requested.given and (found := reason(requested)):
            yield f"output.{name} has no effect: {found}"


def _of_sheets(one: Requested) -> str:
    """Return why there can be no sheet; "" if there can be one."""
    if one.is_large:
        return "tiff and dzi have one file for each row"
    if not one.pictured:
        return f"it needs png, webp or jpeg among output.formats, which are {', '.join(one.formats)}"
    return ""


def _of_rows(one: Requested) -> str:
    """Return why there can be no strip and no grid."""
    if reason := _of_sheets(one):
        return reason
    rows = one.most_rows(*_SHOWN)
    if rows == 0:
        return "no output is an image or a mask"
    return "each image has one row; output.compare=true shows several outputs in one file" if rows == 1 else ""


def _of_strip(one: Requested) -> str:
    return _of_rows(one) if one.options.strip is not None else ""


def _of_grid(one: Requested) -> str:
    return _of_rows(one) if one.options.grid is not None else ""


def _of_labels(one: Requested) -> str:
    if one.options.labels is False:
        return ""
    if one.options.strip is None and one.options.grid is None:
        return "labels are written on strips and grids: give output.strip=x or output.grid=auto"
    return _of_rows(one)


def _of_gap(one: Requested) -> str:
    if one.options.compare:
        return _of_sheets(one)
    if one.options.strip is None and one.options.grid is None:
        return "it is between the pictures of a strip, a grid or a comparison: give output.strip, grid or compare"
    return _of_rows(one)


def _of_compare(one: Requested) -> str:
    return _of_sheets(one) if one.options.compare else ""


def _of_explain(one: Requested) -> str:
    return _of_sheets(one) if one.options.explain else ""


def _of_quality(one: Requested) -> str:
    if one.is_large:
        return "" if "dzi" in one.formats else "a tiff is lossless"
    lossy = any(name in ("jpeg", "jpg", "webp") for name in one.formats)
    return "" if lossy else f"it is for jpeg, webp and dzi; output.formats are {', '.join(one.formats)}"


def _of_scale(one: Requested) -> str:
    if one.is_large:
        return "tiff and dzi are written at their own size"
    return "" if one.pictured or one.filmed else f"it is for pictures and films, not for {', '.join(one.formats)}"


def _of_resampling(one: Requested) -> str:
    return _of_scale(one) if one.options.scale > 1 else "it is for output.scale, which is 1"


def _of_piece(one: Requested) -> str:
    return "" if one.is_large else "it is for tiff and dzi, which are made piece by piece"


def _of_films(one: Requested) -> str:
    if not one.filmed:
        return "it is for films: give output.formats=[gif] or [mp4]"
    return "" if one.most_rows(*_SHOWN) else "no output is an image or a mask"


def _of_loop(one: Requested) -> str:
    return _of_films(one) or ("" if "gif" in one.filmed else "players of mp4 decide themselves; it is for gif")


def _of_pingpong(one: Requested) -> str:
    if not one.pingpong:
        return ""
    return _of_films(one) or ("" if one.most_rows(*_SHOWN) > 2 else "a film of two frames is the same backwards")


def _of_sheet(one: Requested) -> str:
    return "" if one.is_sweep else "it is the contact sheet of a sweep: give -m"


def _of_formats(one: Requested) -> str:
    shown = one.most_rows(Kind.IMAGE, Kind.MASK, Kind.FEATURES)
    return "" if shown else "no output is a picture; codes are written as .safetensors"


_REASONS = {
    "formats": _of_formats,
    "quality": _of_quality,
    "scale": _of_scale,
    "resampling": _of_resampling,
    "strip": _of_strip,
    "grid": _of_grid,
    "labels": _of_labels,
    "gap": _of_gap,
    "compare": _of_compare,
    "explain": _of_explain,
    "piece": _of_piece,
    "sheet": _of_sheet,
    "fps": _of_films,
    "loop": _of_loop,
    "pingpong": _of_pingpong,
}
