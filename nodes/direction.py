"""`direction`: codes moved along a direction, in several kinds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import Kind, LayerSet
from fgraph.array_files.directions import DirectionFile, read_directions
from fgraph.ir.ops import Component, Given, Move, Repeat, Slope
from fgraph.ir.program import Operand
from fgraph.ir.types import TypeKind
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, LatentPort, Node, PerRow
from fgraph.stylegan.tables.base import CONST, Layer, Table
from nodes._splice import choose

Number = PerRow[Annotated[int, Field(ge=0, le=100_000)]]
Unit = Literal["deviation", "length"]


class Direction(Node):
    """The base of all kinds of directions: the codes, the distance, and the layers whose styles move."""

    op: Literal["direction"] = "direction"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes that are moved")
    strength: PerRow[float] = Field(
        1.0, description="the distance, in units of the direction; a list gives one per row"
    )
    layers: LayerSet | None = Field(None, description="the layers, by name or σ index, whose styles move; default: all")
    rows: str | None = Field(None, description="instead of layers: the W+ rows that move, such as 0..3")

    @abstractmethod
    def find(self, build: Build, inputs: Inputs, model: str) -> Found:
        """Return the direction of each row."""

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        base = inputs.latent("of")
        found = self.find(build, inputs, base.model)
        if self.layers is None and self.rows is None:
            choice = None
            space = _later(base.space, found.space)
        else:
            choice = choose(build.table(base.model), self.rows, self.layers)
            space = _later(base.space, found.space, "w+" if choice.whole else "s")
        base = build.promote(base, space)
        ranges = choice.ranges(space) if choice else None
        way = _as_difference(build, found, space, base.model)
        code = build.emit(Move(base.model, ranges), [base.code, way], inputs.per_row("strength"))
        return replace(base, code=code)


@dataclass(frozen=True)
class Found:
    """Directions in one space, one per row."""

    space: TypeKind
    code: Operand


_ORDER: tuple[TypeKind, ...] = ("z", "w", "w+", "s")


def _later(*spaces: TypeKind) -> TypeKind:
    return max(spaces, key=_ORDER.index)


def _as_difference(build: Build, found: Found, space: TypeKind, model: str) -> Operand:
    """Convert a difference of codes to a later space, through affine layers without biases."""
    if found.space == space:
        return found.code
    if found.space == "z":
        raise ValueError("a direction of z moves codes in z, all layers alike: the codes stand in a later space")
    if space == "w+":
        return build.emit(Repeat(model, build.table(model).num_ws), [found.code])
    return build.emit(Slope(model, build.table(model).style_length), [found.code])


class Pca(Direction):
    """GANSpace: a principal component of w over 10,000 seeded samples (Härkönen et al. 2020)."""

    kind: Literal["pca"] = "pca"
    component: Number = Field(0, description="the number of the component; 0 has the largest variance")
    unit: Unit = Field("deviation", description="of strength: standard deviations of w along it, or its length in W")

    def find(self, build: Build, inputs: Inputs, model: str) -> Found:
        width = build.table(model).w_dim
        components = _components(inputs, width)
        return Found("w", build.emit_distinct(Component(model, "pca", width, self.unit), components))


class Sefa(Direction):
    """SeFa: an eigenvector of AᵀA for the affine weights A of some layers (Shen & Zhou 2021)."""

    kind: Literal["sefa"] = "sefa"
    component: Number = Field(0, description="the number of the eigenvector; 0 changes the styles most")
    unit: Unit = Field("length", description="of strength: its length in W, or standard deviations of w along it")
    factorised: LayerSet | None = Field(
        None, description="the layers whose affines form A; default: those of layers or rows, otherwise all"
    )
    normalised: bool = Field(
        False,
        description="whether rows of A are normalised, as in the published program; the paper does not mention it",
    )
    torgb: bool = Field(False, description="whether A includes the affines of ToRGB; the published programs omit them")

    def find(self, build: Build, inputs: Inputs, model: str) -> Found:
        table = build.table(model)
        op = Component(model, "sefa", table.w_dim, self.unit, self._factorised(table), self.normalised)
        return Found("w", build.emit_distinct(op, _components(inputs, table.w_dim)))

    def _factorised(self, table: Table) -> tuple[int, ...]:
        with blaming("factorised"):
            chosen = [table.at(index) for index in sorted(self._meant(table)) if index != CONST]
            kept = [layer.index for layer in chosen if self._counts(layer)]
            if not kept:
                raise ValueError("these layers have no affines that count: name a convolution, or set torgb: true")
            return tuple(kept)

    def _meant(self, table: Table) -> frozenset[int]:
        if self.factorised is not None:
            return self.factorised.resolve(table, CONST)
        if self.layers is None and self.rows is None:
            return frozenset(range(table.last + 1))
        return choose(table, self.rows, self.layers).layers

    def _counts(self, layer: Layer) -> bool:
        return layer.kind == "conv" or (self.torgb and layer.kind == "torgb")


class FileDirection(Direction):
    """Your direction in z, W, W+ or S, from a file or as numbers.

    Formats are `.npy`, `.npz`, `.safetensors` and `.pt`. Files of GANSpace (`lat_comp`, in units of its `lat_stdev`)
    and the factor.pt of rosinality (`eigvec`, one per column) are detected by their content.
    """

    kind: Literal["file"] = "file"
    file: Data[str | None] = Field(None, description=".npz, .npy, .safetensors or .pt")
    value: Data[Array | None] = Field(None, description="the numbers")
    array: Data[str | None] = Field(None, description="the array in the file; default: the only one, or a known one")
    space: Literal["z", "w", "w+", "s"] | None = Field(
        None, description="its space; default: that of the file; w+ for 3 axes; otherwise w or s, by its length"
    )
    component: Number = Field(0, description="the number of the direction, if there are several")

    @model_validator(mode="after")
    def _one_source(self) -> FileDirection:
        if (self.file is None) == (self.value is None):
            raise ValueError("give either file or value")
        return self

    def directions(self) -> DirectionFile:
        """Return the directions of the file, or the value.

        Raises:
            ValueError: the file cannot be read.
        """
        return DirectionFile(self.value) if self.value is not None else read_directions(str(self.file), self.array)

    def static_key(self) -> tuple[Any, ...]:
        held = self.directions()  # a stack of directions lies in one space
        return (*super().static_key(), held.space, held.shape[-1:], held.shape[1:])

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        self.directions()  # a file that cannot be read is told before anything runs
        return super().row_count(rows)

    def find(self, build: Build, inputs: Inputs, model: str) -> Found:
        table = build.table(model)
        params: list[tuple[Array, int]] = []
        space: TypeKind = "w"
        for member in inputs.members:
            array, space = member.node.directions().fitted(table, self.space)
            components = member.node.per_row_fields()["component"]
            for row in range(member.slot.rows):
                number = components[row if len(components) > 1 else 0]
                if number >= len(array):
                    with blaming("component"):
                        raise ValueError(f"there is no direction {number}: there are {len(array)}, from 0")
                params.append((array, number))
        return Found(space, build.emit(Given(model, space, params[0][0].shape[1:]), params=params))


def _components(inputs: Inputs, count: int) -> tuple[int, ...]:
    found: tuple[int, ...] = inputs.per_row("component")
    if max(found) >= count:
        with blaming("component"):
            raise ValueError(f"there is no component {max(found)}: w has {count}, from 0")
    return found


DIRECTIONS: tuple[type[Direction], ...] = (Pca, Sefa, FileDirection)
