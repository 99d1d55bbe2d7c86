"""Films of pasted photographs, written frame by frame while their frames are made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from fgraph._errors import SaveError
from fgraph._paths import row_paths
from fgraph.photographs import FilmWriter, Photographs
from fgraph.save.record import Record


class Films:
    """A writer of the films of an output, one after the other, while their frames are made."""

    def __init__(self, folder: Path, output: str, files: Sequence[str], record: Record) -> None:
        paths = row_paths(Path(f"{output}.mp4"), len(files))
        self.names = {file: path.name for file, path in zip(files, paths, strict=True)}
        self._folder = folder
        self._comment = json.dumps(record.to_text())
        self._writers: dict[str, FilmWriter] = {}
        self._written: dict[str, Path] = {}

    def __enter__(self) -> Films:
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def put(self, part: Photographs, row: int) -> None:
        """Write a photograph if it is a frame of a film.

        Raises:
            SaveError: the film cannot be decoded, or its frames do not come in order.
        """
        crop = part.crop_of(row)
        if crop.frame is None or crop.file not in self.names:
            return
        if crop.file not in self._writers:
            self._finish()
        name, frame = self.names[crop.file], crop.frame
        try:
            if crop.file not in self._writers:
                self._written[crop.file] = self._folder / f"{name}.part"
                self._writers[crop.file] = FilmWriter(crop.file, self._written[crop.file], self._comment)
            self._writers[crop.file].put(frame, lambda picture: part.into_frame(row, picture))
        except ValueError as error:
            raise SaveError(f"cannot write {name}: {error}") from error

    def finish(self) -> Iterator[tuple[str, None, Path]]:
        """Yield the name and the file of each film."""
        self._finish()
        yield from ((self.names[file], None, path) for file, path in self._written.items())

    def _finish(self) -> None:
        for file, writer in self._writers.items():
            try:
                writer.finish()
            except ValueError as error:
                raise SaveError(f"cannot write {self.names[file]}: {error}") from error
