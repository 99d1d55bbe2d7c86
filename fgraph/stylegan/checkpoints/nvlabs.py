"""StyleGAN2 generators in NVlabs' PyTorch pickles: layer table and places of tensors. Without torch.

Names and layouts are the same as in stylegan2-ada-pytorch, and in the StyleGAN2 of stylegan3. This reader uses tensors,
and only attributes that pickles of every version have. It ignores `num_fp16_res`, because the caller chooses the
precision, but applies `conv_clamp` in every precision.
"""

from __future__ import annotations

from typing import Any

from fgraph.stylegan.checkpoints.class_embedding import PROJECTION, class_weights, is_projected
from fgraph.stylegan.checkpoints.contents import LARGEST_BLOCKS, Contents, Weight, check_numbers
from fgraph.stylegan.checkpoints.filters import is_binomial_filter
from fgraph.stylegan.checkpoints.network_parts import NetworkPart
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.base import Layer, Size
from fgraph.stylegan.tables.stylegan2 import ARCHITECTURES, StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes

_MAX_MAPPING = 64  # layers


def read_nvlabs(module: Module, where: str, name: str = "") -> Contents:
    """Return the contents of a generator that was pickled whole.

    Args:
        module: the generator.
        where: the file, for messages.
        name: the key of the generator in the file; empty if the whole file is the generator.

    Raises:
        ModelError: the network is not a generator that fgraph runs.
    """
    network = NetworkPart(module, where, name or "the network")
    mapping, synthesis = network.part("mapping"), network.part("synthesis")
    table = _read_table(network, mapping, synthesis)
    check_numbers(table, where)
    layers = {key: Weight(one, _shape(key, one)) for key, one in _synthesis_tensors(synthesis, table).items()}
    weights = mapping_weights(mapping, table) | layers
    check_shapes({key: weight.shape for key, weight in weights.items()}, table, where)
    return Contents("nvlabs", table, weights, {"format": "nvlabs", "weights": name or "the network"})


def _read_table(network: NetworkPart, mapping: NetworkPart, synthesis: NetworkPart) -> StyleGAN2Table:
    blocks = _blocks(synthesis)
    layers = [layer for block in blocks for name in ("conv0", "conv1") if (layer := block.maybe(name))]
    images = [layer for block in blocks if (layer := block.maybe("torgb"))]
    if not layers or not images:
        raise synthesis.fail("has no layers")
    for part in [*blocks, *layers]:
        if part.tensor("resample_filter") is not None and not is_binomial_filter(part.tensor("resample_filter")):
            raise part.fail("has a resample_filter other than [1, 3, 3, 1], which fgraph does not run")
    return StyleGAN2Table(
        channels=tuple((4 << i, block.part("conv1").weight("weight", 4).shape[0]) for i, block in enumerate(blocks)),
        z_dim=network.count("z_dim"),
        w_dim=network.count("w_dim"),
        image_channels=images[-1].weight("weight", 4).shape[0],
        architecture=_same("architecture", ARCHITECTURES, blocks, "skip"),
        activation=_same("activation", tuple(GAINS), layers, "lrelu"),
        clamp=_clamp([*layers, *images]),
        has_noise=any(layer.tensor("noise_strength") is not None for layer in layers),
        base=_base(blocks[0]),
        **mapping_facts(network, mapping),
    )


def _base(block: NetworkPart) -> Size:
    """Return height and width of the constant; forks for images that aren't square change them."""
    height, width = block.weight("const", 3).shape[1:]
    return height, width


def mapping_facts(network: NetworkPart, mapping: NetworkPart) -> dict[str, Any]:
    """Return the fields of a layer table that describe the mapping network, except the lengths of z and w."""
    depth = next(i for i in range(_MAX_MAPPING + 1) if mapping.maybe(f"fc{i}") is None or i == _MAX_MAPPING)
    dense = [mapping.part(f"fc{i}") for i in range(max(1, depth))]
    widths = tuple(one.weight("weight", 2).shape[0] for one in dense)
    classes = network.count("c_dim")
    return {
        "mapping_layers": len(dense),
        "c_dim": classes,
        "embed_width": _embedding(mapping).weight("weight", 2).shape[0] if classes else 0,
        "mapping_widths": () if set(widths) == {network.count("w_dim")} else widths,
        "mapping_rate": _rate(dense),
        "mapping_activation": _same("activation", tuple(GAINS), dense, "lrelu"),
        "class_means": bool(classes) and (mean := mapping.tensor("w_avg")) is not None and len(mean.shape) == 2,
    }


def _embedding(mapping: NetworkPart) -> NetworkPart:
    """Return the layer that makes the embedding of a class."""
    return mapping.part(PROJECTION if is_projected(mapping) else "embed")


