"""`direction`: codes moved along a direction, in several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import LayerSet
from fgraph.array_files.directions import DirectionFile, read_directions
from fgraph.array_files.spaces import Space
from fgraph.ir.ops import Component, Given
from fgraph.ir.types import TypeKind
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.node import FILE, Data
from fgraph.stylegan.tables.base import CONST, Layer, Table
from nodes._moving import Direction, FoundDirections, How, Number, Unit
from nodes._splice import choose
from nodes.mapper_direction import MapperDirection
from nodes.named_direction import NamedDirection
from nodes.style_direction import ChannelDirection, TextDirection

_HOW = "add: strength is a distance; set: strength is the coordinate of the result"


class Pca(Direction):
    """GANSpace: a principal component of w over 10,000 seeded samples (Härkönen et al. 2020)."""

    kind: Literal["pca"] = "pca"
    component: Number = Field(0, description="the number of the component; 0 has the largest variance")
    unit: Unit = Field(
        "deviation", description="the unit of strength: standard deviations of w along the component, or length in W"
    )
    how: How = Field("add", description=_HOW)

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        width = build.table(model).w_dim
        components = _components(inputs, width)
        return FoundDirections(
            "w", build.emit_distinct(Component(model, "pca", width, self.unit), components), self.how
        )


class Sefa(Direction):
    """SeFa: an eigenvector of AᵀA for the affine weights A of some layers (Shen & Zhou 2021)."""

    kind: Literal["sefa"] = "sefa"
    component: Number = Field(0, description="the number of the eigenvector; 0 changes the styles most")
    unit: Unit = Field(
        "length", description="the unit of strength: length in W, or standard deviations of w along the eigenvector"
    )
    factorised: LayerSet | None = Field(
        None,
        description="the layers whose affine layers form A; default: the layers of `layers` or `rows`, otherwise all",
    )
    normalised: bool = Field(
        False,
        description="whether rows of A are normalised, as in the published program; the paper does not mention it",
    )
    torgb: bool = Field(
        False, description="whether A includes the affine layers of ToRGB; the published programs omit them"
    )

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        table = build.table(model)
        op = Component(model, "sefa", table.w_dim, self.unit, self._factorised(table), self.normalised)
        return FoundDirections("w", build.emit_distinct(op, _components(inputs, table.w_dim)))

    def _factorised(self, table: Table) -> tuple[int, ...]:
        with blaming("factorised"):
            chosen = [table.at(index) for index in sorted(self._meant(table)) if index != CONST]
            kept = [layer.index for layer in chosen if self._counts(layer)]
            if not kept:
                raise ValueError("none of these layers is a convolution: name one, or set torgb: true")
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

    Formats are `.npy`, `.npz`, `.safetensors`, `.pt` and `.pkl`. Some files are recognised by their content. Components
    of GANSpace (`.npz`, an exported `.pkl`) and of encoders (arrays `mean`, `comp` and `std`) are in units of their
    standard deviations. The factor.pt of rosinality (`eigvec`) has a direction in each column. A folder with a numbered
    file for each convolution is a direction of StyleGAN-Human in S.
    """

    kind: Literal["file"] = "file"
    file: Data[str | None] = Field(
        None,
        description="a .npz, .npy, .safetensors, .pt or .pkl file, or a folder of these",
        json_schema_extra=FILE,
    )
    value: Data[Array | None] = Field(None, description="the numbers")
    array: Data[str | None] = Field(
        None, description="the array in the file; default: the only one, or one with a known name"
    )
    space: Space | None = Field(
        None,
        description="the space of the direction; default: as the file states, otherwise the only one of w, w+ and s "
        "that fits",
    )
    component: Number = Field(0, description="the number of the direction in a file with several")
    how: How = Field("add", description=_HOW)

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
        directions = self.directions()  # a stack of directions has one space, rows, and a mean or none
        shapes = directions.space, directions.shape[-1:], directions.shape[1:], bool(directions.parts)
        return (*super().static_key(), *shapes, directions.rows, directions.mean is None)

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        self.directions()  # an unreadable file is a fault before anything runs
        return super().row_count(rows)

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        table = build.table(model)
        params: list[tuple[Array, int]] = []
        means: list[tuple[Array, int]] = []
        space: TypeKind = "w"
        directions = self.directions()
        for member in inputs.members:
            directions = member.node.directions()
            array, space = directions.fitted(table, self.space)
            components = member.node.per_row_fields()["component"]
            for row in range(member.slot.rows):
                number = components[row if len(components) > 1 else 0]
                if number >= len(array):
                    with blaming("component"):
                        raise ValueError(f"there is no direction {number}: there are {len(array)}, from 0")
                params.append((array, number))
                if directions.mean is not None and self.how == "set":
                    means.append((Array(directions.mean.array[None]), 0))
        code = build.emit(Given(model, space, params[0][0].shape[1:]), params=params)
        mean = build.emit(Given(model, "w", (table.w_dim,)), params=means) if means else None
        return FoundDirections(space, code, self.how, mean, directions.rows)


def _components(inputs: Inputs, count: int) -> tuple[int, ...]:
    found: tuple[int, ...] = inputs.per_row("component")
    if max(found) >= count:
        with blaming("component"):
            raise ValueError(f"there is no component {max(found)}: w has {count}, from 0")
    return found


DIRECTIONS: tuple[type[Direction], ...] = (
    Pca, Sefa, FileDirection, ChannelDirection, NamedDirection, TextDirection, MapperDirection,
)  # fmt: skip
