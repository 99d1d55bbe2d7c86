"""`latent`: codes from files or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from fgraph._arrays import Array
from fgraph._ports import Kind
from fgraph.array_files.latents import LatentFile, read_latent
from fgraph.array_files.spaces import Space, code_shapes, fit_space
from fgraph.ir.ops import Given
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent as Codes
from fgraph.node import FILE, Data, Node
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table


class Latent(Node):
    """Codes from a file or an array, in one of the four spaces.

    Shapes: z is [rows, z_dim], for a conditional model [rows, z_dim + classes]; W is [rows, w_dim]; W+ is [rows,
    num_ws, w_dim], or flattened [rows, num_ws * w_dim]; S is [rows, sum of style lengths]. For one row, the first axis
    is optional. An array [num_ws, w_dim] could be one code of W+ or several of W, so it needs `space`.
    """

    op: Literal["latent"] = "latent"
    produces: ClassVar[Kind] = Kind.LATENT

    file: Data[str | Array | None] = Field(
        None,
        description="a .npz, .npy, .safetensors, .pt or .pkl file, or StyleCLIP's S; numbers given here become `value`",
        json_schema_extra=FILE,
    )
    value: Data[Array | None] = Field(None, description="the numbers")
    array: Data[str | None] = Field(None, description="the array in the file; default: the only one, or `latent`")
    space: Space | None = Field(
        None,
        description="the space of the numbers; default: as the file states, otherwise the one that their shape fits",
    )
    model: str | None = Field(None, description="the model of the codes; default: main")

    @model_validator(mode="before")
    @classmethod
    def _numbers_first(cls, data: Any) -> Any:
        """Move numbers given as the first argument from `file` to `value`; a result of a run also sets `space`."""
        given = data.get("file") if isinstance(data, Mapping) else None
        if given is None or isinstance(given, str) or data.get("value") is not None:
            return data
        found = {name: value for name, value in data.items() if name != "file"}
        space = getattr(given, "space", None)
        return (
            found
            | {"value": getattr(given, "array", given)}
            | ({"space": space} if space and not data.get("space") else {})
        )

    @model_validator(mode="after")
    def _one_source(self) -> Latent:
        if (self.file is None) == (self.value is None):
            raise ValueError("give either file or value, which in Python may be the first argument: latent(codes)")
        return self

    def codes(self) -> Array:
        """Return the numbers, [rows, ...].

        Raises:
            ValueError: the file cannot be read, or the number of axes does not fit the space.
        """
        found = self._found
        array, space = found.codes.array, self.space or found.space
        axes = 3 if space == "w+" or (space is None and array.ndim == 3) else 2
        if array.ndim == axes - 1:
            array = array[None]
        elif array.ndim == axes + 1 and 1 in array.shape[:2]:
            array = array[0] if len(array) == 1 else array[:, 0]
        if array.ndim != axes or 0 in array.shape:
            expected = space or ("w+" if axes == 3 else "w")
            raise ValueError(f"codes in {expected} have {axes} axes, these have shape {list(found.codes.shape)}")
        return Array(array)

    @property
    def _found(self) -> LatentFile:
        return LatentFile(self.value) if self.value is not None else read_latent(str(self.file), self.array)

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.codes().array)

    def static_key(self) -> tuple[Any, ...]:
        found = self._found
        return (*super().static_key(), found.space, found.codes.shape[1:])  # a stack has one space

    def lower(self, build: Build, inputs: Inputs) -> Codes:
        model = inputs.model(self.model)
        params: list[tuple[Array, int]] = []
        keys: list[int] = []
        space: Space = "w"
        for member in inputs.members:
            array, space = member.node.fitted(build.table(model), build.tables)
            params += [(array, row) for row in range(len(array))]
            keys += range(len(array))
        return Codes(space, build.emit(Given(model, space, params[0][0].shape[1:]), params=params), model, tuple(keys))

    def fitted(self, table: Table, tables: Mapping[str, Table]) -> tuple[Array, Space]:
        """Return the codes [rows, ...] and their space: as given, as the file states, or the only one that fits.

        Raises:
            ValueError: the shape fits no space of the model, several, or not the stated one.
        """
        found, codes = self._found, self.codes()
        stated = self.space or found.space
        fitting = fit_space(found.codes.array, table, stated)
        if fitting is None or len(fitting[0]) != len(codes):
            space = stated or ("w+" if codes.array.ndim == 3 else "w")
            raise ValueError(_misfit(codes.shape[1:], space, table, tables))
        return Array(fitting[0]), fitting[1]


def _misfit(found: tuple[int, ...], space: Space, table: Table, others: Mapping[str, Table]) -> str:
    """Return the message for codes of a wrong shape, with the space, model or published size that they fit."""
    expected = list(code_shapes(table)[space])
    text = f"a row of codes in {space} has shape {list(found)}; this {table.extent}-pixel model takes {expected}"
    for other in get_args(Space):
        if code_shapes(table)[other] == found:
            return f"{text}; its shape would fit space: {other}"
    for name, one in others.items():
        if code_shapes(one)[space] == found:
            return f"{text}; it would fit the model '{name}'"
    for size, channels in ((size, channels) for channels in (32768, 16384) for size in (128, 256, 512, 1024)):
        if code_shapes(_published(size, channels))[space] == found:
            kind = "" if space != "s" else " of config-f" if channels == 32768 else " with half its channels"
            return f"{text}; it would fit a published {size}-pixel model{kind}"
    return text


def _published(size: int, channels: int) -> StyleGAN2Table:
    """Return the layers of the published StyleGAN2 of a size; 32768 channels is config-f (Karras et al. 2020)."""
    widths = tuple((4 << i, min(channels // (4 << i), 512)) for i in range(size.bit_length() - 2))
    return StyleGAN2Table(channels=widths, z_dim=512, w_dim=512, mapping_layers=8)
