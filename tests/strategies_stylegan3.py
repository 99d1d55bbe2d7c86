"""Hypothesis strategies for random valid graphs on tiny StyleGAN3 generators, T and R."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from fgraph._geometry import Pad
from fgraph.stylegan.tables.base import Table
from tests.drawing import Made
from tests.strategies import WIDEST, GraphBuilder, drawn_document
from tests.stylegan3_networks import Kind, tiny_stylegan3

PASS_STEPS = (
    "start_pass", "move_on", "restyle", "blend", "blend", "blend", "mosaic", "pad", "resize", "crop", "crop", "shift",
    "flip", "map", "concat", "transform", "transform", "take", "pad", "restyle", "bend",
)  # fmt: skip


class StyleGAN3Builder(GraphBuilder):
    """A builder for StyleGAN3: canvases change at `const` only, and never wrap round."""

    layer_sets = ("all", "all", "0..2", "L1..", "const..2", "1,3", "here,2..", "..1", "input", "L0_24_4..L2")
    code_parts = ({"rows": "2.."}, {"rows": "0..2"}, {"layers": "L1.."}, {"layers": "0,3"})
    factorised = "L1"
    bent_layers = ("L0", "L1..L2", "input", "here,L1", "L0,L2")
    deepest = 3

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], kind: Kind) -> None:
        self._kind = kind
        super().__init__(draw)

    def models(self) -> tuple[str, Table]:
        return self._kind, tiny_stylegan3(0, self._kind).table

    def add(self, made: Made, **node: Any) -> Made:
        if node.get("op") in ("mosaic", "concat", "blend") and made.layer < 0:
            made = replace(made, single=False)
        return super().add(made, **node)

    def first_layer(self) -> int:
        return -1 if self.integer(0, 3) else super().first_layer()

    def shows(self, of: Made) -> bool:
        return of.kind != "features" or of.layer >= 0

    def restyle(self, of: Made) -> Made:
        return super().restyle(of) if of.layer >= 0 or of.single else of

    def blend(self, a: Made, layers: str | None = None) -> Made:
        if a.layer < 0 and layers is None:
            layers = self.one_of(self.layer_sets)
        return super().blend(a, layers)

    def mosaic(self) -> Made:
        high, wide = self.choose((1, 2), (2, 1), (2, 2))
        rows = self.choose(1, self.rows)
        codes = self.sample(high * wide * rows)
        self.values.remove(codes)
        made = Made("", "features", rows, -1, canvas=self.canvas_of(high, wide))
        made = self.add(made, op="mosaic", of=codes.id, grid=[high, wide], overlap=self.choose(1.0, 0.5))
        return made if self.integer(0, 3) else self.move_on(made)

    @staticmethod
    def canvas_of(high: int, wide: int) -> Any:
        return replace(Made("", "", 1).canvas, height=high, width=wide)

    def pad(self, of: Made) -> Made:
        if of.layer >= 0:
            return self.crop(of)
        (high, wide), most = of.grid, int(WIDEST * of.coarsest)
        top, left = self.integer(0, max(0, min(8, most - high))), self.integer(0, max(0, min(16, most - wide)))
        edit = Pad(_ratio(top, high), _ratio(0, 1), _ratio(left, wide), _ratio(0, 1))
        sides = {"top": str(edit.top), "left": str(edit.left)}
        if self.chance():
            pixels = self.table.resolution // of.coarsest  # of the image in one of the grid
            sides = {"top": str(top * pixels), "left": str(left * pixels), "unit": "pixel"}
        return self.edited(of, edit, op="pad", **sides)

    def resize(self, of: Made) -> Made:
        return super().resize(of) if of.layer < 0 else self.flip(of)

    def shift(self, of: Made, layers: str | None = None) -> Made:
        if of.layer >= 0 or of.kind != "features" or layers:
            return super().shift(of, layers)
        dx = self.per_row(lambda: self.choose(0.0, 0.25, -0.1, "1/3"))
        return self.add(replace(of, rows=self.spread(of, dx)), of=of.id, op="shift", dx=dx, dy=self.choose(0.0, 0.5))

    def own(self, a: Made, b: Made) -> Made:
        """Draw a direction instead: parts are clustered in StyleGAN2 only."""
        return self.direction(a)

    def channels(self) -> dict[str, Any]:
        fraction = {"fraction": self.per_row(lambda: self.choose(0.5, 0.8)), "seed": self.integer(0, 9)}
        return self.choose({}, {"channels": "1..2"}, fraction)

    def transform(self, of: Made) -> Made:
        if of.layer >= 0:
            return self.shift(of)
        rotate = self.per_row(lambda: self.choose(0, 90, 30, -12.5))
        fields = {"scale": self.choose(1, 1, 0.8, "3/2"), "dx": self.choose(0, 0.25, "1/3"), "dy": self.choose(0, -0.1)}
        return self.add(replace(of, rows=self.spread(of, rotate)), op="transform", of=of.id, rotate=rotate, **fields)


def _ratio(part: int, whole: int) -> Any:
    return Pad(left=f"{part}/{whole}").left


@st.composite
def stylegan3_graphs(
    draw: Callable[[st.SearchStrategy[Any]], Any], kinds: tuple[Kind, ...] = ("t", "r")
) -> dict[str, Any]:
    """Draw a valid graph on two StyleGAN3 generators of one kind, with a decoded image and up to three more outputs."""
    kind = draw(st.sampled_from(kinds))
    return drawn_document(draw, StyleGAN3Builder(draw, kind), PASS_STEPS)
