"""StyleGAN3 generators in NVlabs' pickles: their table, and where our tensors stand. Without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.alias_free.table import AliasFreeLayer, AliasFreeTable, required_shapes
from fgraph.stylegan.contents import Weight, check_numbers
from fgraph.stylegan.layers import LayerTable
from fgraph.stylegan.network_parts import Part
from fgraph.stylegan.nvlabs import mapping_facts, mapping_tensors
from fgraph.stylegan.pickles.numpy_values import read_array
from fgraph.stylegan.pickles.refusal import Refused, brief
from fgraph.stylegan.pickles.stand_ins import Module, Record
from fgraph.stylegan.pickles.stored import StoredTensor

_MOST_LAYERS, _LARGEST, _WIDEST, _LONGEST = 64, 8192, 8192, 256  # published: 15, 1044, 1024 channels, 12 taps


@dataclass(frozen=True)
class AliasFreeContents:
    """What a pickle of a StyleGAN3 network holds."""

    table: AliasFreeTable
    weights: dict[str, Weight]


def is_alias_free(content: object) -> bool:
    """Whether a pickle's value holds a StyleGAN3 network: NVlabs' code gives all kinds the same names."""
    if type(content) is not dict:
        return False
    networks = [content[key] for key in ("G_ema", "G") if type(content.get(key)) is Module]
    parts = networks[0].state.get("_modules") if networks else None
    synthesis = parts.get("synthesis") if type(parts) is dict else None
    return type(synthesis) is Module and "layer_names" in synthesis.state


def read_alias_free(network: Part) -> AliasFreeContents:
    """The contents of a network that is a StyleGAN3 generator.

    Raises:
        ModelError: it is none, or one that does not run here.
    """
    mapping, synthesis = network.part("mapping"), network.part("synthesis")
    facts = LayerTable(
        size=4, channels=((4, 1),), z_dim=network.count("z_dim"), w_dim=network.count("w_dim"),
        **mapping_facts(network, mapping),
    )  # fmt: skip
    check_numbers(facts, network.where)
    table = _read_table(network, synthesis, facts)
    tensors = mapping_tensors(mapping, facts) | _input_tensors(synthesis.part("input"))
    filters: dict[str, tuple[int, ...]] = {}
    for layer in table.layers:
        part = synthesis.part(layer.name)
        tensors |= _layer_tensors(part, layer.name)
        for name in ("up_filter", "down_filter"):
            if (stored := part.tensor(name)) is not None:
                tensors[f"{layer.name}.{name}"] = stored
                filters[f"{layer.name}.{name}"] = _filter_shape(part, name, stored)
    required = required_shapes(table, filters)
    _check(tensors, required, network, table)
    return AliasFreeContents(table, {name: Weight(stored, stored.shape) for name, stored in tensors.items()})


def _read_table(network: Part, synthesis: Part, facts: LayerTable) -> AliasFreeTable:
    names = synthesis.value("layer_names")
    if type(names) is not list or not 1 < len(names) <= _MOST_LAYERS or not all(type(name) is str for name in names):
        raise synthesis.fail("lists no layers")
    layers, start = [], 4
    for name in names:
        layers.append(_read_layer(synthesis.part(name), name, start))
        start += layers[-1].in_channels
    source = synthesis.part("input")
    features = _bounded(source, "channels", _WIDEST)
    for before, after in zip([features, *(layer.out_channels for layer in layers)], layers, strict=False):
        if before != after.in_channels:
            raise synthesis.fail(f"has a layer {after.name} of {after.in_channels} channels after {before}")
    return AliasFreeTable(
        mapping=facts,
        size=_bounded(network, "img_resolution", _LARGEST),
        image_channels=layers[-1].out_channels,
        features=features,
        input_size=_side(source, "size"),
        input_rate=source.number("sampling_rate"),
        bandwidth=source.number("bandwidth"),
        output_scale=synthesis.number("output_scale"),
        layers=tuple(layers),
    )


def _read_layer(part: Part, name: str, start: int) -> AliasFreeLayer:
    padding = part.value("padding")
    if type(padding) is not list or len(padding) != 4 or not all(type(p) is int and abs(p) < _LARGEST for p in padding):
        raise part.fail("has no padding of four numbers")
    if type(is_torgb := part.value("is_torgb")) is not bool:
        raise part.fail("does not say whether it makes the image")
    return AliasFreeLayer(
        name=name,
        in_channels=_bounded(part, "in_channels", _WIDEST),
        out_channels=_bounded(part, "out_channels", _WIDEST),
        in_rate=_bounded(part, "in_sampling_rate", _LARGEST),
        out_rate=_bounded(part, "out_sampling_rate", _LARGEST),
        out_size=_side(part, "out_size"),
        taps=_bounded(part, "conv_kernel", 9),
        is_torgb=is_torgb,
        up=_bounded(part, "up_factor", 16),
        down=_bounded(part, "down_factor", 16),
        padding=tuple(padding),
        clamp=None if part.value("conv_clamp") is None else part.number("conv_clamp"),
        style_start=start,
    )


def _bounded(part: Part, name: str, most: int) -> int:
    if not 1 <= (found := part.count(name)) <= most:
        raise part.fail(f"has {found} as '{name}', where 1 to {most} belongs")
    return found


def _side(part: Part, name: str) -> int:
    """An attribute that holds [width, height], which are equal."""
    value: Any = part.value(name)
    try:
        found = read_array(value) if type(value) is Record else value
        sides = found.numbers() if type(found) is StoredTensor else value
    except Refused as error:
        raise part.fail(f"has a '{name}' that is not read: {error}") from error
    if type(sides) in (int, float):
        sides = [sides, sides]
    good = type(sides) in (list, tuple) and len(sides) == 2 and all(type(side) in (int, float) for side in sides)
    if not good or sides[0] != sides[1] or sides[0] != int(sides[0]) or not 1 <= sides[0] <= _LARGEST:
        raise part.fail(f"has {brief(value)} as '{name}', where two equal whole numbers belong")
    return int(sides[0])


def _filter_shape(part: Part, name: str, stored: StoredTensor) -> tuple[int, ...]:
    if not 1 <= len(stored.shape) <= 2 or not all(1 <= length <= _LONGEST for length in stored.shape):
        raise part.fail(f"has a '{name}' of shape {list(stored.shape)}")
    return stored.shape


def _input_tensors(source: Part) -> dict[str, StoredTensor]:
    affine = source.part("affine")
    return {
        "input.affine.weight": affine.weight("weight", 2), "input.affine.bias": affine.weight("bias", 1),
        "input.transform": source.weight("transform", 2), "input.freqs": source.weight("freqs", 2),
        "input.phases": source.weight("phases", 1), "input.weight": source.weight("weight", 2),
    }  # fmt: skip


def _layer_tensors(part: Part, name: str) -> dict[str, StoredTensor]:
    affine = part.part("affine")
    return {
        f"{name}.weight": part.weight("weight", 4), f"{name}.bias": part.weight("bias", 1),
        f"{name}.affine.weight": affine.weight("weight", 2), f"{name}.affine.bias": affine.weight("bias", 1),
        f"{name}.magnitude_ema": part.weight("magnitude_ema", 0),
    }  # fmt: skip


def _check(
    tensors: dict[str, StoredTensor], required: dict[str, tuple[int, ...]], network: Part, table: AliasFreeTable
) -> None:
    for name, stored in tensors.items():
        expected = (table.w_dim,) if name == "w_mean" else required[name]
        if stored.shape != expected:
            raise ModelError(
                f"{network.where}: {name} is {list(stored.shape)} where the others ask for {list(expected)}; "
                f"expected is a whole StyleGAN3 generator of {table.size} pixels"
            )
