"""StyleGAN3 generators in NVlabs' pickles: layer table and places of tensors. Without torch."""

from __future__ import annotations

from typing import Any

from fgraph.stylegan.checkpoints.contents import Contents, Weight, check_numbers
from fgraph.stylegan.checkpoints.network_parts import NetworkPart
from fgraph.stylegan.checkpoints.nvlabs import mapping_facts, mapping_weights
from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, StandIn
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.base import Shape, Size, extent
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan3 import MAPPING_FIELDS, PLACE, StyleGAN3Layer, StyleGAN3Table, size_at
from fgraph.stylegan.tables.stylegan3_checks import (
    LARGEST,
    LONGEST,
    MOST_LAYERS,
    WIDEST,
    check_chain,
    check_stylegan3,
)


def is_stylegan3(network: Module) -> bool:
    """Return whether a network is a StyleGAN3. NVlabs' code gives all kinds the same names."""
    parts = network.state.get("_modules")
    synthesis = parts.get("synthesis") if type(parts) is dict else None
    return type(synthesis) is Module and "layer_names" in synthesis.state


def read_stylegan3(module: Module, where: str, name: str = "") -> Contents:
    """Return the contents of a StyleGAN3 generator that was pickled whole.

    Args:
        module: the generator.
        where: the file, for messages.
        name: the key of the generator in the file; empty if the whole file is the generator.

    Raises:
        ModelError: the network is something else, or one that fgraph does not run.
    """
    network = NetworkPart(module, where, name or "the network")
    mapping, synthesis = network.part("mapping"), network.part("synthesis")
    facts = StyleGAN2Table(
        channels=((4, 1),), z_dim=network.count("z_dim"), w_dim=network.count("w_dim"),
        **mapping_facts(network, mapping),
    )  # fmt: skip
    check_numbers(facts, where)
    table = _read_table(network, synthesis, facts)
    tensors = _input_tensors(synthesis.part("input"))
    for layer in table.filtered:
        tensors |= _layer_tensors(synthesis.part(layer.name), layer.name)
    weights = mapping_weights(mapping, facts) | {key: Weight(one, one.shape) for key, one in tensors.items()}
    check_stylegan3({key: weight.shape for key, weight in weights.items()}, table, where)
    return Contents("nvlabs", table, weights, {"format": "nvlabs", "weights": name or "the network"})


def _read_table(network: NetworkPart, synthesis: NetworkPart, facts: StyleGAN2Table) -> StyleGAN3Table:
    names = synthesis.value("layer_names")
    if type(names) is not list or not 1 < len(names) <= MOST_LAYERS or not all(type(name) is str for name in names):
        raise synthesis.fail("has no list of layers")
    last = synthesis.part(names[-1])
    size, resolution = _sides(last, "out_size"), _bounded(last, "out_sampling_rate", LARGEST)
    if max(size) != _bounded(network, "img_resolution", LARGEST):
        raise network.fail(f"makes images of {extent(size)}, not of its 'img_resolution'")
    layers: list[StyleGAN3Layer] = []
    start = PLACE
    for index, name in enumerate(names, 1):
        layers.append(_read_layer(synthesis.part(name), name, (index, start), (size, resolution)))
        start += layers[-1].in_channels
    source = synthesis.part("input")
    table = StyleGAN3Table(
        size=size,
        image_channels=layers[-1].out_channels,
        features=_bounded(source, "channels", WIDEST),
        input_size=_sides(source, "size"),
        input_rate=_whole(source, "sampling_rate"),
        bandwidth=source.number("bandwidth"),
        output_scale=synthesis.number("output_scale"),
        filtered=tuple(layers),
        **{name: getattr(facts, name) for name in MAPPING_FIELDS},
    )
    check_chain(table, synthesis.where)
    return table


