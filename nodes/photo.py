"""`photo`: crops of photographs, which `paste` puts back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph import _limits
from fgraph._errors import FgraphError
from fgraph._imaging.finding import find_pictures, locate
from fgraph._paths import expanded
from fgraph._ports import Kind
from fgraph.faces import Detector, FaceChoice, Landmarks, Which
from fgraph.faces.crops import Cropping, CropStyle
from fgraph.ir.ops import Cut
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image
from fgraph.node import FILE, Data, Node
from fgraph.photographs import PhotoCrop
from nodes.image import Side

Point = tuple[float, float]
_MOST_FRAMES = 1 << 31  # frames of a film: years
Frame = Annotated[int, Field(ge=-_MOST_FRAMES, le=_MOST_FRAMES)]
Sigma = Annotated[float, Field(ge=0, le=1000)]


class Photo(Node):
    """Crops of photographs or of a film at the size of a model, one per row, which `paste` puts back.

    Faces are cropped exactly as in FFHQ, by landmarks that a detector finds or that you give. A folder stands for the
    pictures in it; pictures without a face are skipped with a warning. Each frame of a film is a row, and the crop is
    smoothed over time. See docs/how-to/photographs.md.
    """

    op: Literal["photo"] = "photo"
    produces: ClassVar[Kind] = Kind.IMAGE

    file: Data[str | Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        description="a photograph, a film, a folder of photographs, or a list of these", json_schema_extra=FILE
    )
    align: Data[CropStyle] = Field(
        "none",
        description="none crops the middle; ffhq, ffhqu (upright) and stylegan3-editing align faces as in FFHQ; "
        "corners crops by points",
    )
    face: Data[Literal["largest", "all"] | Annotated[int, Field(ge=0, lt=_limits.ROWS)]] = Field(
        "largest", description="which face: the largest, all as rows, or a number, 0 for the largest"
    )
    detector: Data[Detector] = Field(
        "mtcnn", description="mtcnn (extra faces), or dlib68 (extra faces68), whose weights exclude commercial use"
    )
    points: Data[tuple[Point, ...] | tuple[tuple[Point, ...], ...] | None] = Field(
        None,
        description="landmarks by hand, [x, y] in pixels, of one face or a list for each face: 4 (the eyes, then the "
        "corners of the mouth, left ones first), 5 (with the nose between them) or 68; for align corners: upper left, "
        "lower left, lower right, upper right",
    )
    landmarks: Data[str | None] = Field(
        None,
        description="a JSON file that maps the name of a picture to such points of each face; for align corners also "
        "STIT's .pt of quads",
        json_schema_extra=FILE,
    )
    frames: Data[tuple[Frame, Frame, Annotated[int, Field(ge=1, le=_MOST_FRAMES)]] | None] = Field(
        None, description="for a film: the first frame, the one after the last, and the step; default: all frames"
    )
    smooth: Data[tuple[Sigma, Sigma]] = Field(
        (1.0, 3.0),
        description="for a film: σ, in frames, of the blur over time of the crop's centre and of its sides; 0: no blur",
    )
    size: Side | tuple[Side, Side] | None = Field(
        None, description="the size in pixels: a side, or [height, width]; default: the size of the model's images"
    )
    model: str | None = Field(None, description="the model that gives the size, and RGB or grey; default: main")

    @model_validator(mode="after")
    def _points_fit(self) -> Photo:
        if self.points is not None and self.align == "none":
            raise ValueError(
                "points: landmarks need align: ffhq, ffhqu or stylegan3-editing, and corners need align: corners"
            )
        _ = self.cropping
        return self

    @property
    def cropping(self) -> Cropping:
        """The way in which the crops are found.

        Raises:
            ValueError: the points are not landmarks.
        """
        by_hand = self.points if self.align != "corners" else None
        which: Which = self.face
        choice = FaceChoice(which, self.detector, None, None if by_hand is None else Landmarks.of_faces(by_hand))
        corners = self.points if self.align == "corners" else None
        return Cropping(self.align, choice, self.landmarks, corners, self.frames, self.smooth)

    def crops(self) -> tuple[PhotoCrop, ...]:
        """Return the crops. Faces are detected again only if a file has changed.

        Raises:
            ValueError: a file cannot be read or shows no face, or the packages of the detector are not installed.
        """
        files = self.file if isinstance(self.file, tuple) else (self.file,)
        try:
            known = [] if self.landmarks is None else [_stamp(self.landmarks, "file of landmarks")]
            return _find(self.cropping, files, (*map(_stamp, files), *known))
        except FgraphError as error:  # a graph reports a ValueError as a fault of its node
            raise ValueError(str(error)) from error

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.crops())

    def lower(self, build: Build, inputs: Inputs) -> Image:
        table = build.table(inputs.model(self.model))
        side = table.size if self.size is None else self.size
        height, width = side if isinstance(side, tuple) else (side, side)
        crops = tuple(crop for member in inputs.members for crop in member.node.crops())
        op = Cut(height, width, 1 if table.image_channels == 1 else 3)
        return Image(build.emit(op, params=crops), height, width, crops)


@lru_cache(maxsize=64)
def _find(cropping: Cropping, files: tuple[str, ...], stamps: tuple[object, ...]) -> tuple[PhotoCrop, ...]:
    return cropping.find(files)


def _stamp(file: str, what: str = "picture") -> object:
    """Return a value that changes when the file, or a picture in the folder, changes."""
    place = expanded(file)
    paths: list[Path] = find_pictures(place) if place.is_dir() else [locate(file, what)]
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
