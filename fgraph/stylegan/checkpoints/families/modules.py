"""A module tree made of a flat state dict, so that the readers of whole modules read it too. Without torch."""

from __future__ import annotations

from typing import Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.class_embedding import PROJECTION
from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.state_dict import StateDict
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

RATE = 0.01  # the learning-rate multiplier of the mapping, in all of NVlabs' configurations
CLAMP = 256  # clamp of layers, in NVlabs' configurations that train in float16
ASSUMED_MAPPING = f"the mapping has leaky ReLU and the learning-rate multiplier {RATE}"
_DEEPEST = 8  # parts of a name


def make_tree(state: StateDict) -> Module:
    """Return the tree of modules that names with dots imply, each with its tensors, without settings.

    Raises:
        ModelError: a name has more parts than a generator's.
    """
    root = _module()
    for name, tensor in state.tensors.items():
        *path, last = name.split(".")
        if len(path) > _DEEPEST:
            raise ModelError(f"{state.where}: holds '{show(name)}', which no generator has")
        module = root
        for part in path:
            module = module.state["_modules"].setdefault(part, _module())
        module.state["_parameters"][last] = tensor
    return root


def part_of(module: Module, *path: str) -> Module | None:
    """Return the part at a path, or None."""
    for name in path:
        if (found := module.state["_modules"].get(name)) is None:
            return None
        module = found
    return module


def columns(module: Module | None, name: str = "weight") -> int:
    """Return the columns of a matrix among the tensors of a module, or 0."""
    tensor = None if module is None else module.state["_parameters"].get(name)
    return tensor.shape[1] if type(tensor) is StoredTensor and len(tensor.shape) == 2 else 0


def rows(module: Module, name: str = "weight") -> int:
    """Return the rows of a matrix among the tensors of a module, or 0."""
    tensor = module.state["_parameters"].get(name)
    return tensor.shape[0] if type(tensor) is StoredTensor and len(tensor.shape) == 2 else 0


def set_mapping(root: Module, w_dim: int) -> None:
    """Set the attributes of NVlabs' mapping network: z_dim, c_dim, w_dim, and the gains of its layers."""
    mapping = root.state["_modules"].setdefault("mapping", _module())
    embed, projection = part_of(mapping, "embed"), part_of(mapping, PROJECTION)
    classes = width = 0
    if projection is not None:  # StyleGAN-XL, which has a mean for each class
        classes, width = rows(mapping, "w_avg"), rows(projection)
        gain = max(1, columns(projection)) ** -0.5
        projection.state.update({"bias_gain": 1.0, "weight_gain": gain, "activation": "lrelu"})
    elif embed is not None and "bias" in embed.state["_parameters"]:
        classes, width = columns(embed), rows(embed)
        embed.state.update({"bias_gain": 1.0, "activation": "linear"})
    root.state.update({"z_dim": max(0, columns(part_of(mapping, "fc0")) - width), "c_dim": classes, "w_dim": w_dim})
    for name, dense in mapping.state["_modules"].items():
        if name.startswith("fc") and (inputs := columns(dense)):
            dense.state.update({"bias_gain": RATE, "weight_gain": RATE / inputs**0.5})


def check_all_read(contents: Contents, state: StateDict, *ignored: str) -> None:
    """Refuse tensors that the generator does not have: they make it another network.

    Raises:
        ModelError: there are such tensors.
    """
    read = {id(weight.stored) for weight in contents.weights.values()}
    extra = [name for name, one in state.tensors.items() if id(one) not in read and not name.endswith(ignored)]
    if extra:
        shown = ", ".join(show(name) for name in extra[:5])
        raise ModelError(
            f"{state.where}: holds {shown}, unknown in a generator of {contents.table.extent} pixels; was it made by a "
            "changed network?"
        )


def _module() -> Module:
    state: dict[Any, Any] = {"_parameters": {}, "_modules": {}}
    return Module("", state)
