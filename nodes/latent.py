"""`latent`: codes given as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import Kind
from fgraph.ir.build import Build
from fgraph.ir.files import read_latent
from fgraph.ir.inputs import Inputs
from fgraph.ir.ops import Given
from fgraph.ir.values import Latent as Codes
from fgraph.node import Data, Node
from fgraph.stylegan.layers import LayerTable

Space = Literal["z", "w", "w+", "s"]


class Latent(Node):
    """Codes from a file or an array, in one of the four spaces.

    z is [rows, z_dim] (of a conditional model [rows, z_dim + classes]), W [rows, w_dim], W+ [rows, num_ws, w_dim],
    S [rows, sum of style lengths]; one row may come without its first axis.
    """

    op: Literal["latent"] = "latent"
    produces: ClassVar[Kind] = Kind.LATENT

    file: Data[str | None] = Field(None, description=".npz, .npy, .safetensors or .pt")
    value: Data[Array | None] = Field(None, description="the numbers themselves")
    array: Data[str | None] = Field(None, description="which array of the file; absent: its only one, or `latent`")
    space: Space = Field("w", description="the space that the numbers stand in")
    model: str | None = Field(None, description="the model they are codes of; absent: main")

    @model_validator(mode="after")
    def _one_source(self) -> Latent:
        if (self.file is None) == (self.value is None):
            raise ValueError("give either file or value")
        return self

    def codes(self) -> Array:
        """The numbers, [rows, ...].

        Raises:
            ValueError: the file cannot be read, or they have the wrong number of axes for their space.
        """
        array = self.value if self.value is not None else read_latent(str(self.file), self.array)
        axes = 3 if self.space == "w+" else 2
        if array.array.ndim == axes - 1:
            array = Array(array.array[None])
        if array.array.ndim != axes or 0 in array.array.shape:
            raise ValueError(f"codes in {self.space} have {axes} axes, these have shape {list(array.array.shape)}")
        return array

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.codes().array)

    def lower(self, build: Build, inputs: Inputs) -> Codes:
        model = inputs.model(self.model)
        shape = _shape(build.table(model), self.space)
        params: list[tuple[Array, int]] = []
        keys: list[int] = []
        for member in inputs.members:
            array = member.node.codes()
            if array.array.shape[1:] != shape:
                raise ValueError(_misfit(array.array.shape[1:], self.space, build.table(model)))
            params += [(array, row) for row in range(len(array.array))]
            keys += range(len(array.array))
        return Codes(self.space, build.emit(Given(model, self.space, shape), params=params), model, tuple(keys))


def _shape(table: LayerTable, space: Space) -> tuple[int, ...]:
    shapes = {
        "z": (table.code_width,),
        "w": (table.w_dim,),
        "w+": (table.num_ws, table.w_dim),
        "s": (table.style_length,),
    }
    return shapes[space]


def _misfit(found: tuple[int, ...], space: Space, table: LayerTable) -> str:
    expected = list(_shape(table, space))
    text = f"a row of codes in {space} has shape {list(found)}; this {table.size}-pixel model takes {expected}"
    spaces: tuple[Space, ...] = ("z", "w", "w+", "s")
    fits = [other for other in spaces if _shape(table, other) == found]
    return f"{text}; its shape would fit space: {fits[0]}" if fits else text
