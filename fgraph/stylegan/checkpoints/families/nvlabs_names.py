"""Flat state dicts with NVlabs' names of StyleGAN2 (`synthesis.b4.const`, `mapping.fc0.weight`). Without torch.

`torch.save(G.state_dict())` writes them. The settings of the layers are not in such a file.
"""

from __future__ import annotations

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
from fgraph.stylegan.checkpoints.nvlabs import read_nvlabs
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module

_LAYERS = ("conv0", "conv1", "torgb")


def read_nvlabs_names(state: StateDict) -> Contents:
    """Return the contents of a state dict of NVlabs' StyleGAN2.

    Raises:
        ModelError: its tensors do not make a generator.
    """
    root = make_tree(state.without(MEAN))
    set_mapping(root, columns(part_of(root, "synthesis", "b4", "conv1", "affine")))
    synthesis = part_of(root, "synthesis")
    blocks = synthesis.state["_modules"] if synthesis else {}
    architecture = _architecture(blocks)
    for block in blocks.values():
        block.state["architecture"] = architecture
        for name in _LAYERS:
            if (layer := part_of(block, name)) is not None:
                layer.state["conv_clamp"] = CLAMP
    contents = read_nvlabs(root, state.where, state.place)
    check_all_read(contents, state, "resample_filter", MEAN)
    return state.contents(
        contents, f"outputs of layers are clamped to +-{CLAMP}", "the layers have leaky ReLU", ASSUMED_MAPPING
    )


def _architecture(blocks: dict[str, Module]) -> str:
    """Return the architecture that the parts of the blocks imply."""
    if any(part_of(block, "skip") for block in blocks.values()):
        return "resnet"
    first = blocks.get("b4")
    return "skip" if len(blocks) == 1 or (first is not None and part_of(first, "torgb")) else "orig"
