"""Checkpoints of MMGeneration and MMagic (`constant_input.input`, `style_mapping.1.linear.weight_orig`). Without torch.

The names of tensors differ from rosinality's; the layers are the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.families.state_dict import StateDict

if TYPE_CHECKING:
    from torch import Tensor

_NAMES = (  # theirs, as a pattern, and rosinality's
    (r"^constant_input\.", "input."),
    (r"^style_mapping\.(\d+)\.(?:linear\.)?", r"style.\1."),
    (r"\.style_modulation\.(?:linear\.)?", ".modulation."),
    (r"\.noise_injector\.", ".noise."),
    (r"^injected_noise_(\d+)$", r"noises.noise_\1"),
    (r"\.weight_orig$", ".weight"),
)
_COLOURS = re.compile(r"to_rgb(?:1|s\.\d+)\.(?:conv\.weight|bias)")


def read_mmgeneration(state: StateDict) -> Contents:
    """Return the contents of a checkpoint of MMGeneration or MMagic.

    Their own trainings make images in BGR. A training leaves its iteration in `meta`, a converted file does not.

    Raises:
        ModelError: the tensors do not make a generator.
    """
    renamed = state.renamed(_rename)
    meta = state.beside("meta")
    trained = type(meta) is dict and any(type(meta.get(key)) is int and meta[key] > 0 for key in ("iter", "epoch"))
    changes = {name: _swap for name in renamed.tensors if trained and _COLOURS.fullmatch(name)}
    said = "it was trained in BGR, which fgraph turns into RGB" if trained else "its images are in RGB"
    return state.contents(read_rosinality(renamed, "mmgeneration", changes), said)


def _rename(name: str) -> str:
    for pattern, ours in _NAMES:
        name = re.sub(pattern, ours, name)
    return name


def _swap(value: Tensor) -> Tensor:
    """Return a tensor [1, 3, ...] with its three colours in the other order."""
    return value.flip(1)
