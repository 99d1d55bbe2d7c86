"""`sample`: codes drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.build import Build
from fgraph.ir.inputs import Inputs
from fgraph.ir.ops import Draw, Truncate
from fgraph.ir.values import Latent
from fgraph.node import Data, Node, PerRow

_KEY_BITS = 24  # a row key is (seed, place among the rows drawn together)


class Sample(Node):
    """Codes drawn from a seed: z, or W where they are truncated.

    Each seed gives `count` rows, drawn together. A row is the same on every device and in every batch.
    """

    op: Literal["sample"] = "sample"
    produces: ClassVar[Kind] = Kind.LATENT

    seed: PerRow[Annotated[int, Field(ge=0, le=2**32 - 1)]] | None = Field(
        None, description="one, or a list, a row each; absent: derived from the graph's seed and the node's id"
    )
    count: Data[Annotated[int, Field(ge=1)]] = Field(1, description="rows for each seed")
    truncation: PerRow[float] = Field(1.0, description="ψ, in W: 1 leaves the codes as they are, 0 is the mean")
    cutoff: int | None = Field(None, ge=0, description="truncate only the W+ rows below this one; absent: all")
    smooth: Data[Annotated[float, Field(ge=0)]] = Field(
        0.0,
        description="σ, in rows, of a Gaussian along the rows that goes round, then RMS 1 (published panorama: 0.7)",
    )
    draw: Data[Literal["torch", "numpy"]] = Field(
        "torch", description="the generator that published seeds belong to: torch for SOAT, numpy for NVlabs"
    )
    model: str | None = Field(None, description="the model they are codes of; absent: main")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        drawn = (len(self.seed) if isinstance(self.seed, tuple) else 1) * self.count
        given = len(self.truncation) if isinstance(self.truncation, tuple) else 1
        if given not in (1, drawn):
            raise ValueError(f"truncation has {given} values for {drawn} rows")
        return drawn

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        model = inputs.model(self.model)
        params: list[tuple[str, int, int, float, int]] = []
        for member in inputs.members:
            node = member.node
            for seed in member.seeds(node.seed):
                params += [(node.draw, seed, node.count, node.smooth, row) for row in range(node.count)]
        code = build.emit(Draw(model, build.table(model).z_dim), params=params)
        keys = tuple((param[1] << _KEY_BITS) + param[4] for param in params)
        latent = Latent("z", code, model, keys)
        psi = inputs.per_row("truncation")
        if all(value == 1.0 for value in psi):
            return latent
        latent = build.promote(latent, "w" if self.cutoff is None else "w+")
        truncated = build.emit(Truncate(model, self.cutoff), [latent.code], psi)
        return Latent(latent.space, truncated, model, keys)
