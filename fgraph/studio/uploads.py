"""Uploads of the page: graph files, pictures that hold a graph, and pictures, which are encoded again.

Nothing of an upload is kept as it came, and nothing in it names a file of this machine: the studio gives the names. Of
a photograph that is edited, the metadata that `paste` keeps are written again beside the pixels; other pictures have
none.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image

from fgraph import _limits
from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError
from fgraph._imaging.encode import encode_picture
from fgraph._imaging.files import open_image
from fgraph._imaging.read import to_rgb
from fgraph.declare.graph_file import parse_graph
from fgraph.photographs import decode_stored, encode_like
from fgraph.save.restoring import restore

Use: TypeAlias = Literal["any", "image", "photo"]


@dataclass(frozen=True)
class Upload:
    """An upload: a graph with its text, or a picture with its file and size."""

    id: str
    kind: Literal["graph", "image"]
    text: str = ""
    path: Path | None = None
    width: int | None = None
    height: int | None = None


class Uploads:
    """The uploads of a launch, and the pictures of earlier ones.

    Args:
        folder: where pictures go; their names are digests of their content.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Upload] = {}

    def get(self, upload: str) -> Upload | None:
        """Return an upload by its id, or None."""
        return self._known.get(upload)

    def add(self, content: bytes, use: Use = "any") -> Upload:
        """Read an upload.

        Args:
            content: the file.
            use: any; image, to ignore a graph in the picture; photo, the same, and to store the metadata.

        Raises:
            FgraphError: it is neither a graph nor a picture, or exceeds a bound.
        """
        if len(content) > _limits.STUDIO_UPLOAD:
            raise FgraphError(f"the file has more than {_limits.STUDIO_UPLOAD} bytes")
        made = self._picture(content, use) if _is_picture(content) else self._graph(content)
        if len(self._known) >= _limits.STUDIO_CHANGES:
            self._known.pop(next(iter(self._known)))
        self._known[made.id] = made
        return made

    def _picture(self, content: bytes, use: Use) -> Upload:
        """Return the graph that a picture holds, or the picture, encoded again."""
        graph = self._record(content) if use == "any" else None
        if graph is not None:
            return Upload(_digest(content), "graph", graph)
        picture, encoded = _as_photograph(content) if use == "photo" else _as_pixels(content)
        upload = _digest(encoded)
        path = self.folder / f"{upload}.png"
        if not path.exists():
            write_atomic(path, encoded)
        return Upload(upload, "image", "", path, picture.width, picture.height)

    @staticmethod
    def _record(content: bytes) -> str | None:
        """Return the graph that fgraph wrote into a picture, or None."""
        try:
            return restore(content)[0].graph
        except FgraphError:
            return None

    @staticmethod
    def _graph(content: bytes) -> Upload:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FgraphError("the file is neither a picture nor text in UTF-8") from error
        if len(text) > _limits.STUDIO_MESSAGE:
            raise FgraphError(f"the text has more than {_limits.STUDIO_MESSAGE} characters")
        document = parse_graph(text)
        if not isinstance(document.data, dict):
            reason = document.faults[0].message if document.faults else "expected a mapping at its root"
            raise FgraphError(f"the file is not a graph: {reason}")
        return Upload(_digest(content), "graph", text)


def _as_pixels(content: bytes) -> tuple[Image.Image, bytes]:
    """Return a picture in RGB and its PNG, without metadata."""
    try:
        with open_image(io.BytesIO(content), bytes_per_pixel=3) as opened:
            picture = to_rgb(opened)
    except Exception as error:  # decoders raise errors of many types
        raise FgraphError(f"the picture cannot be read: {error}") from error
    return picture, encode_picture(picture, "png")


def _as_photograph(content: bytes) -> tuple[Image.Image, bytes]:
    """Return an upright photograph, and its PNG with every pixel as the file has it and with its metadata."""
    try:
        stored = decode_stored(content)
        if stored.metadata_bytes > _limits.STUDIO_METADATA:
            raise FgraphError(f"the metadata of the picture take more than {_limits.STUDIO_METADATA >> 20} MiB")
        return stored.picture, encode_like(stored, stored.picture, "png")
    except ValueError as error:
        raise FgraphError(str(error)) from error


def _is_picture(content: bytes) -> bool:
    try:
        with open_image(io.BytesIO(content), bounded=False):
            return True
    except Exception:  # as above; a graph file raises PictureError
        return False


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
