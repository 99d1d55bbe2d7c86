"""Hypothesis strategies for random valid graphs on tiny generators, as mappings for `fgraph.load`.

A builder draws one node after the other. The nodes that may follow depend on the kind of each value, its number of rows
(1 or one other number per graph) and, for a paused pass, its layer and canvas; the builder tracks these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, get_args

from hypothesis import strategies as st

import fgraph
from fgraph._geometry import Canvas, Crop, Edit, Pad, Resize
from fgraph.stylegan.tables.base import Table
from tests.drawing import Made
from tests.drawing_images import IMAGE_STEPS, ImageBuilder
from tests.networks import tiny
from tests.stylegan3_networks import Kind, tiny_stylegan3

LAYER_SETS = ("all", "all", "0..4", "b8..", "const..3", "1,3..5", "b16", "here,5..", "..2")
PARTS = ("both", "both", "activation", "skip")
WIDEST = Fraction(5, 2)  # canvases, in images
NOISES: tuple[dict[str, Any], ...] = (
    {"mode": "const", "fit": "tile"},
    {"mode": "const", "fit": "follow"},
    {"mode": "random", "fit": "tile"},
    {"mode": "random", "fit": "follow", "seed": 5},
    {"mode": "none"},
)


class GraphBuilder(ImageBuilder):
    """A builder whose nodes fit the nodes before them."""

    layer_sets: tuple[str, ...] = LAYER_SETS
    bent_layers: tuple[str, ...] = ("b8.conv0", "b8", "b16.conv0..b16.conv1", "here,b16.conv0", "b4.conv1,b16.conv1")

    @property
    def deepest(self) -> int:
        """The last layer that passes are paused at."""
        return self.table.last - 2

    # -- passes

    def noise(self) -> dict[str, Any] | None:
        return self.one_of((None, *NOISES))

    def start_pass(self) -> Made:
        code, layer = self.code(), self.first_layer()
        if self.chance():
            ways: tuple[Callable[[Made], Made], ...] = (
                self.direction, self.direction, self.truncate, self.stack, self.walk, self.stack, self.stack,
                self.derived, self.derived,
            )  # fmt: skip
            code = self.one_of(ways)(code)
        name = "const" if layer < 0 else self.choose(layer, self.table.at(layer).name)
        made = Made("", "features", code.rows, layer)
        return self.add(made, op="tap", of=code.id, layer=name, model=self.choose(None, "toon"), noise=self.noise())

    def first_layer(self) -> int:
        return self.integer(-1, self.deepest)

    def move_on(self, of: Made, layer: int | None = None) -> Made:
        layer = self.integer(of.layer, self.deepest + 1) if layer is None else layer
        return self.add(replace(of, layer=layer), op="tap", of=of.id, layer=layer if layer >= 0 else "const")

    def restyle(self, of: Made) -> Made:
        code, model = self.code(), self.choose(None, "main", "toon")
        made = replace(of, rows=self.spread(of, code))
        return self.add(made, op="restyle", of=of.id, latent=code.id, model=model, noise=self.noise())

    def blend(self, a: Made, layers: str | None = None) -> Made:
        """Draw a blend with a pass that fits: another one, or this one restyled, moved or blended."""
        fitting = [one for one in self.values if one.kind == "features" and self._fits(one, a)]
        how = self.choose(
            "restyle", "map", "bend", "shift", "known", "known", "blend" if self.integer(0, 2) == 0 else "known"
        )
        makers: dict[str, Callable[[Made], Made]] = {
            "restyle": self.restyle, "map": self.map, "bend": self.bend, "shift": self.shift, "blend": self.blend,
            "known": lambda _: self.one_of(fitting),
        }  # fmt: skip
        b, mask = makers[how](a), self.mask()
        if self.chance():
            a, b = b, a
        layers = layers or self.one_of((*self.layer_sets, "here"))
        made = replace(a, rows=self.spread(a, b, mask))
        return self.add(made, op="blend", a=a.id, b=b.id, mask=mask.id, layers=layers, parts=self.one_of(PARTS))

    @staticmethod
    def _fits(one: Made, other: Made) -> bool:
        return (one.layer, one.canvas) == (other.layer, other.canvas)

    def mosaic(self) -> Made:
        high, wide = self.choose((1, 2), (2, 1), (1, 3), (2, 2))
        if wide > WIDEST:
            high, wide = 1, 2
        rows = self.choose(1, self.rows)
        codes = self.sample(high * wide * rows)
        self.values.remove(codes)  # its rows broadcast with no other value
        wrap = self.choose("none", "x", "y", "both")
        canvas = Canvas(Fraction(high), Fraction(wide), wrap in ("x", "both"), wrap in ("y", "both"))
        overlap = self.choose(1.0, 0.5)
        made = self.add(
            Made("", "features", rows, -1, canvas),
            op="mosaic",
            of=codes.id,
            grid=[high, wide],
            wrap=wrap,
            overlap=overlap,
        )
        return self.move_on(made) if self.chance() else made

    # -- patches

    def patches(self, of: Made) -> Made:
        """Draw patches within a pass or from another one that fits; at the pause, in the form of the published code."""
        fitting = [one for one in self.values if one.kind == "features" and self._fits(one, of)]
        source = self.one_of(fitting) if self.chance() else None
        amounts = [self.amount(0, 0.5) for _ in range(4)]
        boxes = [
            {"box": [*amounts[:2], 0.375, 0.25], "by": [self.choose(0.25, -0.1), 0.125]},
            {"box": [0.125, 0.25, *(one + 0.125 for one in amounts[2:])], "to": [0.5, 0.3]},
        ]
        soft = {"feather": self.per_row(lambda: self.choose(0.0, 0.1)), "layers": self.one_of(LAYER_SETS)}
        form = self.choose({"form": "code", "at": max(of.layer, 0)}, soft | {"parts": self.one_of(PARTS)})
        moved = replace(of, rows=self.spread(of, *filter(None, [source]), form.get("feather")))  # type: ignore[attr-defined]
        moved = replace(moved, layer=max(of.layer, 0)) if "form" in form else moved  # type: ignore[operator]
        ports = {"of": of.id, "source": source and source.id}
        return self.add(moved, op="patches", **ports, patches=boxes[: self.integer(1, 2)], swap=self.chance(), **form)

    def propose(self, of: Made) -> Made:
        """Draw proposed patches as an image, since a pass with proposals cannot be edited."""
        seed = self.per_row(lambda: self.integer(0, 9))
        rule = {"count": self.integer(1, 2), "seed": seed, "horizon": self.choose("avoid", "level", "ignore")}
        made = replace(of, kind="varied", rows=self.spread(of, seed))
        layers = self.choose("b16..", "b8..", "const..3")
        varied = self.add(made, op="patches", of=of.id, patches=rule, layers=layers, parts=self.one_of(PARTS))
        self.add(replace(varied, kind="variation"), op="decode", of=varied.id)
        return of

    # -- space

    def edited(self, of: Made, edit: Edit, rows: int | None = None, **node: Any) -> Made:
        """Draw an edit of a canvas; return it unchanged if the result would be too wide."""
        canvas = of.canvas.edited(edit)
        if max(canvas.height, canvas.width) > WIDEST:
            return of
        return self.add(replace(of, canvas=canvas, rows=rows or of.rows), of=of.id, **node)

    def pad(self, of: Made) -> Made:
        mode = self.choose("constant", "reflect", "replicate", "circular")
        (high, wide), most = of.grid, int(WIDEST * of.coarsest)
        top, left = self.integer(0, max(0, min(high, most - high))), self.integer(0, max(0, min(wide, most - wide)))
        right = self.integer(0, max(0, most - wide - left))
        edit = Pad(Fraction(top, high), Fraction(0), Fraction(left, wide), Fraction(right, wide))
        if self.chance():
            sides = {"top": top * of.ratio, "left": left * of.ratio, "right": right * of.ratio, "unit": "pixel"}
        else:
            sides = {"top": str(edit.top), "left": str(edit.left), "right": str(edit.right)}
        return self.edited(of, edit, op="pad", mode=mode, value=0.5, **sides)

    def resize(self, of: Made) -> Made:
        high, wide = of.grid
        most = int(WIDEST * of.coarsest)
        edit = Resize(Fraction(self.integer(2, most), high), Fraction(self.integer(2, most), wide))
        mode = self.choose("nearest", "bilinear")
        return self.edited(of, edit, op="resize", height=str(edit.height), width=str(edit.width), mode=mode)

    def crop(self, of: Made) -> Made:
        high, wide = of.grid
        top, left = self.integer(0, high // 3), self.integer(0, wide // 3)
        tall, broad = self.integer(2, max(2, high - top)), self.integer(2, max(2, wide - left))
        if top + tall > high or left + broad > wide:
            return of
        edit = Crop(Fraction(top, high), Fraction(left, wide), Fraction(tall, high), Fraction(broad, wide))
        sides = {name: str(getattr(edit, name)) for name in ("top", "left", "height", "width")}
        return self.edited(of, edit, op="crop", **sides)

    def shift(self, of: Made, layers: str | None = None) -> Made:
        """Draw a shift of a canvas, or of the outputs of layers."""
        dx = self.per_row(lambda: self.choose(0.0, 0.25, -0.1, "1/3"))
        mode = self.choose("roll", "reflect", "replicate", "constant")
        parts = self.one_of(PARTS) if layers else None
        node = {"op": "shift", "dx": dx, "dy": self.choose(0.0, 0.5), "mode": mode, "layers": layers, "parts": parts}
        return self.add(replace(of, rows=self.spread(of, dx)), of=of.id, **node)

    def flip(self, of: Made, layers: str | None = None) -> Made:
        parts = self.one_of(PARTS) if layers else None
        return self.add(of, op="flip", of=of.id, axis=self.choose("x", "y"), layers=layers, parts=parts)

    def map(self, of: Made) -> Made:
        return self.one_of((self.shift, self.flip))(of, self.one_of(self.layer_sets))

    def bend(self, of: Made) -> Made:
        """Draw a bending of channels, but no threshold, where rounding could decide between 0 and 1."""
        which = self.channels()
        kind: dict[str, Any] = self.choose(
            {"kind": "rotate", "degrees": self.per_row(lambda: self.choose(0, 30, 90, 200.5))},
            {
                "kind": "scale",
                "factor": self.per_row(lambda: self.choose(0.7, 1, 1.5)),
                "about": self.choose("published", None),
            },
            {"kind": "translate", "dx": self.per_row(lambda: self.choose(0.25, -0.1, 1)), "dy": 0.5},
            {"kind": "translate", "dx": 1, "dy": self.per_row(lambda: self.choose(-2, 0.5)), "unit": "pixel"},
            {"kind": "flip", "axis": self.choose("x", "y")},
            {"kind": self.choose("erode", "dilate"), "radius": self.per_row(lambda: self.integer(0, 2))},
            {"kind": "multiply", "factor": self.per_row(lambda: self.choose(-0.5, 0.5, 1))},
            {"kind": self.choose("ablate", "invert")},
        )
        layers = self.one_of(self.bent_layers)
        if "cluster" in which and "here" in layers:  # the constant has no clusters
            layers = "b8.conv1"
        parts = self.choose("both", None, None) if not which else None
        lists = [value for value in (kind | which).values() if isinstance(value, list)]
        return self.add(
            replace(of, rows=self.spread(of, *lists)), op="bend", of=of.id, layers=layers, parts=parts, **kind, **which
        )

    def channels(self) -> dict[str, Any]:
        """Draw the choice of channels to bend."""
        return self.choose(
            {}, {"channels": "1..2"},
            {"fraction": self.per_row(lambda: self.choose(0.5, 0.8)), "seed": self.integer(0, 9)},
            {"clusters": 2, "cluster": self.per_row(lambda: self.integer(0, 1))},
        )  # fmt: skip

    def concat(self, of: Made) -> Made:
        axis = self.choose("x", "y")
        side = "height" if axis == "x" else "width"
        fitting = [
            one
            for one in self.values
            if (one.kind, one.layer) == ("features", of.layer) and getattr(one.canvas, side) == getattr(of.canvas, side)
        ]
        parts = [of, *(self.one_of(fitting) for _ in range(self.integer(1, 2)))]
        canvas = Canvas.joined([part.canvas for part in parts], axis)
        if max(canvas.height, canvas.width) > WIDEST:
            return of
        made = replace(of, canvas=canvas, rows=self.spread(*parts))
        return self.add(made, op="concat", of=[part.id for part in parts], axis=axis)

    def shows(self, of: Made) -> bool:
        """Return whether a value may be an output."""
        return True


PASS_STEPS = (
    "start_pass", "move_on", "restyle", "blend", "blend", "blend", "mosaic", "pad", "pad", "pad", "pad", "resize",
    "crop", "shift", "flip", "map", "map", "bend", "bend", "bend", "concat", "take", "patches", "propose", "propose",
)  # fmt: skip


class TallBuilder(GraphBuilder):
    """A builder for generators of images that are twice as high as wide."""

    def models(self) -> tuple[str, Table]:
        return "tall", tiny(0, family="tall").table


@st.composite
def graphs(draw: Callable[[st.SearchStrategy[Any]], Any], builder: type[GraphBuilder] = GraphBuilder) -> dict[str, Any]:
    """Draw a valid graph with one decoded image and up to three more outputs of any kind."""
    return drawn_document(draw, builder(draw), PASS_STEPS)


def drawn_document(draw: Any, build: GraphBuilder, steps: Sequence[str]) -> dict[str, Any]:
    """Draw a document by these steps of a builder."""
    last = build.start_pass() if build.chance() else build.mosaic()
    for step in draw(st.lists(st.sampled_from(steps), min_size=3, max_size=8)):
        last = getattr(build, step)() if step in ("start_pass", "mosaic") else getattr(build, step)(last)
    image = build.decode(last)
    for edit in draw(st.lists(st.sampled_from(IMAGE_STEPS), max_size=3)):
        image = build.picture(image, edit)
    if build.integer(0, 7) == 0:
        image = build.encode(image)
    others = draw(st.lists(st.sampled_from([one.id for one in build.values if build.shows(one)]), max_size=3))
    if build.integer(0, 7) == 0:
        others.append(build.paste(image).id)
    masks = [one for one in build.values if one.kind == "mask" and build.shows(one)]
    if masks and build.chance():
        others.append(build.one_of(masks).id)
    return {
        "models": {"main": build.family, "toon": build.family},
        "seed": build.integer(0, 5),
        "noise": build.one_of(NOISES),
        "nodes": build.nodes,
        "outputs": {"image": image.id} | {f"other_{one}": one for one in others},
    }


def load(document: dict[str, Any]) -> fgraph.Graph:
    """Load a drawn document with two generators of equal layers, of the family that it names."""
    family = document.get("models", {}).get("main", "skip")
    stylegan3 = family in get_args(Kind)
    main, toon = (tiny_stylegan3(seed, family) if stylegan3 else tiny(seed, family=family) for seed in (0, 1))
    return fgraph.load(document | {"models": {"main": main, "toon": toon}})
