"""The first half of the graph builder: random draws, codes and masks that fit the nodes drawn before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from fgraph._geometry import Canvas
from fgraph.stylegan.tables.base import Table
from tests.networks import FAMILIES, tiny

T = TypeVar("T")
TABLE: Table = tiny(0).table
PLAIN = Canvas()


@dataclass(frozen=True)
class Made:
    """The facts about a node's value that later nodes depend on."""

    id: str
    kind: str
    rows: int
    layer: int = -1
    canvas: Canvas = PLAIN
    whole: bool = True  # for an image: it is not cropped, so that quarters of it are whole pixels
    table: Table = TABLE  # the layer table of the graph's models
    single: bool = True  # for a StyleGAN3 pass at const: all of it is at one place of the plane

    @property
    def grid(self) -> tuple[int, int]:
        """The coarsest pixels of the state: an edit moves whole ones of these."""
        high, wide = self.table.unit
        return self.canvas.pixels((int(self.coarsest * high), int(self.coarsest * wide)))

    @property
    def coarsest(self) -> int:
        at = self.table.at(self.layer)
        if self.table.is_stylegan3:
            return at.resolution
        return at.resolution // 2 if at.kind == "conv" and at.resolution > 4 else at.resolution

    @property
    def ratio(self) -> int:
        """Pixels of the activation in one of the grid."""
        return self.table.at(self.layer).resolution // self.coarsest


