"""Checkpoints of MMGeneration and MMagic (`constant_input.input`, `style_mapping.1.linear.weight_orig`). Without torch.

The names of tensors differ from rosinality's; the layers are the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.families.state_dict import StateDict

if TYPE_CHECKING:
    from torch import Tensor

_NAMES = (  # (a pattern of MMGeneration's names, rosinality's name)
    (r"^constant_input\.", "input."),
    (r"^style_mapping\.(\d+)\.(?:linear\.)?", r"style.\1."),
    (r"\.style_modulation\.(?:linear\.)?", ".modulation."),
    (r"\.noise_injector\.", ".noise."),
    (r"^injected_noise_(\d+)$", r"noises.noise_\1"),
    (r"\.weight_orig$", ".weight"),
)
_LONGEST = 200_000  # characters of a configuration
_OUTPUT = re.compile(r"output_channel_order\s*=\s*'(rgb|bgr)'", re.IGNORECASE)
_PIPELINE = re.compile(r"^train_pipeline\s*=", re.MULTILINE)
_LOADED_AS_RGB = re.compile(r"channel_order\s*=\s*'rgb'", re.IGNORECASE)
_COLOURS = re.compile(r"to_rgb(?:1|s\.\d+)\.(?:conv\.weight|bias)")


def read_mmgeneration(state: StateDict) -> Contents:
    """Return the contents of a checkpoint of MMGeneration or MMagic, whose colours become RGB.

    Raises:
        ModelError: the tensors do not make a generator.
    """
    renamed = state.renamed(_NAMES)
    order, assumed = _colours(state.beside("meta"))
    changes = {name: _swap for name in renamed.tensors if order == "BGR" and _COLOURS.fullmatch(name)}
    return state.contents(read_rosinality(renamed, "mmgeneration", changes), *assumed)


def _colours(meta: Any) -> tuple[str, list[str]]:
    """Return the order of colours of a generator, and the assumptions behind it.

    A training stores the text of its configuration: pictures are loaded as BGR, unless the training pipeline says
    otherwise. Without that text, a stored iteration number means that a training wrote the file, since a network
    converted from RGB stores none.
    """
    if type(meta) is not dict:
        return "RGB", ["its images are in RGB"]
    text = next((meta[key] for key in ("config", "cfg") if type(meta.get(key)) is str), "")[:_LONGEST]
    if stated := _OUTPUT.search(text):
        return stated[1].upper(), []
    if pipeline := _PIPELINE.search(text):
        steps = text[pipeline.end() :].split("_pipeline", 1)[0]
        swaps = "to_rgb=True" in steps
        return ("BGR" if swaps == bool(_LOADED_AS_RGB.search(steps)) else "RGB"), []
    if any(type(meta.get(key)) is int and meta[key] > 0 for key in ("iter", "epoch")):
        return "BGR", ["it was trained in BGR, which fgraph turns into RGB"]
    return "RGB", ["its images are in RGB"]


def _swap(value: Tensor) -> Tensor:
    """Return a tensor [1, 3, ...] with its three colours in reverse order."""
    return value.flip(1)
