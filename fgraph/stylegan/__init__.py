"""Pretrained StyleGAN generators: layer tables, networks, and readers of model files.

    inspect    describe a model file, without its weights and without torch
    convert    write a model file as fgraph's .safetensors, or as rosinality's .pt
    mix        write a mixture of model files: layer swapping by resolution, or an average

Importing this package imports no more than this module: each name is imported when it is first used. None needs torch.
"""

from typing import TYPE_CHECKING

from fgraph._lazy import lazy_names

if TYPE_CHECKING:
    from fgraph.stylegan.checkpoints.inspection import Inspection, inspect
    from fgraph.stylegan.conversion import Conversion, convert
    from fgraph.stylegan.mixing import Mixing, MixtureReport, mix

__all__ = ["Conversion", "Inspection", "Mixing", "MixtureReport", "convert", "inspect", "mix"]

__getattr__ = lazy_names(
    __name__,
    {
        "fgraph.stylegan.checkpoints.inspection": ("Inspection", "inspect"),
        "fgraph.stylegan.conversion": ("Conversion", "convert"),
        "fgraph.stylegan.mixing": ("Mixing", "MixtureReport", "mix"),
    },
)
