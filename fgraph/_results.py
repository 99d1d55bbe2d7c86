"""The results of a run: images, latents, feature maps and masks as numpy arrays, and edited photographs.

Nothing here needs torch. Every result has `save(path)`, which writes each file whole or not at all.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from fgraph._atomic import write_atomic
from fgraph._errors import SaveError
from fgraph._imaging.choices import GAP, QUALITY, Resampling
from fgraph._imaging.encode import (
    Pixels,
    encode_picture,
    preview_features,
    to_pillow,
    to_pixels,
)
from fgraph._imaging.layout import LabelledPicture, lay_grid, lay_strip
from fgraph._imaging.scaling import scale_picture, visible_scale
from fgraph._paths import row_paths
from fgraph.photographs import Photographs
from fgraph.stylegan.checkpoints.tensor_file import write_tensor_header

Array: TypeAlias = NDArray[Any]
_SUFFIXES = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
_LISTED = 16  # the most rows of codes that a notebook lists


@dataclass(frozen=True, eq=False)
class _Pictured:
    """Rows that have a picture: `array` is [rows, channels, h, w]."""

    array: Array

    def __post_init__(self) -> None:
        assert self.array.ndim == 4, f"expected [rows, channels, h, w], found {self.array.shape}"

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.array)

    @property
    def damaged_rows(self) -> list[int]:
        """The rows that hold NaN or infinite values, which no picture can show."""
        return [row for row in range(self.rows) if not np.isfinite(self.array[row]).all()]

    def pixels(self, row: int) -> Pixels:
        """Return one row in 8 bits, [h, w, channels].

        Raises:
            SaveError: the row holds NaN or infinite values.
        """
        self._check(row)
        return to_pixels(self.array[row])

    def _check(self, row: int) -> None:
        if not np.isfinite(self.array[row]).all():
            raise SaveError(
                f"row {row} holds NaN or infinite values, which no picture can show: look for extreme codes or "
                "weights, or use precision=float32; an .npy file keeps the values"
            )

    def to_pil(self, row: int = 0) -> PillowImage.Image:
        """Return one row as a Pillow image."""
        return to_pillow(self.pixels(row))

    def strip(self, axis: Literal["x", "y"] = "x", labels: Sequence[str] = (), gap: int = GAP) -> PillowImage.Image:
        """Lay all rows side by side, or one below the other, with optional labels; `gap` is in pixels."""
        return lay_strip(self._cells(labels), axis, gap)

    def grid(self, columns: int | None = None, labels: Sequence[str] = (), gap: int = GAP) -> PillowImage.Image:
        """Lay all rows in a grid of `columns` (None: about square), with optional labels; `gap` is in pixels."""
        return lay_grid(self._cells(labels), columns, gap)

    def _cells(self, labels: Sequence[str]) -> list[LabelledPicture]:
        if labels and len(labels) != self.rows:
            raise SaveError(f"there are {len(labels)} labels for {self.rows} rows: give one label for each row")
        return [LabelledPicture(self.to_pil(row), labels[row] if labels else "") for row in range(self.rows)]

    def save(
        self, path: str | Path, quality: int = QUALITY, *, scale: int = 1, resampling: Resampling = "nearest"
    ) -> list[Path]:
        """Write all rows to one `.npy` file, or each row to a `.png`, `.webp` or `.jpg` file.

        One row goes to `path` itself, several rows go to `name_000.png`, `name_001.png`, ... beside it.

        Args:
            path: the file; its ending is the format.
            quality: the quality of WebP and JPEG, 1 to 100.
            scale: the whole factor by which pictures are enlarged; arrays are not.
            resampling: the resampling of `scale`: `nearest` repeats pixels, `lanczos` interpolates.

        Returns:
            The files written.

        Raises:
            SaveError: the path has another ending, a row isn't finite, or a file can't be written.
        """
        path = Path(path)
        _check_suffix(path, *_SUFFIXES, ".npy")
        if path.suffix.lower() == ".npy":
            write_atomic(path, encode_npy(self.array))
            return [path]
        paths, kind = row_paths(path, self.rows), _SUFFIXES[path.suffix.lower()]
        for row, target in enumerate(paths):
            try:
                picture = scale_picture(self.to_pil(row), scale, resampling)
                write_atomic(target, encode_picture(picture, kind, quality=quality))
            except ValueError as error:
                raise SaveError(f"cannot write {target}: {error}") from error
        return paths

    def _repr_png_(self) -> bytes:
        """Encode all rows as one picture, for notebooks."""
        return encode_picture(visible_sheet([self.to_pil(row) for row in range(self.rows)]), "png")

    def __repr__(self) -> str:
        rows, channels, height, width = self.array.shape
        return f"{type(self).__name__}(rows={rows}, channels={channels}, height={height}, width={width})"


@dataclass(frozen=True, eq=False, repr=False)
class Image(_Pictured):
    """Rows of images: `array` is float32 [rows, channels, h, w] in [-1, 1].

    >>> Image(np.zeros((2, 3, 4, 8), np.float32))
    Image(rows=2, channels=3, height=4, width=8)
    """


@dataclass(frozen=True, eq=False, repr=False)
class MaskImage(_Pictured):
    """Rows of masks: `array` is float32 [rows, 1, h, w] in [0, 1]; 0 is drawn black."""

    def pixels(self, row: int) -> Pixels:
        """Return one row in 8 bits, [h, w, 1], rounded.

        Raises:
            SaveError: the row holds NaN or infinite values.
        """
        self._check(row)
        pixels: Pixels = np.rint(np.clip(self.array[row], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        return pixels


@dataclass(frozen=True, eq=False)
class DragReport:
    """The end of a row of a `drag` node."""

    ending: str  # arrived, stuck (no progress), lost (features of a point not found again), or steps (all are done)
    steps: int
    distance: float  # the mean distance of the points from their targets, in pixels
    trail: Array  # [times, points, 2]: where the points were, evenly over the steps, in fractions of the sides
    remedy: str | None = None  # the cure, if the ending is stuck or lost

    @property
    def points(self) -> list[tuple[float, float]]:
        """The places of the points at the end: x, y."""
        return [(float(x), float(y)) for x, y in self.trail[-1]]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        trail = np.round(self.trail.astype(np.float64), 6).tolist()
        report = {"ending": self.ending, "steps": self.steps, "distance": round(self.distance, 4), "trail": trail}
        return report | ({"remedy": self.remedy} if self.remedy else {})


@dataclass(frozen=True, eq=False)
class Latents:
    """Rows of style codes: z or w [rows, dim], w+ [rows, num_ws, w_dim], or s [rows, sum of style lengths]."""

    array: Array
    space: str
    model: str
    drags: tuple[DragReport, ...] = ()  # the drag of each row, if a `drag` node made the codes

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.array)

    def to_bytes(self) -> bytes:
        """Encode as a `.safetensors` file: the tensor `latent`, with `space` and `model` as metadata."""
        array = np.ascontiguousarray(self.array)
        entries = {"latent": (array.dtype.name, array.shape)}
        # the safetensors package writes metadata in a varying order
        return write_tensor_header(entries, {"space": self.space, "model": self.model}) + array.tobytes()

    def save(self, path: str | Path) -> list[Path]:
        """Write a `.safetensors` file, which a `latent` node can read.

        Raises:
            SaveError: the path has another ending, or the file can't be written.
        """
        path = Path(path)
        _check_suffix(path, ".safetensors")
        write_atomic(path, self.to_bytes())
        return [path]

    def __repr__(self) -> str:
        return f"Latents(space={self.space!r}, shape={self.array.shape}, model={self.model!r})"

    def _repr_html_(self) -> str:
        """Show the space, the model, and the range and length of each row, for notebooks."""
        head = "".join(f"<th>{name}</th>" for name in ("row", "least", "mean", "most", "length"))
        lines = [
            f"<tr><td>{row}</td>{''.join(f'<td>{number:.3g}</td>' for number in _summary(code))}</tr>"
            for row, code in enumerate(self.array[:_LISTED])
        ]
        more = f"<p>and {self.rows - _LISTED} more rows</p>" if self.rows > _LISTED else ""
        return f"<p>{html.escape(repr(self))}</p><table><tr>{head}</tr>{''.join(lines)}</table>{more}"


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The state of a paused forward pass: `activation` and `skip`, each [rows, channels, h, w]."""

    tensors: Mapping[str, Array]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return max((len(tensor) for tensor in self.tensors.values()), default=0)

    def preview(self) -> Image:
        """Return the root mean square of the activation over its channels, as a grey image."""
        tensor = self.tensors.get("activation", next(iter(self.tensors.values())))
        return Image(np.stack([preview_features(row) for row in tensor]))

    def to_bytes(self) -> bytes:
        """Encode as an `.npz` file with one array for each state tensor."""
        buffer = io.BytesIO()
        np.savez(buffer, **self.tensors)  # type: ignore[arg-type]  # the stub takes them for allow_pickle
        return buffer.getvalue()

    def save(self, path: str | Path) -> list[Path]:
        """Write an `.npz` file with every state tensor, or a `.png` file with the preview.

        Raises:
            SaveError: the path has another ending, or a file can't be written.
        """
        path = Path(path)
        _check_suffix(path, ".npz", ".png")
        if path.suffix.lower() == ".png":
            return self.preview().save(path)
        write_atomic(path, self.to_bytes())
        return [path]

    def _repr_png_(self) -> bytes:
        return self.preview()._repr_png_()

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}={tensor.shape}" for name, tensor in self.tensors.items())
        return f"FeatureMaps({shapes})"


