"""Flat state dicts with NVlabs' names of StyleGAN3 (`synthesis.input.freqs`, `synthesis.L0_36_512.weight`).

`torch.save(G.state_dict())` writes them; StyleGAN3-editing and MMGeneration distribute them. Such a file lacks sampling
rates and paddings. They follow from the sizes in the names of the layers (Karras et al. 2021, appendix C), even in a
superresolution head of StyleGAN-XL. Without torch.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.modules import (
    ASSUMED_MAPPING,
    CLAMP,
    check_all_read,
    columns,
    make_tree,
    part_of,
    set_mapping,
)
from fgraph.stylegan.checkpoints.families.state_dict import MEAN, StateDict
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module
from fgraph.stylegan.checkpoints.pickles.stored import Storage, StoredTensor, whole
from fgraph.stylegan.checkpoints.stylegan3_nvlabs import read_stylegan3
from fgraph.stylegan.tables.stylegan3_checks import LARGEST, MOST_LAYERS

_NAME = re.compile(r"L(\d{1,3})_(\d{1,5})_(\d{1,5})")
_MMGENERATION = ((r"^style_mapping\.", "mapping."),)  # MMGeneration renames the mapping only
_FIRST_CUTOFF, _FIRST_RATE = 2.0, 16  # the values of every published network
_OUTPUT_SCALE = 0.25
_CLASSIFIER = ("mapping.embed.weight", "mapping.embed_proj.weight")  # of StyleGAN-XL, read with the weights
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def read_stylegan3_names(state: StateDict) -> Contents:
    """Return the contents of a state dict of NVlabs' StyleGAN3.

    Raises:
        ModelError: its tensors do not make a generator, or the sizes of its layers are impossible for StyleGAN3.
    """
    state = state.renamed(_MMGENERATION)
    root = make_tree(state.without(MEAN))
    synthesis, source = part_of(root, "synthesis"), part_of(root, "synthesis", "input")
    assert synthesis is not None
    assert source is not None
    set_mapping(root, columns(part_of(source, "affine")))
    layers = _layers(synthesis, state.where)
    sizes = [size for _, size, _ in layers]
    rates, margin = sampling_rates(sizes, state.where)
    freqs = source.state["_parameters"]["freqs"]
    source.state.update({
        "channels": freqs.shape[0] if freqs.shape else 0, "size": rates[0] + margin, "sampling_rate": rates[0],
        "bandwidth": _FIRST_CUTOFF,
    })  # fmt: skip
    source.state["_parameters"].setdefault("transform", _stored(_IDENTITY, (3, 3)))
    _set_layers(synthesis, layers, rates, rates[0] + margin)
    root.state["img_resolution"] = sizes[-1]
    synthesis.state.update({"layer_names": [name for name, _, _ in layers], "output_scale": _OUTPUT_SCALE})
    contents = read_stylegan3(root, state.where, state.place)
    classifier = () if "mapping.embed.bias" in state.tensors else _CLASSIFIER
    check_all_read(contents, state, MEAN, *classifier)
    return state.contents(
        contents, "its images are square", "sampling rates and paddings follow from the sizes of the layers",
        f"layers are clamped to +-{CLAMP}", f"the image is scaled by {_OUTPUT_SCALE}", ASSUMED_MAPPING,
    )  # fmt: skip


def _layers(synthesis: Module, where: str) -> list[tuple[str, int, Module]]:
    """Return name, size and module of each layer, in order. StyleGAN-XL skips a number before its head."""
    found = {}
    for name, part in synthesis.state["_modules"].items():
        if match := _NAME.fullmatch(name):
            found[int(match[1])] = (name, int(match[2]), part)
    layers = [found[index] for index in sorted(found)]
    missing = max(found, default=0) + 1 - len(found)
    if missing > 1 or 0 not in found or not 3 <= len(layers) <= MOST_LAYERS or layers[-1][1] > LARGEST:
        raise ModelError(f"{where}: has no layers L0, L1, ... with at most one gap, of a StyleGAN3 generator")
    return layers


def sampling_rates(sizes: list[int], where: str) -> tuple[list[int], int]:
    """Return the sampling rates of the layers, and the margin as the sum of both sides, which the sizes imply.

    The size of a layer is its rate, a power of two, plus the margin; the last two layers have the size of the image.
    Two rates differ by a multiple of the lower one, so the lowest set bit of their difference is the lower rate.

    Raises:
        ModelError: no rates and margin give these sizes.
    """
    size, inner = sizes[-1], sizes[:-2]
    rise = max(inner) - min(inner)
    margin = min(inner) - (rise & -rise or _FIRST_RATE)
    rates = [one - margin for one in inner]
    powers = all(0 < rate <= size and rate & (rate - 1) == 0 for rate in rates)
    if powers and margin >= 0 and rates == sorted(rates) and sizes[-2] == size:
        return [*rates, size, size], margin
    raise ModelError(
        f"{where}: the sizes of its layers, {sizes[:20]}, are not sampling rates and a margin, as in the design of "
        f"StyleGAN3 for {size} pixels; load the .pkl of the same network, which states its sampling rates"
    )


def _set_layers(synthesis: Module, layers: list[tuple[str, int, Module]], rates: list[int], first_size: int) -> None:
    """Set the attributes that the layers have in NVlabs' pickles."""
    sizes = [first_size, *(size for _, size, _ in layers)]
    rated = [rates[0], *rates]
    for index, (_, size, layer) in enumerate(layers):
        weight = layer.state["_parameters"].get("weight")
        shape = weight.shape if type(weight) is StoredTensor and len(weight.shape) == 4 else (0, 0, 0, 0)
        torgb = index == len(layers) - 1
        middle = max(rated[index], rated[index + 1]) * (1 if torgb else 2)
        up, down = middle // rated[index], middle // rated[index + 1]
        taps = [_taps(layer, name) for name in ("up_filter", "down_filter")]
        total = (size - 1) * down + 1 - (sizes[index] + shape[2] - 1) * up + sum(taps) - 2
        low = (total + up) // 2
        layer.state.update({
            "is_torgb": torgb, "in_channels": shape[1], "out_channels": shape[0], "conv_kernel": shape[2],
            "in_sampling_rate": rated[index], "out_sampling_rate": rated[index + 1], "out_size": size, "up_factor": up,
            "down_factor": down, "padding": [low, total - low] * 2, "conv_clamp": CLAMP,
        })  # fmt: skip


def _taps(layer: Module, name: str) -> int:
    found: Any = layer.state["_parameters"].get(name)
    return int(found.shape[0]) if type(found) is StoredTensor and found.shape else 1


def _stored(numbers: tuple[float, ...], shape: tuple[int, ...]) -> StoredTensor:
    """Return numbers as a tensor of a file."""
    return whole(Storage(struct.pack(f"<{len(numbers)}f", *numbers), "float32", len(numbers)), shape)
