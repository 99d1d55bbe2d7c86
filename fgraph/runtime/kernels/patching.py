"""Kernels of patches: propose them, sift them, and copy them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from torch import Tensor

from fgraph._geometry import Shift
from fgraph.ir.ops import Propose, Sift, Transplant
from fgraph.masks import Box, edited, feathered, rasterise
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.proposals import Look, Rule, propose_patches
from fgraph.runtime.kernels.seams import keep_seamless
from fgraph.runtime.kernels.spatial import edit_map
from fgraph.runtime.kernels.weighting import lerp


def propose(op: Propose, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Propose patches of pictures, [rows, count, 6], in cells."""
    rule = Rule(op.count, (op.rows, op.columns), op.smallest, op.largest, op.horizon)
    looks: dict[bytes, Look] = {}  # variations often share a picture
    found = []
    for picture, param in zip(inputs[0].detach().cpu().double().numpy(), params, strict=True):
        key = picture.tobytes()
        look = looks[key] if key in looks else looks.setdefault(key, Look(picture, rule.cells))
        found.append(propose_patches(look, rule, *param))  # type: ignore[misc]
    return context.tensor(np.stack(found))


def sift(op: Sift, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Keep the first patches of each row without visible seams, [rows, count, 6], in cells."""
    before, after, patches = (one.detach().cpu().double().numpy() for one in inputs)
    kept = [keep_seamless(*row, (op.rows, op.columns), op.count) for row in zip(before, after, patches, strict=True)]
    return context.tensor(np.stack(kept))


def transplant(op: Transplant, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Copy patches of maps to other places in them, each row by its own patches."""
    x = inputs[0]
    result = x.clone()
    for row, patches in enumerate(inputs[1].round().long().cpu().tolist()):
        for patch in patches:
            if patch[2]:
                shift, alpha = _lay_out((op.rows, op.columns), tuple(patch), params[row], *x.shape[-2:])
                moved = edit_map(x[row : row + 1], shift, context)
                result[row : row + 1] = lerp(result[row : row + 1], moved, x.new_tensor(alpha)[None, None], context)
    return result


@lru_cache(maxsize=4096)
def _lay_out(cells: tuple[int, int], patch: tuple[int, ...], feather: Any, height: int, width: int) -> Any:
    """Return the move of a patch, and Shift(α), [height, width], which is the same at all layers of a size."""
    left, top, wide, high, along, down = patch
    rows, columns = cells
    box = Box((Fraction(left, columns), Fraction(top, rows), Fraction(wide, columns), Fraction(high, rows)))
    shift = Shift(Fraction(down, rows), Fraction(along, columns))
    alpha = edited(feathered(box, feather), replace(shift, mode="constant"))
    return shift, rasterise(alpha, height, width)
