"""`latent`: codes from files or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import Kind
from fgraph.array_files.latents import LatentFile, read_latent
from fgraph.ir.ops import Given
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent as Codes
from fgraph.node import FILE, Data, Node
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table

Space = Literal["z", "w", "w+", "s"]


class Latent(Node):
    """Codes from a file or an array, in one of the four spaces.

    Shapes: z is [rows, z_dim], for a conditional model [rows, z_dim + classes]; W is [rows, w_dim]; W+ is [rows,
    num_ws, w_dim]; S is [rows, sum of style lengths]. For one row, the first axis is optional.
    """

    op: Literal["latent"] = "latent"
    produces: ClassVar[Kind] = Kind.LATENT

    file: Data[str | None] = Field(None, description=".npz, .npy, .safetensors, .pt or .pkl", json_schema_extra=FILE)
    value: Data[Array | None] = Field(None, description="the numbers")
    array: Data[str | None] = Field(None, description="the array in the file; default: the only one, or `latent`")
    space: Space | None = Field(
        None,
        description="the space of the numbers; default: that of the file; w+ for 3 axes; otherwise w",
    )
    model: str | None = Field(None, description="the model they are codes of; default: main")

    @model_validator(mode="after")
    def _one_source(self) -> Latent:
        if (self.file is None) == (self.value is None):
            raise ValueError("give either file or value")
        return self

    def codes(self) -> Array:
        """Return the numbers, [rows, ...].

        Raises:
            ValueError: the file cannot be read, or the number of axes does not fit the space.
        """
        array, space = self._found.codes, self.stands_in
        axes = 3 if space == "w+" else 2
        if array.array.ndim == axes - 1:
            array = Array(array.array[None])
        if array.array.ndim != axes or 0 in array.array.shape:
            raise ValueError(f"codes in {space} have {axes} axes, these have shape {list(array.array.shape)}")
        return array

    @property
    def stands_in(self) -> Space:
        """The space of the numbers: the field, otherwise that of the file, otherwise by their axes."""
        return self.space or self._found.space or ("w+" if self._found.codes.array.ndim == 3 else "w")

    @property
    def _found(self) -> LatentFile:
        return LatentFile(self.value) if self.value is not None else read_latent(str(self.file), self.array)

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.codes().array)

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self.stands_in)  # a stack has one space

    def lower(self, build: Build, inputs: Inputs) -> Codes:
        model = inputs.model(self.model)
        space = self.stands_in
        shape = _shape(build.table(model), space)
        params: list[tuple[Array, int]] = []
        keys: list[int] = []
        for member in inputs.members:
            array = member.node.codes()
            if array.array.shape[1:] != shape:
                raise ValueError(_misfit(array.array.shape[1:], space, build.table(model), build.tables))
            params += [(array, row) for row in range(len(array.array))]
            keys += range(len(array.array))
        return Codes(space, build.emit(Given(model, space, shape), params=params), model, tuple(keys))


def _shape(table: Table, space: Space) -> tuple[int, ...]:
    shapes = {
        "z": (table.code_width,),
        "w": (table.w_dim,),
        "w+": (table.num_ws, table.w_dim),
        "s": (table.style_length,),
    }
    return shapes[space]


def _misfit(found: tuple[int, ...], space: Space, table: Table, others: Mapping[str, Table]) -> str:
    """Return the message for codes of a wrong shape, with the space, model or published size that they fit."""
    expected = list(_shape(table, space))
    text = f"a row of codes in {space} has shape {list(found)}; this {table.size}-pixel model takes {expected}"
    for other in get_args(Space):
        if _shape(table, other) == found:
            return f"{text}; its shape would fit space: {other}"
    for name, one in others.items():
        if _shape(one, space) == found:
            return f"{text}; it would fit the model '{name}'"
    for size, channels in ((size, channels) for channels in (32768, 16384) for size in (128, 256, 512, 1024)):
        if _shape(_published(size, channels), space) == found:
            kind = "" if space != "s" else " of config-f" if channels == 32768 else " with half its channels"
            return f"{text}; it would fit a published {size}-pixel model{kind}"
    return text


def _published(size: int, channels: int) -> StyleGAN2Table:
    """Return the layers of the published StyleGAN2 of a size; 32768 channels is config-f (Karras et al. 2020)."""
    widths = tuple((4 << i, min(channels // (4 << i), 512)) for i in range(size.bit_length() - 2))
    return StyleGAN2Table(size=size, channels=widths, z_dim=512, w_dim=512, mapping_layers=8)
