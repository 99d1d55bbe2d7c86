"""The photographs that a graph makes, held as crops with the pixels to paste, until a file is written.

`Photographs` holds the pixels of all crops. `PhotographStream` makes them on demand, some at a time, so
that the memory that a film takes does not grow with its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgraph._atomic import write_atomic
from fgraph._cached import cached_property
from fgraph._errors import SaveError
from fgraph._imaging.choices import QUALITY
from fgraph._imaging.encode import encode_picture
from fgraph._paths import row_paths
from fgraph.photographs.crops import Pasting, PhotoCrop
from fgraph.photographs.films import FrameReader
from fgraph.photographs.pasting import PastedPixels, paste_patches
from fgraph.photographs.stored import StoredPhotograph, encode_like, read_stored

_KINDS = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
_SHOWN = 1024  # pixels of the longer side in a notebook


class _Pasted:
    """The photographs of crops.

    Consecutive crops of one photograph, such as several faces, are pasted into one result. A crop that occurs again,
    such as for another strength of an edit, begins another result.
    """

    pasting: Pasting

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The crops of each photograph, by number."""
        found: list[list[int]] = []
        crops = self.pasting.crops
        for number, crop in enumerate(crops):
            last = found[-1] if found else []
            seen = {crops[one] for one in last}
            if last and crops[last[0]].source == crop.source and crop not in seen:
                last.append(number)
            else:
                found.append([number])
        return tuple(map(tuple, found))

    @property
    def rows(self) -> int:
        """The number of photographs."""
        return len(self.members)

    def crop_of(self, row: int) -> PhotoCrop:
        """Return the first crop of a photograph."""
        return self.pasting.crops[self.members[row][0]]

    @cached_property
    def films(self) -> tuple[str, ...]:
        """The films whose frames are among the photographs, each once."""
        crops = (self.crop_of(row) for row in range(self.rows))
        return tuple(dict.fromkeys(crop.file for crop in crops if crop.frame is not None))


@dataclass(frozen=True, eq=False)
class Photographs(_Pasted):
    """Photographs with edited crops in them."""

    patches: NDArray[np.float32]  # [crops, channels + 1, height, width]; see `PastedPixels`
    pasting: Pasting
    facts: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # other facts about each crop

    def parts(self) -> Iterator[Photographs]:
        """Yield all photographs in one part; a stream yields them in several."""
        yield self

    @property
    def damaged_rows(self) -> list[int]:
        """The photographs whose crops hold NaN or infinite values, which no picture can show."""
        return [row for row, numbers in enumerate(self.members) if not np.isfinite(self.patches[list(numbers)]).all()]

    def of_row(self, row: int) -> Photographs:
        """Return one photograph."""
        numbers = list(self.members[row])
        crops = tuple(self.pasting.crops[number] for number in numbers)
        facts = {name: values[numbers] for name, values in self.facts.items()}
        return Photographs(self.patches[numbers], replace(self.pasting, crops=crops), facts)

    def to_pil(self, row: int = 0) -> Image.Image:
        """Return a photograph with its crops pasted, upright.

        Raises:
            ValueError: the photograph cannot be read.
        """
        return self._paste(row, self._stored(row))

    def encode(self, row: int, kind: str, text: Mapping[str, str] | None = None, quality: int = QUALITY) -> bytes:
        """Encode a photograph with the metadata of its file; see `encode_like`.

        Raises:
            ValueError: the photograph cannot be read, or is too large for the format.
        """
        stored = self._stored(row)
        return encode_like(stored, self._paste(row, stored), kind, text, quality)

    def save(self, path: str | Path, quality: int = QUALITY) -> list[Path]:
        """Write each photograph to a `.png`, `.webp` or `.jpg` file, as `fgraph.Image.save` names them.

        Only PNG, and WebP of quality 100, keep every pixel outside of the crops.

        Raises:
            SaveError: the path has another ending, or a file cannot be read or written.
        """
        path = Path(path)
        kind = _KINDS.get(path.suffix.lower())
        if kind is None:
            raise SaveError(f"cannot write {path}: its name must end in {', '.join(_KINDS)}")
        paths = row_paths(path, self.rows)
        for row, target in enumerate(paths):
            try:
                write_atomic(target, self.encode(row, kind, quality=quality))
            except ValueError as error:
                raise SaveError(f"cannot write {target}: {error}") from error
        return paths

    def into_frame(self, row: int, frame: Image.Image) -> Image.Image:
        """Return a frame of a film with the crops of a row pasted into it."""
        return self._paste(row, StoredPhotograph(frame))

    @cached_property
    def _frames(self) -> FrameReader:
        return FrameReader()

    def _stored(self, row: int) -> StoredPhotograph:
        crop = self.crop_of(row)
        return (
            read_stored(crop.file) if crop.frame is None else StoredPhotograph(self._frames.read(crop.file, crop.frame))
        )

    def _paste(self, row: int, stored: StoredPhotograph) -> Image.Image:
        shape = self.patches.shape[2], self.patches.shape[3]
        patches = [
            PastedPixels(self.patches[number], self.pasting.crops[number].corners(stored.picture.size, shape))
            for number in self.members[row]
        ]
        return paste_patches(stored, patches, self.pasting.how)

    def _repr_png_(self) -> bytes:
        """Encode the first photograph at a size for notebooks."""
        picture = self.to_pil()
        picture.thumbnail((_SHOWN, _SHOWN))
        return encode_picture(picture, "png")

    def __repr__(self) -> str:
        names = dict.fromkeys(Path(crop.file).name for crop in self.pasting.crops)
        return f"Photographs(rows={self.rows}, {', '.join(names)})"


@dataclass(frozen=True, eq=False)
class PhotographStream(_Pasted):
    """Photographs that are made on demand, some at a time."""

    pasting: Pasting
    make: Callable[[int, int], Photographs]  # (start, stop), numbers of crops -> their photographs
    together: int  # number of crops made at once; crops of one photograph stay together

    def parts(self) -> Iterator[Photographs]:
        """Yield the photographs in several parts; each iteration over the parts makes them again."""
        start = stop = 0
        for numbers in self.members:
            stop = numbers[-1] + 1
            if stop - start >= self.together:
                yield self.make(start, stop)
                start = stop
        if start < stop:
            yield self.make(start, stop)
