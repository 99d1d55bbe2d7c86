"""Masks of the parts of an aligned face.

`ffhq`: the alignment of FFHQ (Karras et al. 2019, appendix A) crops a square of side max(4 |eye to eye|, 3.6 |eyes to
mouth|), centred a tenth of the way from the eyes to the mouth. So landmarks have nearly fixed positions: the eyes at
(0.377, 0.469) and (0.623, 0.469), the corners of the mouth at (0.393, 0.725) and (0.611, 0.725), the tip of the nose at
(0.501, 0.613). The masks are drawn around them. `avatar`: where `examples/training/heads.py` paints the heads that the
bundled models learned from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fgraph.masks import Box, Ellipse, MaskExpr, combine, complement, product

FaceRegion = Literal["eyes", "nose", "mouth", "face", "hair", "left_half", "right_half"]
Framing = Literal["ffhq", "avatar"]

_Oval = tuple[float, float, float, float]  # centre x, y, radii along x, y: fractions of the canvas

_OVALS: Mapping[Framing, Mapping[str, tuple[_Oval, ...]]] = {
    "ffhq": {
        "eyes": ((0.377, 0.462, 0.1, 0.065), (0.623, 0.462, 0.1, 0.065)),
        "nose": ((0.501, 0.575, 0.075, 0.1),),
        "mouth": ((0.502, 0.735, 0.145, 0.075),),
        "face": ((0.5, 0.6, 0.245, 0.335),),
        "head": ((0.5, 0.44, 0.47, 0.46),),  # the head with its hair
    },
    "avatar": {
        "eyes": ((0.411, 0.505, 0.085, 0.075), (0.589, 0.505, 0.085, 0.075)),
        "nose": ((0.5, 0.61, 0.055, 0.05),),
        "mouth": ((0.5, 0.7, 0.125, 0.06),),
        "face": ((0.5, 0.585, 0.205, 0.215),),
        "head": ((0.5, 0.5, 0.33, 0.4),),
    },
}
_MIDDLE = 0.5  # x of the line between the halves, in both framings


def face_region(region: FaceRegion, framing: Framing) -> MaskExpr:
    """Return a mask of a part of the face; left and right are as seen in the picture."""
    if region == "left_half":
        return Box((0, 0, _MIDDLE, 1))
    if region == "right_half":
        return Box((_MIDDLE, 0, 1, 1))
    if region == "hair":
        return product(_drawn(framing, "head"), complement(_drawn(framing, "face")))
    return _drawn(framing, region)


def _drawn(framing: Framing, name: str) -> MaskExpr:
    return combine(
        "max", *(Ellipse((x, y), (radius_x, radius_y)) for x, y, radius_x, radius_y in _OVALS[framing][name])
    )
