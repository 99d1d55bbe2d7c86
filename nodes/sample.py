"""`sample`: codes drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from fgraph import _limits
from fgraph._ports import Kind
from fgraph.ir.ops import Draw, Truncate
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, Node, PerRow
from fgraph.stylegan.tables.base import Table

_KEY_BITS = 24  # a row key is (seed, place among the rows drawn together)


class Sample(Node):
    """Codes drawn from a seed: z, or W if they are truncated.

    Each seed gives `count` rows, drawn together. A row is the same on every device and in every batch.
    """

    op: Literal["sample"] = "sample"
    produces: ClassVar[Kind] = Kind.LATENT

    seed: PerRow[Annotated[int, Field(ge=0, le=2**32 - 1)]] | None = Field(
        None,
        description="one seed, or a list with one per row; default: derived from the graph's seed and the node's id",
    )
    count: Data[Annotated[int, Field(ge=1, le=_limits.ROWS)]] = Field(1, description="rows for each seed")
    truncation: PerRow[float] = Field(1.0, description="ψ, in W: 1 does not change the codes, 0 is the mean")
    cutoff: int | None = Field(
        None, ge=0, le=1000, description="truncate only the W+ rows below this one; default: all"
    )
    smooth: Data[Annotated[float, Field(ge=0, le=1000)]] = Field(
        0.0,
        description="σ, in rows, of a cyclic Gaussian blur along the rows, then RMS 1 (published panorama: 0.7)",
    )
    # `class` is a word of Python's grammar, so it is declared by its name; in Python it is given as `class_`.
    __annotations__["class"] = "PerRow[Annotated[int, Field(ge=0, le=1_000_000)]] | None"
    vars()["class"] = Field(None, description="of a conditional model: the class, from 0, or a list with one per row")
    draw: Data[Literal["torch", "numpy"]] = Field(
        "torch", description="the random generator: published seeds are for torch (SOAT) or numpy (NVlabs)"
    )
    model: str | None = Field(None, description="the model of the codes; default: main")

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        drawn = (len(self.seed) if isinstance(self.seed, tuple) else 1) * self.count
        for name in ("truncation", "class"):
            given = len(self.per_row_fields()[name])
            if given not in (1, drawn):
                raise ValueError(f"{name} has {given} values for {drawn} rows")
        return drawn

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self._truncates)  # what is not truncated stays in z, whatever runs beside it

    @property
    def _truncates(self) -> bool:
        return any(psi != 1.0 for psi in self.per_row_fields()["truncation"])

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        model = inputs.model(self.model)
        table = build.table(model)
        labels = _labels(inputs.per_row("class"), table)
        params: list[tuple[Any, ...]] = []
        for member in inputs.members:
            node = member.node
            for seed in member.seeds(node.seed):
                params += [(node.draw, seed, node.count, node.smooth, row) for row in range(node.count)]
        labelled = [(*param, *label) for param, label in zip(params, labels, strict=True)]
        code = build.emit(Draw(model, table.code_width, table.c_dim), params=labelled)
        keys = tuple((param[1] << _KEY_BITS) + param[4] for param in params)
        latent = Latent("z", code, model, keys)
        if not self._truncates:
            return latent
        latent = build.promote(latent, "w" if self.cutoff is None else "w+")
        truncated = build.emit(Truncate(model, self.cutoff), [latent.code], inputs.per_row("truncation"))
        return Latent(latent.space, truncated, model, keys)


def _labels(classes: Sequence[int | None], table: Table) -> list[tuple[int, ...]]:
    """Return the class of each row as a tuple, empty for a model without classes."""
    if not table.c_dim:
        if any(label is not None for label in classes):
            raise ValueError("the model is not conditional, so it has no classes: leave `class` out")
        return [()] * len(classes)
    if any(label is None or label >= table.c_dim for label in classes):
        found = next(label for label in classes if label is None or label >= table.c_dim)
        said = "no class is given" if found is None else f"there is no class {found}"
        raise ValueError(f"{said}; the model is conditional: give `class`, 0 to {table.c_dim - 1}")
    return [(label,) for label in classes if label is not None]
