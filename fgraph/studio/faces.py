"""The faces in a photograph, for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from fgraph._errors import FgraphError
from fgraph._imaging.finding import locate
from fgraph._imaging.read import open_picture
from fgraph._paths import expanded
from fgraph.faces import Landmarks, find_faces, read_landmarks
from fgraph.photographs import is_film
from fgraph.studio.editing import Refused
from fgraph.studio.engine import Engine
from fgraph.studio.messages import FacesEvent, Thumbnail, requests
from fgraph.studio.pictures import SHOWN, Binary, encode_preview, thumbnail
from fgraph.studio.session import Session
from nodes.photo import Photo


@dataclass
class FacesJob:
    """A job that finds the faces of the photograph that a node reads, and sends them with the photograph, reduced."""

    revision: int
    request: requests.Faces
    node: Photo

    @classmethod
    def of(cls, session: Session, request: requests.Faces) -> FacesJob:
        """Return the job of a request.

        Raises:
            FgraphError: the node reads no single photograph.
        """
        node = session.reading.spec.nodes.get(request.node)
        if not isinstance(node, Photo):
            raise Refused(f"'{request.node}' is not a photograph", request.node)
        if not isinstance(node.file, str) or is_film(node.file) or expanded(node.file).is_dir():
            raise Refused("faces are shown for one photograph at a time: choose one", request.node, "file")
        return cls(session.revision, request, node)

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield the search."""
        yield partial(self._find, engine)

    def _find(self, engine: Engine) -> None:
        file, detector = str(self.node.file), self.request.detector
        try:
            picture = open_picture(file)
        except ValueError as error:
            raise FgraphError(str(error)) from error
        small = thumbnail(picture, SHOWN)
        content, mime = encode_preview(small)
        engine.emit(
            Binary(
                Thumbnail(
                    sheet="photo", key=self.request.node, re=self.request.id, values=[], width=picture.width,
                    height=picture.height, mime=mime,
                ),
                content,
            )
        )  # fmt: skip
        message = None
        try:
            faces = self._known() or find_faces(picture, detector)
        except FgraphError as error:
            faces, message = [], str(error)
        engine.emit(
            FacesEvent(
                node=self.request.node,
                detector=detector,
                width=picture.width,
                height=picture.height,
                faces=[[(float(x), float(y)) for x, y in face.points] for face in faces],
                message=message,
            )
        )

    def _known(self) -> list[Landmarks]:
        """Return the faces that the file of landmarks of the node has for the photograph."""
        if self.node.landmarks is None or self.node.align == "corners":
            return []
        name = locate(str(self.node.file)).name
        return list(read_landmarks(locate(self.node.landmarks, "file of landmarks")).get(name, []))