class SourceBuilder:
    """A builder that draws codes and masks, and records the nodes made."""

    table: Table = TABLE
    factorised = "b8"  # layers whose affine layers are factorised
    code_parts: tuple[dict[str, str], ...] = ({"rows": "2.."}, {"rows": "1..3"}, {"layers": "b8.."}, {"layers": "0,4"})

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self.nodes: dict[str, dict[str, Any]] = {}
        self.values: list[Made] = []
        self.family, self.table = self.models()
        self.rows = self.integer(1, 3)

    def models(self) -> tuple[str, Table]:
        """Draw a family of tiny generators for the graph; return its name and its layer table."""
        family = self.choose("skip", "skip", "skip", *FAMILIES)
        return family, tiny(0, family=family).table

    # -- drawing

    def choose(self, *options: T) -> T:
        return self._draw(st.sampled_from(options))

    def one_of(self, options: Sequence[T]) -> T:
        return self._draw(st.sampled_from(list(options)))

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def chance(self) -> bool:
        return self._draw(st.booleans())

    def amount(self, low: float, high: float) -> float:
        return self.integer(round(low * 16), round(high * 16)) / 16

    def per_row(self, make: Callable[[], T]) -> T | list[T]:
        """Draw one value, or one for each row."""
        return [make() for _ in range(self.rows)] if self.chance() else make()

    def places(self, make: Callable[[], Any]) -> tuple[Any, int]:
        """Return one place, which is a list, or one for each row; and the number of rows."""
        return ([make() for _ in range(self.rows)], self.rows) if self.chance() else (make(), 1)

    def add(self, made: Made, **node: Any) -> Made:
        made = replace(made, id=f"n{len(self.nodes)}", table=self.table)
        self.nodes[made.id] = {key: value for key, value in node.items() if value is not None}
        self.values.append(made)
        return made

    def spread(self, *values: Any) -> int:
        """Return the number of rows that these values broadcast to."""
        counts = [one.rows if isinstance(one, Made) else len(one) if isinstance(one, list) else 1 for one in values]
        return max(counts, default=1)

    # -- codes

    def code(self) -> Made:
        known = [one for one in self.values if one.kind == "latent"]
        if len(known) < 2 or self.chance():
            return self.new_code()
        return self.one_of(known)

    def new_code(self) -> Made:
        known = [one for one in self.values if one.kind == "latent"]
        old = ("lerp", "mix", "mix", "align", "align", "rows", "own", "own", "own") if known else ()
        how = self.choose(*old, "sample", "given", "direction", "walk")
        if how in ("sample", "given"):
            return getattr(self, how)()
        if how in ("direction", "truncate", "walk"):
            return getattr(self, how)(self.one_of(known) if known and self.chance() else self.sample())
        a, b = self.one_of(known), self.one_of(known)
        return self.take(a) if how == "rows" else self.between(a, b, how)

    def derived(self, of: Made) -> Made:
        """Draw a code made from this one and another."""
        return self.between(of, self.code(), self.choose("mix", "align", "own", "lerp"))

    def between(self, a: Made, b: Made, how: str) -> Made:
        if how == "lerp":
            t = self.per_row(lambda: self.amount(-0.5, 1.5))
            return self.add(Made("", "latent", self.spread(a, b, t)), op="lerp", a=a.id, b=b.id, t=t)
        if how == "own":
            return self.own(a, b)
        part = self.one_of(self.code_parts)
        names = ("a", "b") if how == "mix" else ("of", "to")
        both = {names[0]: a.id, names[1]: b.id}
        return self.add(Made("", "latent", self.spread(a, b)), op=how, **both, **part)

    def given(self) -> Made:
        """Draw a code by its numbers, in one of the four spaces."""
        space, table = self.choose("z", "w", "w+", "s"), self.table
        shapes = {"z": [table.code_width], "w+": [table.num_ws, table.w_dim], "s": [table.style_length]}
        rows, seed = self.choose(1, self.rows), self.integer(0, 9)
        value = tiny_array((rows, *shapes.get(space, [table.w_dim])), seed)
        return self.add(Made("", "latent", rows), op="latent", space=space, value=value)

    def direction(self, of: Made) -> Made:
        """Draw a code moved along a component, or along a direction given by its numbers."""
        strength = self.per_row(lambda: self.amount(-2, 2))
        part = self.one_of(({}, *self.code_parts[1:]))
        kind: dict[str, Any] = self.choose(
            {
                "kind": "pca",
                "component": self.per_row(lambda: self.integer(0, 3)),
                "unit": self.choose("deviation", None),
            },
            {"kind": "sefa", "component": self.integer(0, 3), "normalised": self.chance(), "torgb": self.chance()},
            {"kind": "sefa", "unit": "deviation", "factorised": self.factorised},
            {
                "kind": "file",
                "value": tiny_array((2, self.table.w_dim), 3),
                "component": self.per_row(lambda: self.integer(0, 1)),
            },
            {"kind": "file", "value": tiny_array((self.table.style_length,), 4), "space": "s"},
            {"kind": "channel", "channels": [[1, 0], [2, 1, -0.5]], "unit": self.choose("deviation", "length")},
            {"kind": "pca", "component": self.integer(0, 3), "how": "set"},
        )
        if "how" in kind:  # it reads coordinates of w, so the codes are not in S
            of, part = self.sample(), self.choose({}, {"rows": "1..2"})
        made = Made("", "latent", self.spread(of, strength, kind.get("component")))
        return self.add(made, op="direction", of=of.id, strength=strength, **kind, **part)

    def truncate(self, of: Made) -> Made:
        psi = self.per_row(lambda: self.amount(-0.5, 1.5))
        made = Made("", "latent", self.spread(of, psi))
        return self.add(made, op="truncate", of=of.id, truncation=psi, cutoff=self.choose(None, None, 2))

    def walk(self, of: Made) -> Made:
        """Draw a walk with as many frames as the graph has rows, if there are keys."""
        if self.rows < 2:
            return self.truncate(of)
        path = self.choose("spline", "spline", "slerp", "lerp")
        if path == "slerp":  # of codes in z, which nothing has truncated
            label = {"class": [row % self.table.c_dim for row in range(self.rows)] if self.table.c_dim else None}
            of = self.add(Made("", "latent", self.rows), op="sample", count=self.rows, truncation=1.0, **label)
        elif of.rows < 2:
            of = self.sample(self.rows)
        closed, ease = self.chance(), self.choose("linear", "smooth", "in", "out")
        timing: dict[str, Any] = self.choose(
            {"frames": self.rows},
            {"frames": self.rows, "times": [0.5, *(key + key * key for key in range(1, of.rows + closed))]},
            {"at": [row / self.rows for row in range(self.rows)]},
        )
        return self.add(
            Made("", "latent", self.rows), op="walk", of=of.id, path=path, closed=closed, ease=ease, **timing
        )

    def sample(self, rows: int | None = None) -> Made:
        """Draw codes: by a list of seeds, a count, or the graph's own seed."""
        rows = rows or self.choose(1, self.rows)
        seeds = [self.integer(0, 99) for _ in range(rows)]
        way = self.choose({"seed": seeds}, {"count": rows, "seed": seeds[0]}, {"count": rows})
        psi = self.choose(1.0, 0.7, [0.5 + 0.3 * row for row in range(rows)])
        classes = self.choose(1, [row % self.table.c_dim for row in range(rows)]) if self.table.c_dim else None
        return self.add(
            Made("", "latent", rows),
            op="sample",
            **way,
            truncation=psi,
            cutoff=self.choose(None, 2),
            smooth=self.choose(0.0, 0.7),
            draw=self.choose("torch", "numpy"),
            model=self.choose(None, None, "toon"),
            **{"class": classes},
        )

    def own(self, a: Made, b: Made) -> Made:
        """Draw a transfer of a part that is found among few samples, by its number or by a mask."""
        known = [one for one in self.values if one.kind == "mask"]
        mask = self.filled(self.one_of(known)) if known and self.chance() else None
        where = {"mask": mask.id} if mask else {"part": self.choose(0, [1, 2])}
        strength = self.per_row(lambda: self.choose(0.5, 1.0, 2.0))
        how = self.choose({"how": "together"}, {"rho": 0.2, "epsilon": self.choose(1.0, 3.0)})
        rows = self.spread(a, b, strength, *([mask] if mask else []))
        found = {"layer": "b8", "clusters": 3, "samples": 8}
        of = {"of": a.id, "reference": b.id}
        return self.add(Made("", "latent", rows), op="own", **of, **where, **how, **found, strength=strength)

    def stack(self, a: Made, b: Made | None = None) -> Made:
        """Draw a stack of two values of one kind, with as many rows as the graph has."""
        if self.rows < 2:
            return self.take(a)
        b = b or self.sample()
        first = self.integer(1, self.rows - 1)
        parts = [self.picked(a, first), self.picked(b, self.rows - first)]
        for part in parts:
            self.values.remove(part)  # its rows may broadcast with no other value
        return self.add(replace(a, rows=self.rows), op="stack", of=[part.id for part in parts])

    def picked(self, of: Made, count: int) -> Made:
        rows = [self.integer(-of.rows, of.rows - 1) for _ in range(count)]
        return self.add(replace(of, rows=count), op="rows", of=of.id, take=",".join(map(str, rows)))

    def take(self, of: Made) -> Made:
        """Draw rows of a value, in any order."""
        return self.picked(of, self.choose(1, self.rows))

    # -- masks

    def mask(self) -> Made:
        known = [one for one in self.values if one.kind == "mask"]
        kinds = (
            "ramp",
            "box",
            "ellipse",
            "polygon",
            "text",
            "constant",
            "region",
            *(("combine", "combine", "combine", "combine", "edit", "edit", "edit", "edit", "old") if known else ()),
        )
        kind = self.one_of(kinds)
        if kind == "old":
            return self.one_of(known)
        if kind == "edit":
            return self.mask_edit(self.one_of(known))
        alpha = self.per_row(lambda: self.choose(0.0, 0.5, 1.0))
        feather = 0.0 if kind == "combine" else self.choose(0.0, 0.0, 0.1)
        fields = {"alpha": alpha, "invert": self.chance(), "feather": feather}
        shape = getattr(self, f"_{kind}")(known)
        rows = shape.pop("rows", 1)  # masks with places
        lists = [shape.get(name) for name in ("start", "value", "text")]  # fields that may have one value a row
        rows = max(rows, self.spread(alpha, *lists, *(one for one in known if one.id in shape.get("of", ()))))
        return self.add(Made("", "mask", rows), op="mask", kind=kind, **fields, **shape)

    def _ramp(self, known: list[Made]) -> dict[str, Any]:
        start = self.per_row(lambda: self.amount(0, 0.5))
        return {
            "axis": self.choose("x", "y"), "start": start, "stop": self.amount(0.5, 1),
            "sampling": self.choose("ends", "centre"),
        }  # fmt: skip

    def _box(self, known: list[Made]) -> dict[str, Any]:
        box, rows = self.places(lambda: [*(self.amount(0, 0.5) for _ in "xy"), *(self.amount(0.1, 0.8) for _ in "wh")])
        published = {"raster": 32, "kernel": [5, 7], "sigma": [5.0, 7.0]}
        return {"box": box, "rows": rows} | self.choose({}, {"grid": 1}, published)

    def _ellipse(self, known: list[Made]) -> dict[str, Any]:
        centre, rows = self.places(lambda: [self.amount(0, 1), 0.5])
        radii, others = self.places(lambda: [0.3, self.amount(0.2, 0.6)])
        return {"centre": centre, "radii": radii, "rows": max(rows, others)}

    def _polygon(self, known: list[Made]) -> dict[str, Any]:
        points, rows = self.places(lambda: [[self.amount(0, 1), self.amount(0, 1)] for _ in range(self.integer(3, 5))])
        return {"points": points, "rows": rows}

    def _text(self, known: list[Made]) -> dict[str, Any]:
        at, rows = self.places(lambda: [self.amount(0, 1), self.amount(0, 1)])
        text = self.per_row(lambda: self.choose("Ab", "ж", " "))
        return {"text": text, "at": at, "size": self.choose(0.4, 1.0), "rows": rows}

    def _region(self, known: list[Made]) -> dict[str, Any]:
        return {"region": self.choose("eyes", "hair", "left_half"), "framing": self.choose("ffhq", "avatar")}

    def _constant(self, known: list[Made]) -> dict[str, Any]:
        return {"value": self.per_row(lambda: self.choose(0.0, 0.25, 1.0))}

    def _combine(self, known: list[Made]) -> dict[str, Any]:
        of = [self.one_of(known).id for _ in range(self.integer(1, 3))]
        return {"of": of, "how": self.choose("add", "subtract", "multiply", "max", "min")}

    def filled(self, of: Made) -> Made:
        """Draw a mask that is 0 nowhere: an empty mask names no part."""
        faint = self.add(Made("", "mask", 1), op="mask", kind="constant", alpha=0.1)
        return self.add(replace(of), op="mask", kind="combine", of=[of.id, faint.id], how="max")

    def mask_edit(self, of: Made) -> Made:
        """Draw an edit of a mask, such as a shift, by amounts that give whole pixels at every size."""
        edit: dict[str, Any] = self.choose(
            {"op": "shift", "dx": 0.2, "mode": "replicate"},
            {"op": "shift", "dy": -0.25},
            {"op": "flip", "axis": "y"},
            {"op": "crop", "left": 0.5},
            {"op": "resize", "width": 0.5, "height": 0.5, "mode": "bilinear"},
            {"op": "transform", "rotate": 20, "dx": 0.1},
        )
        return self.add(Made("", "mask", of.rows), of=of.id, **edit)


def tiny_array(shape: tuple[int, ...], seed: int) -> Any:
    """Return numbers as nested lists, as a YAML file would hold them."""
    return np.random.RandomState(seed).randn(*shape).round(3).tolist()