Result: TypeAlias = Image | MaskImage | Latents | FeatureMaps | Photographs


class Results(dict[str, Result]):
    """The results of one graph: output name -> result.

    `baseline` has the values that a run with `keep=True` retains for later runs: pass these results as
    `since` of `run`.
    """

    baseline: Any = None

    def _repr_html_(self) -> str:
        """Show every output under its name, for notebooks."""
        return "".join(f"<h4>{html.escape(name)}</h4>{_html_of(value)}" for name, value in self.items())


def _html_of(value: Result) -> str:
    if isinstance(value, Latents):
        return value._repr_html_()
    picture = base64.b64encode(value._repr_png_()).decode("ascii")
    return f'<img alt="{html.escape(repr(value))}" src="data:image/png;base64,{picture}"/>'


def _summary(code: Array) -> tuple[float, float, float, float]:
    return float(code.min()), float(code.mean()), float(code.max()), float(np.linalg.norm(code))


def visible_sheet(pictures: Sequence[PillowImage.Image]) -> PillowImage.Image:
    """Lay pictures in a sheet about square, enlarged by a whole factor until a notebook shows their detail."""
    times = visible_scale([picture.size for picture in pictures])
    return lay_grid([LabelledPicture(scale_picture(picture, times)) for picture in pictures])


def encode_npy(array: Array) -> bytes:
    """Encode an array as an `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _check_suffix(path: Path, *known: str) -> None:
    if path.suffix.lower() not in known:
        expected = " or ".join(filter(None, (", ".join(known[:-1]), known[-1])))
        raise SaveError(f"cannot write {path}: its name must end in {expected}")
