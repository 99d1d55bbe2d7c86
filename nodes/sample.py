"""`sample`: codes drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from fgraph import _limits
from fgraph._ports import Kind
from fgraph.ir.ops import Draw
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import Data, Node, PerRow
from fgraph.stylegan.tables.base import Table
from nodes._classes import Classes, Mixture, is_transition, mixtures
from nodes.truncate import truncated

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
    truncation: PerRow[float] = Field(1.0, description="ψ, in W: 1 does not change the codes, 0 gives the mean")
    cutoff: int | None = Field(
        None, ge=0, le=1000, description="truncate only the W+ rows below this one; default: all"
    )
    smooth: Data[Annotated[float, Field(ge=0, le=1000)]] = Field(
        0.0,
        description="σ, in rows, of a cyclic Gaussian blur along the rows, which are then scaled to RMS 1 (published "
        "panorama: 0.7)",
    )
    # `class` is a keyword of Python, so the field is declared by its name as text; Python code writes `class_`.
    __annotations__["class"] = Classes
    vars()["class"] = Field(
        None,
        description="for a conditional model: a class, from 0; a mixture such as '0.7*3 + 0.3*8'; a transition over "
        "the rows, such as '3..8', between two classes or mixtures; or a list with a class or mixture per row",
    )
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
        classes = self.per_row_fields()["class"]
        if len(classes) > 1 and any(map(is_transition, classes)):
            raise ValueError(
                "a transition between classes is over all rows, so it cannot be in a list: give class as one text"
            )
        return drawn

    def static_key(self) -> tuple[Any, ...]:
        return (*super().static_key(), self._truncates)  # codes that are not truncated stay in z

    @property
    def _truncates(self) -> bool:
        return any(psi != 1.0 for psi in self.per_row_fields()["truncation"])

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        model = inputs.model(self.model)
        table = build.table(model)
        labels = [
            label
            for member in inputs.members
            for label in _labels(member.node.per_row_fields()["class"], member.slot.rows, table)
        ]
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
        return truncated(build, latent, self.cutoff, inputs.per_row("truncation"))


def _labels(given: Sequence[int | str | None], rows: int, table: Table) -> list[tuple[int | Mixture, ...]]:
    """Return the class of each row as a tuple, empty for a model without classes.

    A single class is its number, a mixture its pairs of class and weight.
    """
    if not table.c_dim:
        if any(one is not None for one in given):
            raise ValueError("the model is not conditional, so it has no classes: leave `class` out")
        return [()] * rows
    found: list[tuple[int | Mixture, ...]] = []
    for mixture in mixtures(given, rows):
        unknown = [one for one, _ in mixture or () if one >= table.c_dim]
        if mixture is None or unknown:
            message = f"there is no class {unknown[0]}" if unknown else "no class is given"
            raise ValueError(f"{message}; the model is conditional: give `class`, 0 to {table.c_dim - 1}")
        found.append((mixture[0][0] if len(mixture) == 1 else mixture,))
    return found
