"""A photograph as it is stored: its pixels in the orientation of the file, and its metadata."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from PIL.PngImagePlugin import PngInfo

from fgraph._imaging.choices import QUALITY
from fgraph._imaging.encode import LONGEST, over_white
from fgraph._imaging.files import open_image
from fgraph._imaging.finding import locate
from fgraph._imaging.read import in_colours, turn_of

_BACK: Final = {  # the turn that made a picture upright -> the turn back
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
_CARRIED: Final = ("exif", "icc_profile", "xmp", "dpi", "comment")
_CAMERA_TAGS: Final = (270, 271, 272, 305, 306, 315, 33432)  # description, make, model, program, time, artist, rights
_DIRECTORIES: Final = (0x8769, 0x8825)  # tags of the directories of EXIF and of GPS
_XMP: Final = "XML:com.adobe.xmp"  # the key of a text of a PNG that holds XMP


@dataclass(frozen=True, eq=False)
class StoredPhotograph:
    """A photograph, upright, with the metadata of its file."""

    picture: Image.Image  # upright; L, LA, RGB or RGBA, in the colours of the file
    turn: Image.Transpose | None = None  # how the pixels of the file were turned upright
    metadata: Mapping[str, Any] = field(default_factory=dict)  # settings of Pillow's `save`
    texts: Mapping[str, str] = field(default_factory=dict)  # texts of a PNG
    tables: Mapping[str, Any] = field(default_factory=dict)  # quantisation tables of a JPEG

    @property
    def profile(self) -> bytes | None:
        """The ICC profile of the colours."""
        return self.metadata.get("icc_profile")

    @property
    def metadata_bytes(self) -> int:
        """The bytes of the metadata and the texts."""
        values = [*self.metadata.values(), *self.texts.keys(), *self.texts.values()]
        return sum(len(one) for one in values if isinstance(one, bytes | str))

    def as_in_file(self, upright: Image.Image) -> Image.Image:
        """Return an upright picture in the orientation of the file."""
        return upright if self.turn is None else upright.transpose(_BACK.get(self.turn, self.turn))


def read_stored(file: str) -> StoredPhotograph:
    """Read a photograph with its metadata.

    Raises:
        ValueError: the file is missing, isn't a picture, or is larger than `picture_limit`.
    """
    path = locate(file)
    return _read(path, str(path))


def decode_stored(content: bytes) -> StoredPhotograph:
    """Read a photograph from the bytes of its file, as `read_stored`.

    Raises:
        ValueError: the bytes aren't a picture, or it is larger than `picture_limit`.
    """
    return _read(io.BytesIO(content), "the picture")


def _read(source: Path | io.BytesIO, name: str) -> StoredPhotograph:
    try:
        with open_image(source, bytes_per_pixel=3) as opened:
            picture = in_colours(opened)
            turn = turn_of(opened)
            texts = {key: str(value) for key, value in getattr(opened, "text", {}).items() if key != _XMP}
            return StoredPhotograph(
                picture if turn is None else picture.transpose(turn), turn, _metadata(opened, picture), texts,
                _tables(opened),
            )  # fmt: skip
    except Exception as error:  # decoders raise errors of many types
        raise ValueError(f"{name} cannot be read as an image: {error}") from error


def _metadata(opened: Image.Image, picture: Image.Image) -> dict[str, Any]:
    found = {name: opened.info[name] for name in _CARRIED if opened.info.get(name)}
    if "exif" not in found and opened.getexif():  # EXIF of a TIFF
        found["exif"] = _camera_tags(opened.getexif())
    if "icc_profile" in found and not picture.info.get("icc_profile"):
        del found["icc_profile"]  # the colours were converted to sRGB
    if isinstance(found.get("comment"), str):
        found["comment"] = found["comment"].encode()
    if isinstance(gamma := opened.info.get("gamma"), float):
        found["gamma"] = gamma
    return found


def _camera_tags(exif: Image.Exif) -> bytes:
    """Return the tags of a TIFF that do not concern the layout of its pixels."""
    kept = Image.Exif()
    for tag in _CAMERA_TAGS:
        if tag in exif:
            kept[tag] = exif[tag]
    for directory in _DIRECTORIES:
        kept.get_ifd(directory).update(exif.get_ifd(directory))
    return kept.tobytes()


def _tables(opened: Image.Image) -> dict[str, Any]:
    if not isinstance(opened, JpegImageFile):
        return {}
    sampling = get_sampling(opened)
    return {"qtables": opened.quantization} | ({"subsampling": sampling} if sampling >= 0 else {})


def encode_like(
    source: StoredPhotograph,
    upright: Image.Image,
    kind: str,
    text: Mapping[str, str] | None = None,
    quality: int = QUALITY,
) -> bytes:
    """Encode a picture with the orientation and the metadata of a photograph.

    Args:
        source: the photograph.
        upright: the picture.
        kind: png, webp or jpeg. A JPEG keeps the quantisation of an original JPEG.
        text: key -> text, which a PNG stores. WebP and JPEG keep the EXIF data of the photograph instead.
        quality: the quality of WebP and JPEG, 1 to 100; WebP at 100 is lossless.

    Raises:
        ValueError: the picture has more pixels per side than the format allows.
    """
    if max(upright.size) > LONGEST.get(kind, max(upright.size)):
        raise ValueError(f"{kind} holds {LONGEST[kind]} pixels a side, this picture has {max(upright.size)}: write png")
    picture = source.as_in_file(upright)
    picture.info.clear()
    settings = {name: value for name, value in source.metadata.items() if name not in ("gamma", "comment")}
    if kind == "png":
        settings["pnginfo"] = _png_info(source, text or {})
        xmp = settings.pop("xmp", None)
        if xmp:
            settings["pnginfo"].add_itxt(_XMP, xmp.decode("utf-8", "replace"))
    elif kind == "jpeg":
        picture = over_white(picture.convert("RGBA")) if picture.mode in ("LA", "RGBA") else picture
        settings |= source.tables or {"quality": quality, "subsampling": 0 if quality >= QUALITY else 2}
        settings |= {"comment": source.metadata["comment"]} if "comment" in source.metadata else {}
    else:
        picture = picture.convert({"L": "RGB", "LA": "RGBA"}.get(picture.mode, picture.mode))
        settings |= {"quality": quality, "lossless": quality == 100}
        settings.pop("dpi", None)
    buffer = io.BytesIO()
    picture.save(buffer, format=kind.upper(), **settings)
    return buffer.getvalue()


def _png_info(source: StoredPhotograph, text: Mapping[str, str]) -> PngInfo:
    info = PngInfo()
    if "gamma" in source.metadata:
        info.add(b"gAMA", struct.pack(">I", round(source.metadata["gamma"] * 100_000)))
    for key, value in {**source.texts, **text}.items():
        info.add_text(key, value)
    return info
