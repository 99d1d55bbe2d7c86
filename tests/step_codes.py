"""Codes as the step interpreter sees them: one row in one space, its promotion, its mixing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from fgraph.stylegan.generator import Generator

SPACES = ("z", "w", "w+", "s")


@dataclass(frozen=True)
class Code:
    """One row of a Latent."""

    space: str
    code: Tensor  # [1, ...]
    model: Generator
    key: int


def promote(code: Code, space: str) -> Code:
    """z -> w -> w+ -> s."""
    while SPACES.index(code.space) < SPACES.index(space):
        if code.space == "z":
            code = replace(code, space="w", code=code.model.map(code.code))
        elif space == "w+":
            code = replace(code, space="w+", code=code.code[:, None].repeat(1, code.model.table.num_ws, 1))
        else:
            code = replace(code, space="s", code=code.model.affine(code.code))
    return code


def together(a: Code, b: Code, space: str) -> tuple[Code, Code]:
    target = max(a.space, b.space, "s" if a.model is not b.model else space, key=SPACES.index)
    return promote(a, target), promote(b, target)


def splice(base: Code, other: Code, rows: str | None, layers: Any) -> Code:
    """The base with the styles of the other at some layers, in W+ where whole rows of it are taken."""
    table = base.model.table
    if layers is None:
        assert rows is not None
        start, _, stop = rows.partition("..")
        last = (int(stop) if stop else table.num_ws - 1) if ".." in rows else int(start)
        chosen = {layer.index for layer in table.layers[1:] if int(start) <= layer.ws_index <= last}
    else:
        chosen = set(layers.resolve(table, -1)) - {-1}
    fed = [{one.index for one in table.layers[1:] if one.ws_index == row} for row in range(table.num_ws)]
    whole = [row for row, indices in enumerate(fed) if indices <= chosen]
    base, other = together(base, other, "w+" if set().union(*(fed[row] for row in whole)) == chosen else "s")
    code = base.code.clone()
    if base.space == "w+":
        code[:, whole] = other.code[:, whole]
    for index in chosen if base.space == "s" else ():
        code[:, table.at(index).style_slice] = other.code[:, table.at(index).style_slice]
    return replace(base, code=code)
