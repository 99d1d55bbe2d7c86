"""Kernel of `own`: takes the styles that own a part from a reference; owners are cached in the user's cache folder."""

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
from fgraph.stylegan.measured.ownership import OwnershipSettings, PartCatalogue, find_owners

_VERSION = 1  # version of cache files: raise it if the same settings give other numbers
_MOSTLY = 0.5  # least share of a part inside a mask for the part to belong to the mask


def own(op: Own, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return S + q (S of the reference - S), with q of the part of each row (Collins et al. 2020, section 3.3)."""
    key = (op, tuple(params), inputs[0].dtype)
    shares = context.kept(key, lambda: _weights(op, params, context), inputs[0].dtype)
    return lerp(inputs[0], inputs[1], shares, context)


def _weights(op: Own, params: Params, context: KernelContext) -> Any:
    """Return q, the share by which each style of each row moves to the reference, [rows, length], as an array."""
    settings = OwnershipSettings(op.layer, op.clusters, op.samples, op.seed)
    catalogue = load_catalogue(context.generator(op.model), settings)
    slices = [layer.style_slice for layer in context.generator(op.model).table.layers[1:]]

    def weights(param: Any) -> Tensor:
        part, *amounts = param
        share = share_of(catalogue, part)
        return torch.cat([weigh(op.how, share[columns], *amounts) for columns in slices])

    return each_distinct(params, weights).numpy()


def share_of(catalogue: PartCatalogue, part: Any) -> Tensor:
    """Return the share of each channel in some parts, [S]: numbers, or a mask that contains most of each part."""
    numbers = parts_in(catalogue, part) if isinstance(part, MaskExpr) else list(part)
    return catalogue.shares[numbers].sum(dim=0)


def parts_in(catalogue: PartCatalogue, mask: MaskExpr) -> list[int]:
    """Return the parts that are mostly inside a mask; if there is none, the part with the largest share inside.

    Raises:
        ValueError: no part overlaps the mask.
    """
    height, width = catalogue.places.shape[1:]
    inside = torch.from_numpy(np.array(rasterise(mask, height, width)))
    shares = (catalogue.places * inside).sum(dim=(1, 2)) / catalogue.places.sum(dim=(1, 2)).clamp_min(1e-12)
    if not shares.any():
        raise ValueError("the mask covers no part: draw it over the part to transfer, or give `part`, a number")
    return [number for number, share in enumerate(shares.tolist()) if share > _MOSTLY] or [int(shares.argmax())]


def weigh(how: str, share: Tensor, strength: float, rho: float, epsilon: float) -> Tensor:
    """Return q in [0, 1], [C], the share by which each channel of a layer moves to the reference.

    `together`: q = min(1, λ M). `greedy`: whole channels with M > ρ, those of largest M first, while the sum of 1 - M,
    which is the effect elsewhere, stays below ε.
    """
    if how == "together":
        return (strength * share).clamp(0, 1)
    order = share.argsort(descending=True, stable=True)
    q = torch.zeros_like(share)
    q[order[(1 - share[order]).cumsum(dim=0) < epsilon]] = min(max(strength, 0.0), 1.0)
    return q * (share > rho)


def load_catalogue(generator: StyleGAN2Generator, settings: OwnershipSettings) -> PartCatalogue:
    """Return the parts of a generator and the channels that own them, from the cache if it has them."""
    table = generator.table
    layer = table.at(table.pause(settings.layer))
    schema: Schema = {
        "centres": ("float32", (settings.clusters, table.at(layer.index - (layer.kind == "torgb")).out_channels)),
        "places": ("float32", (settings.clusters, *layer.size)),
        "shares": ("float32", (settings.clusters, table.style_length)),
    }

    def measure() -> dict[str, Any]:
        return {name: value.numpy() for name, value in vars(find_owners(generator, settings)).items()}

    description = f"owners of parts, {astuple(settings)}, {_VERSION}"
    arrays = cached_arrays(generator, description, schema, measure)
    return PartCatalogue(**{name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