def _blocks(synthesis: NetworkPart) -> list[NetworkPart]:
    found = [block for i in range(LARGEST_BLOCKS + 1) if (block := synthesis.maybe(f"b{4 << i}"))]
    listed = synthesis.value("block_resolutions")
    if type(listed) is list and [str(one) for one in listed[:20] if type(one) is int] != [
        block.name.rpartition(".b")[2] for block in found
    ]:
        raise synthesis.fail("has blocks that differ from its list of blocks")
    if not found or len(found) > LARGEST_BLOCKS or found[-1].name.rpartition(".b")[2] != str(4 << (len(found) - 1)):
        raise synthesis.fail("must have the blocks b4, b8, ... without a gap, at most up to b4096")
    return found


def _same(name: str, known: tuple[str, ...], parts: list[NetworkPart], default: str) -> Any:
    """Return an attribute that must be equal in all parts, and among the `known` values."""
    found = {part.text(name, default) for part in parts}
    if len(found) == 1 and (value := found.pop()) in known:
        return value
    shown = ", ".join(sorted(brief(value) for value in found)) or brief(parts[0].text(name, default))
    raise parts[0].fail(
        f"has layers with the {name} {shown}; fgraph needs the same in every layer, one of {', '.join(known)}"
    )


def _rate(dense: list[NetworkPart]) -> float:
    """Return the learning-rate multiplier, which is the gain of the biases."""
    rates = [part.number("bias_gain") for part in dense]
    for part, rate in zip(dense, rates, strict=True):
        expected = rate / part.weight("weight", 2).shape[1] ** 0.5
        if abs(part.number("weight_gain") - expected) > 1e-6 * expected or rate != rates[0]:
            raise part.fail("has gains that do not come from one learning-rate multiplier")
    return rates[0]


def _clamp(parts: list[NetworkPart]) -> float | None:
    given = [part for part in parts if part.value("conv_clamp") is not None]
    if not given:
        return None
    clamp = given[0].number("conv_clamp")
    if len(given) < len(parts) or any(part.number("conv_clamp") != clamp for part in given):
        raise given[0].fail("has a conv_clamp that other layers do not have")
    return clamp


def mapping_weights(mapping: NetworkPart, table: StyleGAN2Table) -> dict[str, Weight]:
    """Return the tensors of the mapping network by fgraph's names, each with its own shape."""
    weights = {name: Weight(stored, stored.shape) for name, stored in _mapping_tensors(mapping, table).items()}
    if table.c_dim and is_projected(mapping):
        weights |= class_weights(mapping, table.c_dim)
    return weights


def _mapping_tensors(mapping: NetworkPart, table: StyleGAN2Table) -> dict[str, StoredTensor]:
    found: dict[str, StoredTensor] = {}
    for i in range(table.mapping_layers):
        dense = mapping.part(f"fc{i}")
        found |= {f"mapping.{i}.weight": dense.weight("weight", 2), f"mapping.{i}.bias": dense.weight("bias", 1)}
    if table.c_dim and not is_projected(mapping):
        embed = mapping.part("embed")
        if embed.text("activation", "linear") != "linear" or embed.number("bias_gain") != 1.0:
            raise embed.fail("is not a linear layer, as an embedding must be")
        found |= {"mapping.embed.weight": embed.weight("weight", 2), "mapping.embed.bias": embed.weight("bias", 1)}
    if (mean := mapping.tensor("w_avg")) is not None:
        found["w_mean"] = mean
    return found


def _synthesis_tensors(synthesis: NetworkPart, table: StyleGAN2Table) -> dict[str, StoredTensor]:
    found = {"const": synthesis.part("b4").weight("const", 3)}
    for layer in table.layers[1:]:
        found |= _layer_tensors(synthesis.part(layer.block), layer)
    return found


def _layer_tensors(block: NetworkPart, layer: Layer) -> dict[str, StoredTensor]:
    part = block.part(layer.name.partition(".")[2])
    affine = part.part("affine")
    found = {
        f"{layer.name}.weight": part.weight("weight", 4),
        f"{layer.name}.bias": part.weight("bias", 1),
        f"{layer.name}.affine.weight": affine.weight("weight", 2),
        f"{layer.name}.affine.bias": affine.weight("bias", 1),
    }
    if layer.noise_index is not None:
        found[f"{layer.name}.noise_strength"] = part.weight("noise_strength", 0)
        found[f"{layer.name}.noise"] = part.weight("noise_const", 2)
    if layer.residual == "made":
        found[f"{layer.name}.residual.weight"] = block.part("skip").weight("weight", 4)
    return found


def _shape(name: str, stored: StoredTensor) -> tuple[int, ...]:
    """Return the shape of a tensor under fgraph's name; fgraph adds dimensions of 1 to some."""
    if name == "const":
        return (1, *stored.shape)
    return (1, 1, *stored.shape) if name.endswith(".noise") else stored.shape
