"""The class embedding of StyleGAN-XL, converted to the linear embedding of fgraph's mapping networks. Without torch.

StyleGAN-XL (Sauer et al. 2022) looks a class up in the embedding e of a frozen classifier, a `torch.nn.Embedding`, and
projects it: y = lrelu(P e / sqrt(E) + p) sqrt(2). The number of classes is finite, so the y of each class becomes a
column of a linear embedding of one-hot classes, without its gain 1 / sqrt(classes).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fgraph.stylegan.checkpoints.contents import Weight
from fgraph.stylegan.checkpoints.network_parts import NetworkPart
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, StandIn
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

if TYPE_CHECKING:
    from torch import Tensor

PROJECTION = "embed_proj"
_EMBEDDING = "torch.nn.modules.sparse.Embedding"
_SLOPE = 0.2


def is_projected(mapping: NetworkPart) -> bool:
    """Return whether a mapping network projects the embeddings of a classifier."""
    return mapping.maybe(PROJECTION) is not None


def class_weights(mapping: NetworkPart, classes: int) -> dict[str, Weight]:
    """Return the weight and bias of the linear embedding, by fgraph's names.

    Raises:
        ModelError: the parts do not fit each other.
    """
    found, layer = _table(mapping), mapping.part(PROJECTION)
    weight, bias = layer.weight("weight", 2), layer.weight("bias", 1)
    width, length = weight.shape
    if found.shape[0] < classes or found.shape[1] != length or bias.shape != (width,):
        raise layer.fail(f"does not fit an embedding of shape {list(found.shape)} for {classes} classes")
    if width > length:  # otherwise, a small file could take any amount of memory
        raise layer.fail(f"maps {length} numbers to {width}; StyleGAN-XL maps to fewer")
    published = layer.text("activation", "lrelu") == "lrelu" and layer.number("bias_gain") == 1.0
    if not published or abs(layer.number("weight_gain") * math.sqrt(length) - 1) > 1e-6:
        raise layer.fail("is not the layer by which StyleGAN-XL projects embeddings")

    def project(value: Tensor) -> Tensor:
        matrix, offset = (Weight(one, one.shape).load().double() for one in (weight, bias))
        made = value[:classes].double() @ matrix.t() / math.sqrt(length) + offset  # [classes, width]
        made = made.where(made >= 0, made * _SLOPE) * math.sqrt(2)
        return (made.t() * math.sqrt(classes)).contiguous().to(value.dtype)

    return {
        "mapping.embed.weight": Weight(found, (width, classes), project),
        "mapping.embed.bias": Weight(bias, (width,), lambda value: value * 0),
    }


def _table(mapping: NetworkPart) -> StoredTensor:
    """Return the embeddings of the classifier, [classes or more, E]."""
    parts = mapping.module.state.get("_modules")
    found = parts.get("embed") if type(parts) is dict else None
    known = type(found) is Module or (type(found) is StandIn and found.kind == _EMBEDDING)
    state = found.state if known and found is not None else None
    if type(state) is dict and type(named := state.get("_parameters")) is dict:
        stored = named.get("weight")
        if type(stored) is StoredTensor and len(stored.shape) == 2 and 0 not in stored.shape:
            return stored
    raise mapping.fail("has no embedding of classes, which its projection reads")
