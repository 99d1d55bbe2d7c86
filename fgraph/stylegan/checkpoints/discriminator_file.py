"""Reading the discriminator of a model file: rosinality's `d`, NVlabs' `D`. No code in the file is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import LARGEST_BLOCKS, Weight
from fgraph.stylegan.checkpoints.filters import is_binomial_filter
from fgraph.stylegan.checkpoints.header import read_model, sniff
from fgraph.stylegan.checkpoints.network_parts import NetworkPart
from fgraph.stylegan.checkpoints.pickles.files import read_pickled
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes

if TYPE_CHECKING:
    from fgraph.stylegan.nn.discriminator import Discriminator

_FORMS = "a .pt of rosinality's trainer with 'd', or an NVlabs .pkl or .pt with 'D'"
_FILTERS = (".conv2.0.kernel", ".skip.0.kernel")


def load_discriminator(source: str | Path) -> Discriminator:
    """Load the discriminator of a model file.

    Args:
        source: a bundled name, a path or a URL.

    Raises:
        ModelError: the file does not exist, cannot be read, or holds no discriminator that fgraph runs.
    """
    return read_model(source, _load)


def _load(path: Path) -> Discriminator:
    from fgraph.stylegan.checkpoints.weights import load_weights
    from fgraph.stylegan.nn.discriminator import Discriminator

    table, stored = _read(path)
    weights = {name: Weight(stored[name], shape) for name, shape in discriminator_shapes(table).items()}
    return Discriminator(table, load_weights(weights, {}, str(path), ("cpu", _float32()), {})[0])


def _float32() -> Any:
    import torch

    return torch.float32


def _read(path: Path) -> tuple[DiscriminatorTable, Mapping[str, StoredTensor]]:
    kind = sniff(path)
    if kind == "safetensors":
        raise ModelError(f"{path}: a .safetensors model holds no discriminator; expected {_FORMS}")
    content = read_pickled(path, kind)
    networks = content if type(content) is dict else {}
    try:
        if type(networks.get("D")) is Module:
            return _read_nvlabs(NetworkPart(networks["D"], str(path), "D"))
        if type(networks.get("d")) is dict:
            return _read_rosinality(networks["d"], str(path))
    except (PickleRefused, RecursionError) as error:
        raise ModelError(f"{path}: its discriminator cannot be read safely: {error}") from error
    raise ModelError(f"{path}: holds no discriminator; expected {_FORMS}")


def _read_rosinality(state: Mapping[Any, Any], where: str) -> tuple[DiscriminatorTable, Mapping[str, StoredTensor]]:
    found = {
        key.removeprefix("module."): value
        for key, value in state.items()
        if type(key) is str and type(value) is StoredTensor
    }
    for name in [name for name in found if name.endswith(_FILTERS)]:
        if not is_binomial_filter(found.pop(name)):
            raise ModelError(f"{where}: '{name}' of its discriminator is not the filter [1, 3, 3, 1]")
    return _table(found, where), found


def _read_nvlabs(network: NetworkPart) -> tuple[DiscriminatorTable, Mapping[str, StoredTensor]]:
    size, last = network.count("img_resolution"), network.part("b4")
    if not 8 <= size <= 4 << (LARGEST_BLOCKS - 1) or size & (size - 1):
        raise network.fail(f"is for images of {size} pixels")
    found: dict[str, StoredTensor] = {}
    clamp = _clamp(network.part(f"b{size}").part("conv0"))
    for i in range(1, size.bit_length() - 2):
        block = network.part(f"b{size >> (i - 1)}")
        _check_block(block, clamp)
        if i == 1:
            found |= _layer(block.part("fromrgb"), "convs.0.0.weight", "convs.0.1.bias")
        found |= _layer(block.part("conv0"), f"convs.{i}.conv1.0.weight", f"convs.{i}.conv1.1.bias")
        found |= _layer(block.part("conv1"), f"convs.{i}.conv2.1.weight", f"convs.{i}.conv2.2.bias")
        found[f"convs.{i}.skip.1.weight"] = block.part("skip").weight("weight", 4)
    found |= _layer(last.part("conv"), "final_conv.0.weight", "final_conv.1.bias")
    for i, name in enumerate(("fc", "out")):
        dense = last.part(name)
        found |= {
            f"final_linear.{i}.weight": dense.weight("weight", 2),
            f"final_linear.{i}.bias": dense.weight("bias", 1),
        }
    minibatch_stddev = last.maybe("mbstd")
    group = minibatch_stddev.value("group_size", 4) if minibatch_stddev else 4
    if type(group) is not int or group < 1:
        raise last.fail("takes the standard deviation over whole batches, which fgraph does not run")
    return _table(found, network.where, clamp=clamp, stddev_group=group), found


def _layer(part: NetworkPart, weight: str, bias: str) -> dict[str, StoredTensor]:
    if part.text("activation", "lrelu") != "lrelu":
        raise part.fail("has an activation other than leaky ReLU")
    return {weight: part.weight("weight", 4), bias: part.weight("bias", 1)}


def _clamp(part: NetworkPart) -> float | None:
    return None if part.value("conv_clamp") is None else part.number("conv_clamp")


def _check_block(block: NetworkPart, clamp: float | None) -> None:
    if block.text("architecture", "resnet") != "resnet":
        raise block.fail("is not a residual block; fgraph runs residual discriminators only")
    if any(_clamp(block.part(name)) != clamp for name in ("conv0", "conv1")):
        raise block.fail("has a conv_clamp that other layers do not have")
    taps = block.tensor("resample_filter")
    if taps is not None and not is_binomial_filter(taps):
        raise block.fail("has a resample_filter other than [1, 3, 3, 1]")


def _table(found: Mapping[str, StoredTensor], where: str, **facts: Any) -> DiscriminatorTable:
    """Return the table that the shapes imply, and check every shape against it."""
    blocks = sum(name.endswith(".skip.1.weight") for name in found)
    widths = [_width(found, "convs.0.0.weight", 0, where)]
    if not 1 <= blocks < LARGEST_BLOCKS:
        raise ModelError(f"{where}: its discriminator has {blocks} residual blocks; expected {_FORMS}")
    widths += [_width(found, f"convs.{i}.skip.1.weight", 0, where) for i in range(1, blocks + 1)]
    table = DiscriminatorTable(
        size=4 << blocks,
        channels=tuple((4 << i, width) for i, width in enumerate(reversed(widths))),
        image_channels=_width(found, "convs.0.0.weight", 1, where),
        stddev_channels=_width(found, "final_conv.0.weight", 1, where) - widths[-1],
        outputs=_width(found, "final_linear.1.weight", 0, where),
        faded=tuple(4 << i for i in range(blocks) if f"faded.{4 << i}.share" in found),
        **facts,
    )
    if not 0 <= table.stddev_channels <= widths[-1]:
        extra = table.stddev_channels
        raise ModelError(f"{where}: 'final_conv.0.weight' of its discriminator reads {extra} channels beyond its input")
    shapes = discriminator_shapes(table)
    for name in [*shapes, *found]:
        shape = found[name].shape if name in found else None
        if shape != shapes.get(name):
            raise ModelError(
                f"{where}: '{name}' of its discriminator is {_shown(shape)}; expected {_shown(shapes.get(name))}"
            )
    return table


def _width(found: Mapping[str, StoredTensor], name: str, axis: int, where: str) -> int:
    if name not in found or len(found[name].shape) <= axis:
        raise ModelError(f"{where}: its discriminator has no tensor '{show(name)}'; expected {_FORMS}")
    return found[name].shape[axis]


def _shown(shape: tuple[int, ...] | None) -> str:
    return "nothing" if shape is None else str(list(shape))
