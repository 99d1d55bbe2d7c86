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
class OutputRequest:
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


def find_idle(requested: OutputRequest) -> Iterator[str]:
    """Yield a message for each option that was set and that can have no effect on any file."""
    for name, reason in _REASONS.items():
        if name in requested.given and (found := reason(requested)):
            yield f"output.{name} has no effect: {found}"


def _of_sheets(requested: OutputRequest) -> str:
    """Return why there can be no sheet; "" if there can be one."""
    if requested.is_large:
        return "tiff and dzi have one file for each row"
    if not requested.pictured:
        return f"it needs png, webp or jpeg among output.formats, which are {', '.join(requested.formats)}"
    return ""


def _of_rows(requested: OutputRequest) -> str:
    """Return why there can be no strip and no grid."""
    if reason := _of_sheets(requested):
        return reason
    rows = requested.most_rows(*_SHOWN)
    if rows == 0:
        return "no output is an image or a mask"
    return "each image has one row; output.compare=true shows several outputs in one file" if rows == 1 else ""


def _of_strip(requested: OutputRequest) -> str:
    return _of_rows(requested) if requested.options.strip is not None else ""


def _of_grid(requested: OutputRequest) -> str:
    return _of_rows(requested) if requested.options.grid is not None else ""


def _of_labels(requested: OutputRequest) -> str:
    if requested.options.labels is False:
        return ""
    if requested.options.strip is None and requested.options.grid is None:
        return "labels are written on strips and grids: give output.strip=x or output.grid=auto"
    return _of_rows(requested)


def _of_gap(requested: OutputRequest) -> str:
    if requested.options.compare:
        return _of_sheets(requested)
    if requested.options.strip is None and requested.options.grid is None:
        return "it is between the pictures of a strip, a grid or a comparison: give output.strip, grid or compare"
    return _of_rows(requested)


def _of_compare(requested: OutputRequest) -> str:
    return _of_sheets(requested) if requested.options.compare else ""


def _of_explain(requested: OutputRequest) -> str:
    return _of_sheets(requested) if requested.options.explain else ""


def _of_quality(requested: OutputRequest) -> str:
    if requested.is_large:
        return "" if "dzi" in requested.formats else "a tiff is lossless"
    lossy = any(name in ("jpeg", "jpg", "webp") for name in requested.formats)
    return "" if lossy else f"it is for jpeg, webp and dzi; output.formats are {', '.join(requested.formats)}"


def _of_scale(requested: OutputRequest) -> str:
    if requested.is_large:
        return "tiff and dzi are written at their own size"
    return (
        ""
        if requested.pictured or requested.filmed
        else f"it is for pictures and films, not for {', '.join(requested.formats)}"
    )


def _of_resampling(requested: OutputRequest) -> str:
    return _of_scale(requested) if requested.options.scale > 1 else "it is for output.scale, which is 1"


def _of_piece(requested: OutputRequest) -> str:
    return "" if requested.is_large else "it is for tiff and dzi, which are made piece by piece"


def _of_films(requested: OutputRequest) -> str:
    if not requested.filmed:
        return "it is for films: give output.formats=[gif] or [mp4]"
    return "" if requested.most_rows(*_SHOWN) else "no output is an image or a mask"


def _of_loop(requested: OutputRequest) -> str:
    return _of_films(requested) or (
        "" if "gif" in requested.filmed else "players of mp4 decide themselves; it is for gif"
    )


def _of_pingpong(requested: OutputRequest) -> str:
    if not requested.pingpong:
        return ""
    return _of_films(requested) or (
        "" if requested.most_rows(*_SHOWN) > 2 else "a film of two frames is the same backwards"
    )


def _of_sheet(requested: OutputRequest) -> str:
    return "" if requested.is_sweep else "it is the contact sheet of a sweep: give -m"


def _of_formats(requested: OutputRequest) -> str:
    shown = requested.most_rows(Kind.IMAGE, Kind.MASK, Kind.FEATURES, Kind.PHOTOGRAPH)
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
