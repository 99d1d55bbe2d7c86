"""Images in the step interpreter: blends, overlays, text and pastes, by numpy and Pillow alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageColor, ImageDraw, ImageFont
from torch import Tensor

from fgraph._geometry import fraction
from tests.paths import ROOT
from tests.step_interpreter import Draw, as_tensor

_FONT = ROOT / "fgraph/_imaging/dejavu/DejaVuSans.ttf"
_ANCHORS = {"top left": "la", "centre": "mm", "bottom": "md", "bottom right": "rd"}


def mixed(a: Tensor, b: Tensor, alpha: Draw) -> Tensor:
    """Return (1 - α) a + α b of images [1, 3, h, w]."""
    weight = as_tensor(alpha(*a.shape[-2:]))
    return a * (1 - weight) + b * weight


def overlaid(image: Tensor, alpha: Draw, colour: str, strength: float) -> Tensor:
    """Return an image with a colour over it, as strong as a mask."""
    return mixed(image, plain(colour, image), lambda height, width: strength * alpha(height, width))


def plain(colour: str, like: Tensor) -> Tensor:
    levels = np.array(ImageColor.getrgb(colour), np.float32) / 127.5 - 1
    return torch.from_numpy(levels)[None, :, None, None].expand_as(like)


def lettered(image: Tensor, node: Any, row: int) -> Tensor:
    """Return an image with the text of a row: its outline first, then its letters."""
    at = {name: one[min(row, len(one) - 1)] for name, one in node.per_row_fields().items()}
    for name, stroke in (("outline", 1 / 12), ("colour", 0)):
        if at[name] is not None:
            image = overlaid(image, letters(at, _ANCHORS[node.anchor], stroke), at[name], at["opacity"])
    return image


def letters(at: dict[str, Any], anchor: str, stroke: float) -> Draw:
    def draw(height: int, width: int) -> Any:
        size = max(1.0, at["size"] * height)
        font = ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.BASIC)
        picture = Image.new("L", (width, height))
        ImageDraw.Draw(picture).multiline_text(
            (at["at"][0] * width, at["at"][1] * height), at["text"], 255, font, anchor=anchor,
            align={"l": "left", "m": "center", "r": "right"}[anchor[0]], spacing=0.2 * size, stroke_width=stroke * size,
        )  # fmt: skip
        return np.asarray(picture) / 255

    return draw


def pasted(inputs: dict[str, list[Any]], node: Any) -> dict[str, Tensor]:
    """Return the images that are pasted into a photograph, [1, channels + 1, h, w], and the crops before the edit."""
    of, onto = inputs["of"][0], inputs["onto"][0]
    height, width = of.shape[-2:]
    down, across = (_rim(length, node, min(height, width)) for length in (height, width))
    mask = np.outer(down, across) * (inputs["mask"][0](height, width) if "mask" in inputs else 1)
    alpha = as_tensor(mask).expand(1, 1, height, width)
    colours = of - inputs["inverted"][0] if node.blend == "difference" else of
    patch = torch.cat([colours if node.blend == "poisson" else alpha * colours, alpha], dim=1)
    before = {"crop": onto, "inverted": inputs["inverted"][0]} if "inverted" in inputs else {}
    return {"patch": patch, **before}


def _rim(length: int, node: Any, shorter: int) -> Any:
    """Return the weights along a side: 0 at its ends, up to 1 over the feather, from the erosion on."""
    middles = (np.arange(length) + 0.5) / length
    ends = np.minimum(middles, 1 - middles) * length / shorter
    return np.clip((ends - node.erode) / node.feather, 0, 1).astype(np.float32)


def knitted(images: list[Tensor], node: Any) -> list[Tensor]:
    """Join images into one: each gives the part from start to stop, the first and the last also their outer parts."""
    dim = 3 if node.axis == "x" else 2
    if len(images) == 1:
        return images
    length = images[0].shape[dim]
    start, stop = int(fraction(node.start) * length), int(fraction(node.stop) * length)
    cut = [image.narrow(dim, start, stop - start) for image in images]
    first, last = images[0].narrow(dim, 0, stop), images[-1].narrow(dim, start, length - start)
    return [torch.cat([first, *cut[1:-1], last], dim)]
