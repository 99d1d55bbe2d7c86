"""StyleGAN2 generators of genforce, SeFa and InterFaceGAN (`synthesis.early_layer.const`). Without torch.

Their layout is partly the layout of TensorFlow: weights of up-sampling layers are flipped, and the biases of styles
lack their initial 1. Only the architecture `skip` is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.families.state_dict import StateDict
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

if TYPE_CHECKING:
    from torch import Tensor

_PARTS = {  # parts of a layer: genforce's name -> rosinality's name
    "weight": "conv.weight", "style.weight": "conv.modulation.weight", "style.bias": "conv.modulation.bias",
    "bias": "activate.bias", "noise_strength": "noise.weight", "filter.kernel": "conv.blur.kernel",
}  # fmt: skip


def read_genforce(state: StateDict) -> Contents:
    """Return the contents of a checkpoint of genforce.

    Raises:
        ModelError: the tensors do not make a generator.
    """
    tensors: dict[str, StoredTensor] = {}
    changes: dict[str, Callable[[Tensor], Tensor]] = {}
    for theirs, tensor in state.tensors.items():
        name = _rename(theirs)
        tensors[name] = _with_axes(name, tensor)
        if name.endswith("modulation.bias"):
            changes[name] = _plus_one
        if re.fullmatch(r"convs\.\d*[02468]\.conv\.weight", name):
            changes[name] = _flip
    return state.contents(read_rosinality(replace(state, tensors=tensors), "genforce", changes))


def _rename(name: str) -> str:
    if name == "truncation.w_avg":
        return "latent_avg"
    if name == "synthesis.upsample.kernel":
        return "to_rgbs.0.upsample.kernel"
    if name == "synthesis.early_layer.const":
        return "input.input"
    if match := re.fullmatch(r"mapping\.dense(\d{1,4})\.(weight|bias)", name):
        return f"style.{int(match[1]) + 1}.{match[2]}"
    if match := re.fullmatch(r"synthesis\.(layer|output)(\d{1,4})\.([\w.]+)", name):
        return _of_layer(match[1], int(match[2]), match[3]) or name
    return name


def _of_layer(kind: str, index: int, part: str) -> str | None:
    """Return rosinality's name of a tensor of a layer, or None."""
    if kind == "layer" and part == "noise":
        return f"noises.noise_{index}"
    if part not in _PARTS:
        return None
    if kind == "output":
        place = "to_rgb1" if index == 0 else f"to_rgbs.{index - 1}"
        return f"{place}.bias" if part == "bias" else f"{place}.{_PARTS[part]}"
    return f"conv1.{_PARTS[part]}" if index == 0 else f"convs.{index - 1}.{_PARTS[part]}"


def _with_axes(name: str, tensor: StoredTensor) -> StoredTensor:
    """Return a tensor with rosinality's axes of length 1."""
    if name.endswith(".conv.weight") and len(tensor.shape) == 4:
        return replace(tensor, shape=(1, *tensor.shape), stride=(1, *tensor.stride))
    if name.endswith(".kernel") and tensor.shape[:2] == (1, 1):
        return replace(tensor, shape=tensor.shape[2:], stride=tensor.stride[2:])
    return tensor


def _plus_one(value: Tensor) -> Tensor:
    return value + 1


def _flip(value: Tensor) -> Tensor:
    return value.flip(-1, -2)