def _read_layer(part: NetworkPart, name: str, place: tuple[int, int], image: tuple[Size, int]) -> StyleGAN3Layer:
    """Return a layer; `place` is its index and the start of its styles, `image` the size and resolution of images."""
    index, start = place
    padding = part.value("padding")
    if type(padding) is not list or len(padding) != 4 or not all(type(p) is int and abs(p) < LARGEST for p in padding):
        raise part.fail("has no padding of four numbers")
    if type(is_torgb := part.value("is_torgb")) is not bool:
        raise part.fail("does not state whether it makes the image")
    rates = _bounded(part, "in_sampling_rate", LARGEST), _bounded(part, "out_sampling_rate", LARGEST)
    up, down = _filter(part, "up_filter", 1), _filter(part, "down_filter", 2)
    return StyleGAN3Layer(
        name=name,
        index=index,
        kind="torgb" if is_torgb else "conv",
        resolution=rates[1],
        up=max(1, rates[1] // rates[0]),
        in_channels=_bounded(part, "in_channels", WIDEST),
        out_channels=_bounded(part, "out_channels", WIDEST),
        style_start=start,
        ws_index=index,
        noise_index=None,
        in_rate=rates[0],
        size=size_at(image[0], rates[1], image[1]),
        out_size=_sides(part, "out_size"),
        taps=_bounded(part, "conv_kernel", 9),
        up_factor=_bounded(part, "up_factor", 16),
        down_factor=_bounded(part, "down_factor", 16),
        up_taps=up[0],
        down_taps=down[0],
        radial=len(down) > 1,
        padding=tuple(padding),
        clamp=None if part.value("conv_clamp") is None else part.number("conv_clamp"),
    )


def _bounded(part: NetworkPart, name: str, most: int) -> int:
    if not 1 <= (found := part.count(name)) <= most:
        raise part.fail(f"has {found} as '{name}'; expected 1 to {most}")
    return found


def _sides(part: NetworkPart, name: str) -> Size:
    """Return height and width of an attribute that holds [width, height], or one number for both."""
    value: Any = part.value(name)
    try:
        found = read_array(value) if type(value) is StandIn else value
        sides = found.numbers() if type(found) is StoredTensor else value
    except PickleRefused as error:
        raise part.fail(f"has a '{name}' that cannot be read: {error}") from error
    if type(sides) in (int, float):
        sides = [sides, sides]
    good = type(sides) in (list, tuple) and len(sides) == 2 and all(type(side) in (int, float) for side in sides)
    if not good or not all(1 <= side <= LARGEST and side == int(side) for side in sides):
        raise part.fail(f"has {brief(value)} as '{name}'; expected two whole numbers, 1 to {LARGEST}")
    return int(sides[1]), int(sides[0])


def _filter(part: NetworkPart, name: str, most_axes: int) -> Shape:
    """Return the shape of a filter; (1,) if there is none."""
    if (stored := part.tensor(name)) is None:
        return (1,)
    good = 1 <= len(stored.shape) <= most_axes and all(1 < length <= LONGEST for length in stored.shape)
    if not good or len(set(stored.shape)) > 1:
        raise part.fail(f"has a '{name}' of shape {list(stored.shape)}")
    return stored.shape


def _whole(part: NetworkPart, name: str) -> int:
    if not 1 <= (found := part.number(name)) <= LARGEST or found != int(found):
        raise part.fail(f"has {found} as '{name}'; expected a whole number")
    return int(found)


def _input_tensors(source: NetworkPart) -> dict[str, StoredTensor]:
    affine = source.part("affine")
    return {
        "input.affine.weight": affine.weight("weight", 2), "input.affine.bias": affine.weight("bias", 1),
        "input.transform": source.weight("transform", 2), "input.freqs": source.weight("freqs", 2),
        "input.phases": source.weight("phases", 1), "input.weight": source.weight("weight", 2),
    }  # fmt: skip


def _layer_tensors(part: NetworkPart, name: str) -> dict[str, StoredTensor]:
    affine = part.part("affine")
    filters = {f"{name}.{one}": part.tensor(one) for one in ("up_filter", "down_filter")}
    return {
        f"{name}.weight": part.weight("weight", 4), f"{name}.bias": part.weight("bias", 1),
        f"{name}.affine.weight": affine.weight("weight", 2), f"{name}.affine.bias": affine.weight("bias", 1),
        f"{name}.magnitude_ema": part.weight("magnitude_ema", 0),
    } | {key: stored for key, stored in filters.items() if stored is not None}  # fmt: skip
