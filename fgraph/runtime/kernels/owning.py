"""Kernel of `own`: the styles that own a part, taken from a reference; what owns what is kept in the user's cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph.ir.ops import Own
from fgraph.masks import MaskExpr, rasterise
from fgraph.runtime.kernels.context import KernelContext, Params, each_distinct
from fgraph.runtime.kernels.weighting import lerp
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.array_cache import Schema, cached_arrays
from fgraph.stylegan.measured.ownership import Catalogue, Settings, find_owners

_VERSION = 1  # of what is kept: raised where the same settings give other numbers
_MOSTLY = 0.5  # of a part, inside a mask: then the part belongs to it


def own(op: Own, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """S + q (S of the reference - S), with q of each row's part (Collins et al. 2020, section 3.3)."""
    settings = Settings(op.layer, op.clusters, op.samples, op.seed)
    catalogue = load_catalogue(context.generator(op.model), settings)
    slices = [layer.style_slice for layer in context.generator(op.model).table.layers[1:]]

    def weights(param: Any) -> Tensor:
        part, *amounts = param
        share = share_of(catalogue, part)
        return torch.cat([weigh(op.how, share[columns], *amounts) for columns in slices])

    return lerp(inputs[0], inputs[1], each_distinct(params, weights).to(inputs[0]), context)


def share_of(catalogue: Catalogue, part: Any) -> Tensor:
    """What share of each channel lies in some parts, given by number or by a mask that holds most of them; [S]."""
    numbers = parts_in(catalogue, part) if isinstance(part, MaskExpr) else list(part)
    return catalogue.shares[numbers].sum(dim=0)


def parts_in(catalogue: Catalogue, mask: MaskExpr) -> list[int]:
    """The parts of which most lies inside a mask; if there is none, the one of which most does.

    Raises:
        ValueError: no part has anything in the mask.
    """
    height, width = catalogue.places.shape[1:]
    inside = torch.from_numpy(np.array(rasterise(mask, height, width)))
    shares = (catalogue.places * inside).sum(dim=(1, 2)) / catalogue.places.sum(dim=(1, 2)).clamp_min(1e-12)
    if not shares.any():
        raise ValueError("the mask is 0 wherever there is a part, so that it names none")
    return [number for number, share in enumerate(shares.tolist()) if share > _MOSTLY] or [int(shares.argmax())]


def weigh(how: str, share: Tensor, strength: float, rho: float, epsilon: float) -> Tensor:
    """How far each channel of a layer goes to the reference: q in [0, 1], [C].

    `together`: q = min(1, λ M). `greedy`: channels are taken whole, the most owned first, while the sum of 1 - M, which
    is what they do elsewhere, stays below ε; and only where M > ρ.
    """
    if how == "together":
        return (strength * share).clamp(0, 1)
    order = share.argsort(descending=True, stable=True)
    q = torch.zeros_like(share)
    q[order[(1 - share[order]).cumsum(dim=0) < epsilon]] = min(max(strength, 0.0), 1.0)
    return q * (share > rho)


def load_catalogue(generator: StyleGAN2Generator, settings: Settings) -> Catalogue:
    """Return the parts of a generator and the channels that own them, from the cache if it has them."""
    table = generator.table
    layer = table.at(table.pause(settings.layer))
    side = layer.resolution
    schema: Schema = {
        "centres": ("float32", (settings.clusters, table.at(layer.index - (layer.kind == "torgb")).out_channels)),
        "places": ("float32", (settings.clusters, side, side)),
        "shares": ("float32", (settings.clusters, table.style_length)),
    }

    def measure() -> dict[str, Any]:
        return {name: value.numpy() for name, value in vars(find_owners(generator, settings)).items()}

    description = f"owners of parts, {astuple(settings)}, {_VERSION}"
    arrays = cached_arrays(generator, description, schema, measure)
    return Catalogue(**{name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
