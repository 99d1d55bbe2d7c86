"""The kind `named` of `direction`: edits that were published under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from fgraph._arrays import Array
from fgraph.array_files.directions import read_directions
from fgraph.array_files.named_edits import NamedEdit, edit_for, find_edit, published_edits, read_edits
from fgraph.ir.ops import Given
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.node import FILE, Data, PerRow
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.tables.base import Table
from nodes._moving import Direction, FoundDirections, How
from nodes.style_direction import channel_row, emit_channels


class NamedDirection(Direction):
    """An edit that was published under a name, such as glasses, for the model that it was found for.

    `fgraph list edits` lists the edits of StyleSpace, of GANSpace and of the bundled models, with model and source.
    `edits` names another table. An edit of GANSpace moves along a component that was measured on its model, so it needs
    these components as `file`.
    """

    kind: Literal["named"] = "named"
    name: Data[str] = Field(description="the name of the edit")
    file: Data[str | None] = Field(
        None, description="the components, such as ffhq_pca.pt, of an edit along a component", json_schema_extra=FILE
    )
    edits: Data[str | None] = Field(
        None, description="a table of edits, such as ganspace_configs.csv; default: the published ones",
        json_schema_extra=FILE,
    )  # fmt: skip
    strength: PerRow[float] | None = Field(  # type: ignore[assignment]  # absent: the published one
        None,
        description="the distance, in standard deviations; a list gives one per row; default: the published one, "
        "otherwise 1",
    )
    how: How | None = Field(
        None,
        description="add: strength is a distance; set: strength is the coordinate of the result; default: set for a "
        "table in `edits`, otherwise add",
    )

    def edit(self) -> NamedEdit:
        """Return the edit.

        Raises:
            ValueError: there is no such edit, or the table cannot be read.
        """
        with blaming("name" if self.edits is None else "edits"):
            return find_edit(self.name, published_edits() if self.edits is None else read_edits(self.edits))

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        self.edit()  # an unreadable file is a fault before anything runs
        if self.file is not None:
            with blaming("file"):
                read_directions(self.file)
        return super().row_count(rows)

    def static_key(self) -> tuple[Any, ...]:
        edit = self.edit()  # a stack has one space, rows, and a mean or none
        file = self.file or edit.file
        directions = None if edit.component is None or file is None else read_directions(file)
        shape = directions and (directions.shape[1:], directions.mean is None)
        return (*super().static_key(), edit.component is None, edit.rows, self.edits is None, shape)

    def strengths(self, inputs: Inputs) -> Sequence[float]:
        given, rows = inputs.per_row("strength"), list[float]()
        for member in inputs.members:
            published = member.node.edit().strength
            part = given[len(rows) : len(rows) + member.slot.rows]
            rows += [published if strength is None else strength for strength in part]
        return rows

    def find(self, build: Build, inputs: Inputs, model: str) -> FoundDirections:
        table = build.table(model)
        rows: list[Array] = []
        means: list[Array] = []
        for member in inputs.members:
            edit = member.node.edit()
            if edit.is_bundled and member.node.file is None:
                _expect_model(edit, table, model)
            row, mean = (
                member.node.components(edit, table)
                if edit.component is not None
                else (_styles(edit_for(edit, model), table, member.node.file), None)
            )
            rows += [row] * member.slot.rows
            means += [mean] * member.slot.rows if mean is not None else []
        edit = self.edit()
        how: How = self.how or ("add" if self.edits is None else "set")
        if edit.component is None:
            return FoundDirections("s", emit_channels(build, model, rows, "deviation"), how)
        given = Given(model, "w", (table.w_dim,))
        code = build.emit(given, params=[(row, 0) for row in rows])
        mean = build.emit(given, params=[(one, 0) for one in means]) if means and how == "set" else None
        return FoundDirections("w", code, how, mean, edit.rows)

    def components(self, edit: NamedEdit, table: Table) -> tuple[Array, Array | None]:
        """Return the component of an edit, scaled to its standard deviation, and the mean of w: each [1, w_dim].

        Raises:
            ValueError: the file is missing, cannot be read, or does not fit.
        """
        if edit.model.startswith("StyleGAN,"):
            with blaming("name"):
                raise ValueError(
                    f"'{edit.name}' was found for {edit.model}, the first StyleGAN, which fgraph does not run"
                )
        with blaming("file"):
            file = self.file or edit.file
            if file is None:
                raise ValueError(
                    f"'{edit.name}' moves along component {edit.component} of GANSpace, for "
                    f"{edit.model or 'its model'}: give file, the components that were measured with it"
                )
            directions = read_directions(file)
            found, _ = directions.fitted(table, "w")
            if edit.component is None or edit.component >= len(found):
                raise ValueError(f"'{edit.name}' needs component {edit.component}; there are {len(found)}, from 0")
        mean = Array(directions.mean.array[None]) if directions.mean is not None else None
        return Array(found.array[edit.component][None]), mean


def _expect_model(edit: NamedEdit, table: Table, model: str) -> None:
    """Check that a model is the bundled one that an edit was measured on, or a user's model of the same shape.

    Raises:
        ValueError: it is another model.
    """
    fits = not table.is_stylegan3 and table.resolution == edit.size
    if model != edit.model and (model in BUNDLED or not fits):
        with blaming("name"):
            raise ValueError(
                f"'{edit.name}' was measured on {edit.model}; this model is {model}: fgraph list edits shows its own"
            )


def _styles(edit: NamedEdit, table: Table, file: str | None = None) -> Array:
    """Return the channels of an edit as a row of S, [1, styles].

    Raises:
        ValueError: the model is not the one that the edit was found for, or a file of components is given.
    """
    if file is not None:
        with blaming("file"):
            raise ValueError(f"'{edit.name}' names channels and has no component: leave file out")
    with blaming("name"):
        if table.is_stylegan3 or table.resolution != edit.size:
            raise ValueError(
                f"'{edit.name}' names channels of {edit.model} at {edit.size} pixels; this model is "
                f"{table.architecture} at {table.extent}: name its own channels by kind: channel"
            )
        return channel_row(edit.channels, table)
