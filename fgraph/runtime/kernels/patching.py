"""Kernels of patches: which are proposed, and how they are copied."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from torch import Tensor

from fgraph._geometry import Shift
from fgraph.fields import Box, edited, feathered, rasterise
from fgraph.ir.ops import Propose, Transplant
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.runtime.kernels.proposals import Look, Rule, propose_patches
from fgraph.runtime.kernels.spatial import edit_map


def propose(op: Propose, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Patches [rows, count, 6] of pictures, in cells."""
    rule = Rule(op.count, (op.rows, op.columns), op.smallest, op.largest, op.horizon)
    looks: dict[bytes, Look] = {}  # many variations are of one picture
    found = []
    for picture, param in zip(inputs[0].detach().cpu().double().numpy(), params, strict=True):
        key = picture.tobytes()
        look = looks[key] if key in looks else looks.setdefault(key, Look(picture, rule.cells))
        found.append(propose_patches(look, rule, *param))  # type: ignore[misc]
    return context.tensor(np.stack(found))


def transplant(op: Transplant, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Maps with patches of themselves copied elsewhere, each row with its own."""
    result = inputs[0].clone()
    for row, patches in enumerate(inputs[1].round().long().cpu().tolist()):
        for patch in patches:
            if patch[2]:
                _copy(op, result[row : row + 1], inputs[0][row : row + 1], patch, params[row])
    return result


def _copy(op: Transplant, result: Tensor, x: Tensor, patch: Sequence[int], feather: Any) -> None:
    """Copy one patch of x, [1, C, H, W], into the result."""
    height, width = x.shape[-2:]
    left, top, wide, high, along, down = patch
    columns, rows = op.columns, op.rows
    box = Box((Fraction(left, columns), Fraction(top, rows), Fraction(wide, columns), Fraction(high, rows)))
    shift = Shift(Fraction(down, rows), Fraction(along, columns))
    stays = Shift(shift.dy, shift.dx, "constant")
    alpha = rasterise(edited(feathered(box, feather), stays), height, width)
    weight = _like(alpha, x)
    result.lerp_(edit_map(x, shift), weight)


def _like(array: np.ndarray[Any, Any], x: Tensor) -> Tensor:
    return x.new_tensor(array)[None, None]
