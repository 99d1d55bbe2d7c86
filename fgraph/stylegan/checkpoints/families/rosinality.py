"""Checkpoints of rosinality and SOAT: names of tensors, and the layer table that shapes imply. Without torch."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.contents import LARGEST_BLOCKS, Contents, Format, Weight, check_numbers
from fgraph.stylegan.checkpoints.families.paddlegan import ASSUMED, is_paddle, transposed
from fgraph.stylegan.checkpoints.families.state_dict import MEAN, StateDict
from fgraph.stylegan.checkpoints.filters import is_binomial_filter
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.base import Shape
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes, optional_shapes, required_shapes

if TYPE_CHECKING:
    from torch import Tensor

EXPECTED = "a whole generator of rosinality/stylegan2-pytorch or SOAT"
FACTS = "fgraph"  # a key beside g_ema, for facts that those programs do not store
FILTERS = re.compile(r"convs\.\d+\.conv\.blur\.kernel|to_rgbs\.\d+\.upsample\.kernel")  # constants of the network


def read_rosinality(
    state: StateDict, program: Format = "rosinality", changes: Mapping[str, Callable[[Tensor], Tensor]] | None = None
) -> Contents:
    """Return the contents of a state dict with rosinality's names.

    Args:
        state: the tensors.
        program: the program that wrote the file, for reports.
        changes: functions from the layout of the file to rosinality's, by rosinality's names.

    Raises:
        ModelError: the tensors do not make a generator.
    """
    assumed = []
    if state.of_numpy and (paddle := is_paddle(state.tensors)) is not False:
        state, program = replace(state, tensors=transposed(state.tensors)), "paddlegan"
        assumed = [] if paddle else [ASSUMED]
    tensors = state.without(MEAN).tensors
    table = infer_table({key: value.shape for key, value in tensors.items()}, state.where)
    table = replace(table, clamp=_clamp(state))
    _check_filters(tensors, state.where)
    found = {ours: theirs for ours, theirs in key_map(table).items() if theirs in tensors}
    shapes = required_shapes(table) | optional_shapes(table)
    weights = {
        name: Weight(tensors[theirs], shapes[name], (changes or {}).get(theirs)) for name, theirs in found.items()
    }
    return state.contents(Contents(program, table, weights, {"format": program}), *assumed)


def _clamp(state: StateDict) -> float | None:
    """Return the clamp that fgraph's converter stores beside the state dict."""
    facts = state.beside(FACTS)
    clamp = facts.get("clamp") if type(facts) is dict else None
    if clamp is not None and (type(clamp) is not float or not 0 < clamp < math.inf):
        raise ModelError(f"{state.where}: has the clamp {brief(clamp)} under '{FACTS}'; expected a number above 0")
    return clamp


def _check_filters(tensors: Mapping[str, StoredTensor], where: str) -> None:
    for key in filter(FILTERS.fullmatch, tensors):
        if not is_binomial_filter(tensors[key], gain=4.0):
            raise ModelError(f"{where}: '{key}' is not the filter [1, 3, 3, 1], the only one that fgraph runs")


def infer_table(shapes: Mapping[str, Shape], where: str) -> StyleGAN2Table:
    """Return the layer table of a state dict, inferred from its shapes; check every shape against it.

    Raises:
        ModelError: keys are missing, unknown, or disagree.
    """
    depth = _count(shapes, r"style\.([0-9]{1,4})\.weight", first=1)
    blocks = _count(shapes, r"to_rgbs\.([0-9]{1,4})\.conv\.weight", first=0)
    if blocks >= LARGEST_BLOCKS:
        raise ModelError(
            f"{where}: has {blocks} ToRGB layers; at most {LARGEST_BLOCKS - 1} are allowed, for 4096 pixels"
        )
    channels = [(4, _dimension(shapes, "input.input", 1, 4, where))]
    for j in range(blocks):
        channels.append((8 << j, _dimension(shapes, f"convs.{2 * j}.conv.weight", 1, 5, where)))
    table = StyleGAN2Table(
        channels=tuple(channels),
        z_dim=_dimension(shapes, "style.1.weight", 1, 2, where),
        w_dim=_dimension(shapes, "conv1.conv.modulation.weight", 1, 2, where),
        mapping_layers=depth,
        image_channels=_dimension(shapes, "to_rgb1.conv.weight", 1, 5, where),
        base=(_dimension(shapes, "input.input", 2, 4, where), _dimension(shapes, "input.input", 3, 4, where)),
    )
    check_numbers(table, where)
    names = {theirs: ours for ours, theirs in key_map(table).items()}
    found = {names.get(key, key): our_shape(key, shape) for key, shape in shapes.items() if not FILTERS.fullmatch(key)}
    check_shapes(found, table, where, spell=key_map(table))
    return table


def widths_note(table: StyleGAN2Table) -> str:
    """Return the change of rosinality's program that these channels need, or "" if they need none.

    Its `Generator` has 512 channels up to 32 pixels and `16384 * channel_multiplier / resolution` above, up to 1024.
    """
    counts = dict(table.channels)
    multiplier = max(1, counts.get(64, 256) // 256)
    default_widths = {at: 512 if at <= 32 else 16384 * multiplier // at for at in counts if at <= 1024}
    if counts == default_widths:
        return ""
    return (
        f"rosinality's Generator builds other widths: set `self.channels = {counts}` in its model.py to load this file"
    )


def key_map(table: StyleGAN2Table) -> dict[str, str]:
    """Return rosinality's name of each tensor, by fgraph's name."""
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
    """Return the shape of one of rosinality's tensors under fgraph's name, without some dimensions of 1."""
    if key.endswith(".conv.weight") and len(shape) == 5 and shape[0] == 1:
        return shape[1:]
    if key.startswith("to_rgb") and key.endswith(".bias") and len(shape) == 4 and shape[0] == shape[2] == shape[3] == 1:
        return shape[1:2]
    if key.endswith(".noise.weight") and shape == (1,):
        return ()
    return shape


def _layer_key(index: int) -> str:
    """Return rosinality's name of a layer: conv1, to_rgb1, then blocks of two convs and a ToRGB."""
    if index < 2:
        return ("conv1", "to_rgb1")[index]
    block, place = divmod(index - 2, 3)
    return f"to_rgbs.{block}" if place == 2 else f"convs.{2 * block + place}"


def _count(shapes: Mapping[str, Shape], pattern: str, first: int) -> int:
    """Count the keys that match with the numbers first, first + 1, ... without a gap."""
    found = {int(match[1]) for key in shapes if (match := re.fullmatch(pattern, key))}
    count = 0
    while first + count in found:
        count += 1
    return count


def _dimension(shapes: Mapping[str, Shape], key: str, axis: int, rank: int, where: str) -> int:
    shape = shapes.get(key)
    if shape is None:
        raise ModelError(f"{where}: has no tensor '{key}'; expected {EXPECTED}")
    if len(shape) != rank or shape[axis] < 1:
        raise ModelError(f"{where}: '{key}' is {list(shape)}; expected {rank} dimensions, each of 1 or more")
    return shape[axis]
