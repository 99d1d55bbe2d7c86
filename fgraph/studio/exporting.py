"""Files to download: the viewed output as a picture, a film of its rows, or a large TIFF."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fgraph._atomic import write_atomic
from fgraph._errors import RunError, SaveError
from fgraph._imaging.encode import encode_picture
from fgraph._paths import is_device
from fgraph._results import Image, MaskImage, Result
from fgraph.declare import Graph
from fgraph.photographs import Photographs
from fgraph.save.formats import check_formats
from fgraph.save.recording import record_graph
from fgraph.save.video import VideoOptions, encode_video
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Engine
from fgraph.studio.messages import FileReady, requests
from fgraph.studio.pictures import to_picture
from fgraph.studio.session import Session

_FORMATS = ("png", "webp", "gif", "mp4", "tiff")
_ENDINGS = {"tiff": "tif"}
_LOSSLESS = 100  # the quality of a WebP without loss
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class Exports:
    """The files of this launch, by id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Path] = {}

    def get(self, file: str) -> Path | None:
        """Return the path of a finished file, or None."""
        path = self._known.get(file)
        return path if path is not None and path.is_file() else None

    def place(self, title: str, kind: str) -> tuple[str, Path]:
        """Return the id and the path of a new file."""
        file = secrets.token_hex(8)
        name = _UNSAFE.sub("_", title)[:80]
        name = "export" if not name or is_device(name) else name
        self._known[file] = self._folder / file / f"{name}.{_ENDINGS.get(kind, kind)}"
        return file, self._known[file]


def writable_formats() -> list[str]:
    """Return the formats that this installation can write."""
    return [name for name in _FORMATS if _is_writable(name)]


def _is_writable(name: str) -> bool:
    try:
        check_formats([name])
    except SaveError:
        return False
    return True


@dataclass
class ExportJob:
    """A job that runs the whole graph, as the command line does, and writes one output."""

    revision: int
    id: str
    path: Path
    graph: Graph
    output: str
    row: int
    request: requests.Export

    @classmethod
    def of(cls, session: Session, request: requests.Export, exports: Exports) -> ExportJob:
        """Return the job of a request.

        Raises:
            FgraphError: the graph has a fault, or the format cannot be written here.
        """
        check_formats([request.format])
        reading, view = session.reading, session.view
        output = request.output or view.output
        if reading.faults or output is None:
            raise Refused("the graph has faults: correct them first")
        if output not in reading.spec.outputs:
            raise Refused(f"there is no output '{output}'")
        title = f"{session.state.title}_{output}"
        return cls(
            session.revision,
            *exports.place(title, request.format),
            Graph.from_spec(reading.spec),
            output,
            view.row if output == view.output else 0,
            request,
        )

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield the run with the writing of the file."""
        yield partial(self._run, engine)

    def _run(self, engine: Engine) -> None:
        record = record_graph(self.graph, {"precision": engine.options.precision})
        if self.request.format == "tiff":
            from fgraph.api.large import save_large

            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_large(self.graph, self.path, self.output, record=record, **engine.options.keywords)
        else:
            spec = replace(self.graph.spec, outputs={self.output: self.graph.spec.outputs[self.output]})
            result = engine.run(engine.compile([spec]))[0][self.output]
            if self.request.format in ("gif", "mp4"):
                if not isinstance(result, Image | MaskImage):
                    raise RunError("only images and masks make films")
                options = VideoOptions(fps=self.request.fps)
                content = encode_video(result, self.request.format, options, record.to_text())
            else:
                text = record.for_row(min(self.row, result.rows - 1)).to_text()
                content = _encode(result, self.row, self.request.format, text)
            write_atomic(self.path, content)
        engine.emit(FileReady(file=self.id, name=self.path.name, bytes=self.path.stat().st_size))


def _encode(result: Result, row: int, kind: str, text: Mapping[str, str]) -> bytes:
    """Encode a row without loss; a photograph at its own size, with the metadata of its file.

    Raises:
        RunError: a photograph cannot be read, or is too large for the format.
    """
    if not isinstance(result, Photographs):
        return encode_picture(to_picture(result, row), kind, text, _LOSSLESS)
    try:
        return result.encode(min(row, result.rows - 1), kind, text, _LOSSLESS)
    except ValueError as error:
        raise RunError(str(error)) from error
