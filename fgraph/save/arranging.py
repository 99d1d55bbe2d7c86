"""Results -> sheets: strips, grids, comparisons of before and after, and what each node does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image as PillowImage
from PIL import ImageOps

from fgraph._errors import SaveError, nearest
from fgraph._imaging.layout import LabelledPicture, enlarge, lay_grid, lay_strip, lay_table
from fgraph._imaging.scaling import scale_picture
from fgraph._results import Image, MaskImage, Result
from fgraph.save.options import PictureOptions

COMPARED = "compare"  # the name of the comparison
EXPLAINED = "explain"
_READABLE = 128  # the least pixels of the shorter side of a compared picture


@dataclass(frozen=True)
class Sheet:
    """A picture of several rows of an output."""

    name: str
    output: str
    picture: PillowImage.Image
    labels: tuple[str, ...] = ()


def arrange(
    results: Mapping[str, Result],
    options: PictureOptions,
    labels: Mapping[str, Sequence[str]] | None = None,
    sources: Mapping[str, Result] | None = None,
    without: Mapping[str, Mapping[str, Result]] | None = None,
) -> Iterator[Sheet]:
    """Make the sheets that the options request; an output of one row has no strip and no grid.

    Args:
        results: output name -> result.
        options: the sheets to make, and their layout.
        labels: output name -> a label for each row; by default the row numbers.
        sources: name -> an image that the graph starts from, for `compare`.
        without: node -> the results without it, for `explain`.

    Raises:
        SaveError: no output has as many rows as there are labels, or an output to compare doesn't exist.
    """
    several = {
        name: value for name, value in results.items() if isinstance(value, Image | MaskImage) and value.rows > 1
    }
    if options.strip is None and options.grid is None:
        several = {}
    if several and isinstance(options.labels, tuple):
        _check_labels(options.labels, several)
    for name, value in several.items():
        cells = _cells(value, options, (labels or {}).get(name))
        written = tuple(cell.label for cell in cells)
        if options.strip is not None:
            yield Sheet(f"{name}_strip", name, lay_strip(cells, options.strip, options.gap), written)
        if options.grid is not None:
            columns = None if options.grid == "auto" else options.grid
            yield Sheet(f"{name}_grid", name, lay_grid(cells, columns, options.gap), written)
    if options.compare:
        yield Sheet(COMPARED, ", ".join(results), compare(results, options, sources or {}))
    if options.explain:
        yield explain(results, options, without or {})


def explain(
    results: Mapping[str, Result], options: PictureOptions, without: Mapping[str, Mapping[str, Result]]
) -> Sheet:
    """Lay images as a table: a line for the whole graph, and one for each node, with the images made without it.

    Raises:
        SaveError: there is no image.
    """
    names = [name for name, value in results.items() if isinstance(value, Image)]
    if not names:
        raise SaveError("output.explain: this graph makes no image")
    lines = [[_strip_of(one.get(name), options) for name in names] for one in (results, *without.values())]
    blank = PillowImage.new("RGB", (1, 1), "white")
    cells = [[LabelledPicture(picture or blank) for picture in line] for line in lines]
    return Sheet(EXPLAINED, ", ".join(names), lay_table(cells, names, ["", *(f"no {one}" for one in without)], 6))


def _strip_of(value: Result | None, options: PictureOptions) -> PillowImage.Image | None:
    """Return the rows of an image side by side, large enough to be seen; None if it is not an image."""
    if not isinstance(value, Image) or value.damaged_rows:
        return None
    strip = lay_strip([LabelledPicture(one) for one in _pictures(value, options)], "x", options.gap)
    return _times(strip, max(1, -(-_READABLE // min(strip.size))))


def compare(results: Mapping[str, Result], options: PictureOptions, sources: Mapping[str, Result]) -> PillowImage.Image:
    """Lay sources and results side by side under their names, all enlarged by the same factor.

    Raises:
        SaveError: an image to compare doesn't exist, or there is no image at all.
    """
    images = {name: value for name, value in {**sources, **results}.items() if isinstance(value, Image)}
    wanted = list(images) if options.compare is True else list(options.compare or ())
    check_compared(wanted, images)
    if not wanted:
        raise SaveError("output.compare: this graph makes no image")
    last = images[wanted[-1]].array.shape
    downwards = last[2] > last[3]
    cells = []
    for name in wanted:
        rows = [LabelledPicture(picture) for picture in _pictures(images[name], options)]
        cells.append(LabelledPicture(lay_strip(rows, "y" if downwards else "x", options.gap), name))
    least = min(min(cell.picture.size) for cell in cells)
    times = max(1, -(-_READABLE // least))
    sheet = lay_strip(
        [LabelledPicture(_times(cell.picture, times), cell.label) for cell in cells], "x", options.gap + 6
    )
    return ImageOps.expand(sheet, 6, "white")


def check_compared(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Check that every image to compare exists.

    Raises:
        SaveError: an image doesn't exist.
    """
    names = set(known)
    for name in wanted:
        if name not in names:
            hint = nearest(name, names)
            raise SaveError(f"output.compare: there is no image '{name}'" + (f"; {hint}" if hint else ""))


def _times(picture: PillowImage.Image, times: int) -> PillowImage.Image:
    return enlarge(picture, max(picture.size) * times)


def _check_labels(labels: Sequence[str], several: Mapping[str, Image | MaskImage]) -> None:
    if len(labels) not in [value.rows for value in several.values()]:
        counts = ", ".join(f"'{name}' has {value.rows}" for name, value in several.items())
        raise SaveError(f"output.labels has length {len(labels)}, and no output has that many rows: {counts}")


def _pictures(value: Image | MaskImage, options: PictureOptions) -> list[PillowImage.Image]:
    """Return the rows as pictures, enlarged according to the options."""
    try:
        return [scale_picture(value.to_pil(row), options.scale, options.resampling) for row in range(value.rows)]
    except ValueError as error:
        raise SaveError(f"cannot write a sheet: {error}") from error


def _cells(value: Image | MaskImage, options: PictureOptions, labels: Sequence[str] | None) -> list[LabelledPicture]:
    pictures = _pictures(value, options)
    if options.labels is False:
        return [LabelledPicture(picture) for picture in pictures]
    given = labels or [str(row) for row in range(value.rows)]
    if isinstance(options.labels, tuple) and len(options.labels) == value.rows:
        given = options.labels
    return [LabelledPicture(picture, label) for picture, label in zip(pictures, given, strict=True)]
