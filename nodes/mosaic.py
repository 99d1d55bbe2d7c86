"""`mosaic`: many codes on one canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fgraph._geometry import Canvas, Pad
from fgraph._ports import Kind
from fgraph.ir.program import as_index
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described, on_plane, place_planes, plane, planes_of
from fgraph.lowering.spatial import edit_tensor
from fgraph.lowering.values import Features, Mixture
from fgraph.masks import Hat, product
from fgraph.node import LatentPort, Node

Count = Annotated[int, Field(ge=1, le=10_000)]


class Mosaic(Node):
    """A large canvas with one code per cell, where each cell blends into its neighbours.

    Cells are ordered left to right, then down. Their alphas sum to 1. A cell has alpha 1 at its centre; with `overlap`
    1, it fades linearly up to the next centre. With `wrap`, operations read neighbours across the edge, so there is no
    seam. The node makes n rows from n·rows·columns rows of codes.
    """

    op: Literal["mosaic"] = "mosaic"
    produces: ClassVar[Kind] = Kind.FEATURES
    collapses: ClassVar[bool] = True

    of: LatentPort = Field(description="the codes, one per cell")
    grid: tuple[Count, Count] = Field(description="rows and columns of cells")
    wrap: Literal["none", "x", "y", "both"] = Field("none", description="the axes on which the canvas wraps round")
    overlap: float = Field(1.0, gt=0, le=1, description="the width of the fade between two cells, in cells")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        cells, given = self.grid[0] * self.grid[1], rows["of"][0]
        if given % cells:
            raise ValueError(
                f"a grid of {self.grid[0]}x{self.grid[1]} takes {cells} codes, or a multiple; there are {given}"
            )
        return given // cells

    def lower(self, build: Build, inputs: Inputs) -> Features:
        grid_rows, grid_columns = self.grid
        cells, wrap_x, wrap_y = grid_rows * grid_columns, self.wrap in ("x", "both"), self.wrap in ("y", "both")
        latent = build.promote(inputs.latent("of"), "s")
        first = as_index(np.arange(0, latent.rows, cells))
        carriers, alphas = [], []
        for cell in range(cells):
            row, column = divmod(cell, grid_columns)
            alpha = product(
                Hat(column, grid_columns, "x", self.overlap, wrap_x),
                Hat(row, grid_rows, "y", self.overlap, wrap_y),
            )
            carriers.append(inputs.carrier(latent.take(as_index(first + cell))))
            alphas.append((alpha,) * len(first))
        paused = inputs.pause(latent.take(first))
        canvas = Canvas(Fraction(grid_rows), Fraction(grid_columns), wrap_x, wrap_y)
        if on_plane(build, paused):
            return self._on_plane(build, paused, Mixture(tuple(carriers), tuple(alphas)), canvas)
        spread = Pad(Fraction(0), Fraction(grid_rows - 1), Fraction(0), Fraction(grid_columns - 1), "circular")
        const = edit_tensor(build, paused.activation, (spread,) * len(first))
        return Features(
            const, None, paused.layer, Mixture(tuple(carriers), tuple(alphas)),
            canvas, paused.model, paused.keys, inputs.declared(),
        )  # fmt: skip

    def _on_plane(self, build: Build, paused: Features, cells: Mixture, canvas: Canvas) -> Features:
        """Return the mosaic of a StyleGAN3 model, whose cells sample the plane around their own centres."""
        if self.wrap != "none":
            model = described(paused.model, build.table(paused.model))
            with blaming("wrap"):
                raise ValueError(
                    f"wrap {self.wrap} closes a canvas; {model} samples an endless plane, which does not close: leave "
                    "wrap out"
                )
        (grid_rows, grid_columns), unit = self.grid, build.table(paused.model).unit
        placed = []
        for cell, carrier in enumerate(cells.carriers):
            row, column = divmod(cell, grid_columns)
            middle = (Fraction(2 * column + 1 - grid_columns, 2), Fraction(2 * row + 1 - grid_rows, 2))
            placed.append(place_planes(carrier, middle, unit))
        carrier = Mixture(tuple(placed), cells.alphas)
        return replace(paused, activation=plane(build, planes_of(carrier)), carrier=carrier, canvas=canvas)
