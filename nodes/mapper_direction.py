"""The kind `mapper` of `direction`: trained networks of StyleCLIP."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fgraph.array_files.mappers import Mapper, read_mapper
from fgraph.ir.ops import MapLevels
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.node import FILE, Data, PerRow
from nodes._moving import Direction, FoundDirections


class MapperDirection(Direction):
    """A mapper of StyleCLIP: networks that compute an offset in W+ for each code (Patashnik et al. 2021).

    Mappers such as afro.pt and mohawk.pt were trained for one text and one model. A mapper does not change the rows of
    W+ for which it has no network.
    """

    kind: Literal["mapper"] = "mapper"
    file: Data[str] = Field(description="the mapper, such as afro.pt", json_schema_extra=FILE)
    strength: PerRow[float] = Field(0.1, description="the factor of the offset; a list gives one per row")

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        table = build.table(model)
        with blaming("of"):
            code = build.promote(inputs.latent("of"), "w+")
        mappers: list[tuple[Mapper]] = []
        with blaming("file"):
            for member in inputs.members:
                mapper = read_mapper(member.node.file)
                if mapper.w_dim != table.w_dim:
                    raise ValueError(f"the mapper is for w of {mapper.w_dim} numbers; this model has {table.w_dim}")
                mappers += [(mapper,)] * member.slot.rows
        return FoundDirections("w+", build.emit(MapLevels(model), [code.code], mappers))
