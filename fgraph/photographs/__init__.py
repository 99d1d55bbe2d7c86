"""Photographs: crops cut out of them, and crops pasted back without any other change.

    crops      the place of a crop: a file, a frame of a film, four corners
    cutting    a crop at the size of a model
    films      the frames of a film
    pasting    crops pasted into a photograph
    results    the photographs that a graph makes
    stored     a photograph with the metadata of its file, and the file written again with both

Nothing here needs torch.
"""

from fgraph.photographs.crops import Blending, Pasting, PhotoCrop, Quad, as_quad, centred_quad
from fgraph.photographs.cutting import cut_crops, cut_quad
from fgraph.photographs.films import FilmWriter, describe_film, is_film, read_frames
from fgraph.photographs.pasting import PastedPixels, paste_patches
from fgraph.photographs.results import Photographs, PhotographStream
from fgraph.photographs.stored import StoredPhotograph, decode_stored, encode_like, read_stored

__all__ = [
    "Blending",
    "FilmWriter",
    "PastedPixels",
    "Pasting",
    "PhotoCrop",
    "PhotographStream",
    "Photographs",
    "Quad",
    "StoredPhotograph",
    "as_quad",
    "centred_quad",
    "cut_crops",
    "cut_quad",
    "decode_stored",
    "describe_film",
    "encode_like",
    "is_film",
    "paste_patches",
    "read_frames",
    "read_stored",
]
