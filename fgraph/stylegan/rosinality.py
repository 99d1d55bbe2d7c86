"""What rosinality / SOAT checkpoints call their tensors, and the layer table their shapes imply. Without torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.layers import LayerTable
from fgraph.stylegan.tensors import Shape, check_shapes

EXPECTED = "a dict with 'g_ema' (and 'latent_avg') as rosinality/stylegan2-pytorch and SOAT save it, or its state dict"
FILTERS = re.compile(r"convs\.\d+\.conv\.blur\.kernel|to_rgbs\.\d+\.upsample\.kernel")  # constants of the network
_LARGEST = 4096  # pixels


def pick_state(content: Any, where: str) -> tuple[Mapping[str, Any], Any | None]:
    """The generator's state dict and the mean of w (or None) in what a checkpoint file holds.

    Raises:
        ModelError: `content` is neither a checkpoint nor a state dict.
    """
    if not isinstance(content, Mapping):
        raise ModelError(f"{where}: holds a {type(content).__name__}; expected is {EXPECTED}")
    for key in ("g_ema", "g"):
        if isinstance(content.get(key), Mapping):
            return content[key], content.get("latent_avg")
    if "input.input" in content:
        return content, None
    keys = ", ".join(map(repr, list(content)[:5])) or "nothing"
    raise ModelError(f"{where}: holds {keys}; expected is {EXPECTED}")


def infer_table(shapes: Mapping[str, Shape], where: str) -> LayerTable:
    """The layer table of a state dict, from its shapes alone, all of which are then checked.

    Raises:
        ModelError: keys are missing, unknown, or disagree.
    """
    depth = _count(shapes, r"style\.(\d+)\.weight", first=1)
    blocks = _count(shapes, r"to_rgbs\.(\d+)\.conv\.weight", first=0)
    size = 4 << blocks
    if size > _LARGEST:
        raise ModelError(f"{where}: has {blocks} ToRGB layers, which would make {size} pixels; {_LARGEST} is the most")
    channels = [(4, _dimension(shapes, "input.input", 1, 4, where))]
    for j in range(blocks):
        channels.append((8 << j, _dimension(shapes, f"convs.{2 * j}.conv.weight", 1, 5, where)))
    table = LayerTable(
        size=size,
        channels=tuple(channels),
        z_dim=_dimension(shapes, "style.1.weight", 1, 2, where),
        w_dim=_dimension(shapes, "conv1.conv.modulation.weight", 1, 2, where),
        mapping_layers=depth,
        image_channels=_dimension(shapes, "to_rgb1.conv.weight", 1, 5, where),
    )
    names = {theirs: ours for ours, theirs in key_map(table).items()}
    found = {names.get(key, key): our_shape(key, shape) for key, shape in shapes.items() if not FILTERS.fullmatch(key)}
    check_shapes(found, table, where, spell=key_map(table))
    return table


def key_map(table: LayerTable) -> dict[str, str]:
    """Our tensor names -> theirs."""
    names = {"const": "input.input"}
    for i in range(table.mapping_layers):
        for part in ("weight", "bias"):
            names[f"mapping.{i}.{part}"] = f"style.{i + 1}.{part}"
    for layer in table.layers[1:]:
        theirs = _layer_key(layer.index)
        names[f"{layer.name}.weight"] = f"{theirs}.conv.weight"
        names[f"{layer.name}.affine.weight"] = f"{theirs}.conv.modulation.weight"
        names[f"{layer.name}.affine.bias"] = f"{theirs}.conv.modulation.bias"
        names[f"{layer.name}.bias"] = f"{theirs}.bias" if layer.kind == "torgb" else f"{theirs}.activate.bias"
        if layer.noise_index is not None:
            names[f"{layer.name}.noise_strength"] = f"{theirs}.noise.weight"
            names[f"{layer.name}.noise"] = f"noises.noise_{layer.noise_index}"
    return names


def our_shape(key: str, shape: Shape) -> Shape:
    """The shape that one of their tensors has under our name: they keep some dimensions of 1 that we drop."""
    if key.endswith(".conv.weight") and len(shape) == 5 and shape[0] == 1:
        return shape[1:]
    if key.startswith("to_rgb") and key.endswith(".bias") and len(shape) == 4 and shape[0] == shape[2] == shape[3] == 1:
        return shape[1:2]
    if key.endswith(".noise.weight") and shape == (1,):
        return ()
    return shape


def _layer_key(index: int) -> str:
    """Their name of the layer with this σ index: conv1, to_rgb1, then blocks of two convs and a ToRGB."""
    if index < 2:
        return ("conv1", "to_rgb1")[index]
    block, place = divmod(index - 2, 3)
    return f"to_rgbs.{block}" if place == 2 else f"convs.{2 * block + place}"


def _count(shapes: Mapping[str, Shape], pattern: str, first: int) -> int:
    """How many keys match with the numbers first, first + 1, ... without a gap."""
    found = {int(match[1]) for key in shapes if (match := re.fullmatch(pattern, key))}
    count = 0
    while first + count in found:
        count += 1
    return count


def _dimension(shapes: Mapping[str, Shape], key: str, axis: int, rank: int, where: str) -> int:
    shape = shapes.get(key)
    if shape is None:
        raise ModelError(f"{where}: has no tensor '{key}'; expected is {EXPECTED}")
    if len(shape) != rank or shape[axis] < 1:
        raise ModelError(f"{where}: '{key}' is {list(shape)}; expected are {rank} dimensions, each of 1 or more")
    return shape[axis]
