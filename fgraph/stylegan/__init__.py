"""The generator that is driven: its layer table, its network, the readers of checkpoints.

    inspect    what a model file holds, without loading its weights, or torch
    convert    any model file -> one of ours (.safetensors), or of rosinality (.pt)

Importing this does not import torch.
"""

from fgraph.stylegan.checkpoints.inspection import Inspection, inspect
from fgraph.stylegan.conversion import Conversion, convert

__all__ = ["Conversion", "Inspection", "convert", "inspect"]
