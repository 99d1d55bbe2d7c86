"""StyleGAN2 generators of BasicSR (`constant_input.weight`, `style_conv1.modulated_conv.weight`). Without torch.

The names of tensors differ from rosinality's; the layers are the same.
"""

from __future__ import annotations

from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.families.state_dict import StateDict

_NAMES = (  # (a pattern of BasicSR's names, rosinality's name)
    (r"^constant_input\.weight$", "input.input"),
    (r"^style_mlp\.", "style."),
    (r"^style_(conv1|convs\.\d+)\.weight$", r"\1.noise.weight"),
    (r"^style_(conv1|convs\.\d+)\.", r"\1."),
    (r"\.modulated_conv\.", ".conv."),
    (r"^noises\.noise(\d+)$", r"noises.noise_\1"),
)


def read_basicsr(state: StateDict) -> Contents:
    """Return the contents of a checkpoint of BasicSR.

    Raises:
        ModelError: the tensors do not make a generator.
    """
    return state.contents(read_rosinality(state.renamed(_NAMES), "basicsr"))
