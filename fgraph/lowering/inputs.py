"""The inputs of a node's `lower`: the values on its ports, for all rows of its stack, and its per-row fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fgraph._cached import cached_property
from fgraph._geometry import Canvas, Placement
from fgraph._seeds import derive_seed
from fgraph.ir.program import Index, as_index
from fgraph.lowering.build import Build
from fgraph.lowering.contracts import GraphSettings, NoiseSettings
from fgraph.lowering.noise import NoiseOrigin
from fgraph.lowering.planes import plane
from fgraph.lowering.values import Features, Image, Latent, Mask, Run, RunNoise, Value

FRAME = NoiseOrigin()


@dataclass(frozen=True, slots=True)
class Slot:
    """The rows of a node in its stack."""

    stack: int
    start: int
    rows: int


@dataclass(frozen=True, eq=False)
class StackMember:
    """A node of a stack, with its graph."""

    node: Any
    id: str  # `left.fade` for the node `fade` of the sub-graph `left`
    graph: GraphSettings
    slot: Slot
    read: Mapping[str, tuple[Slot, ...]]  # port -> rows of other stacks

    def seeds(self, given: int | Sequence[int] | None) -> tuple[int, ...]:
        """Return the node's seeds: as given, otherwise derived from the graph's seed and the node's id."""
        if given is None:
            return (derive_seed(self.graph.seed, self.id),)
        return (given,) if isinstance(given, int) else tuple(given)


class Inputs:
    """The inputs of one stack of nodes.

    Values on ports are broadcast to `rows` rows, the rows of the members end to end. A node that collapses rows reads
    its values without broadcasting, member after member.
    """

    def __init__(self, build: Build, members: Sequence[StackMember], values: Mapping[int, Value]) -> None:
        self._build = build
        self.members = tuple(members)
        self._values = values

    @cached_property
    def rows(self) -> int:
        """The number of rows of the stack."""
        return sum(member.slot.rows for member in self.members)

    @property
    def row_keys(self) -> tuple[int, ...]:
        """The number of each row within its node: keys of random noise, which depend on no other graph of a stack."""
        return tuple(row for _, row in self.declared())

    @cached_property
    def each_rows(self) -> int:
        """The number of rows that each member of a collapsing stack reads on its first port."""
        return next(iter(self.members[0].read.values()))[0].rows

    def has(self, port: str) -> bool:
        """Return whether an optional port is wired."""
        return port in self.members[0].read

    # -- ports ---------------------------------------------------------------------------------------------------

    def value(self, port: str) -> Value:
        """Return the value on a port."""
        return self.values(port)[0]

    def values(self, port: str) -> list[Value]:
        """Return the values on a list port."""
        return [self._pick(port, number) for number in range(len(self.members[0].read[port]))]

    def _pick(self, port: str, number: int) -> Value:
        value = self._values[self.members[0].read[port][number].stack]
        parts = [self._index(member, member.read[port][number]) for member in self.members]
        index = np.concatenate(parts)
        whole = len(index) == value.rows and bool((index == np.arange(len(index))).all())
        return value if whole else value.take(as_index(index))

    @staticmethod
    def _index(member: StackMember, slot: Slot) -> Index:
        if member.node.collapses:
            return np.arange(slot.start, slot.start + slot.rows)
        if slot.rows == 1:
            return np.full(member.slot.rows, slot.start)
        return np.arange(slot.start, slot.start + slot.rows)

    def latent(self, port: str) -> Latent:
        """Return the codes on a port."""
        value = self.value(port)
        assert isinstance(value, Latent)
        return value

    def features(self, port: str) -> Features:
        """Return the paused pass on a port; codes become a pass paused at `const`."""
        return self.as_features(self.value(port))

    def mask(self, port: str) -> Mask:
        """Return the mask on a port."""
        value = self.value(port)
        assert isinstance(value, Mask)
        return value

    def image(self, port: str) -> Image:
        """Return the images on a port."""
        value = self.value(port)
        assert isinstance(value, Image)
        return value

    # -- fields --------------------------------------------------------------------------------------------------

    def per_row(self, name: str) -> tuple[Any, ...]:
        """Return a per-row field, with one value for each row of the stack."""
        found: list[Any] = []
        for member in self.members:
            given = member.node.rows_of(name)
            found += given * member.slot.rows if len(given) == 1 else given
        return tuple(found)

    def model(self, name: str | None) -> str:
        """Return the program's model for a model name of the graph; None is `main`."""
        return self.members[0].graph.models[name or "main"]

    # -- passes --------------------------------------------------------------------------------------------------

    def noise(self, given: NoiseSettings | None = None) -> RunNoise:
        """Return the noise of a new carrier: as given, otherwise the graph's."""
        noise = given or self.members[0].graph.noise
        seeds: list[int] = []
        for member in self.members:
            settings = given or member.graph.noise
            seed = derive_seed(member.graph.seed, "noise") if settings.seed is None else settings.seed
            seeds += [seed] * member.slot.rows
        return RunNoise(noise.mode, noise.fit, tuple(seeds), (FRAME,) * len(seeds), noise.file)

    def declared(self) -> tuple[tuple[int, int], ...]:
        """Return for each row the number of rows of its node, and its number among them."""
        return tuple((member.slot.rows, row) for member in self.members for row in range(member.slot.rows))

    def carrier(self, latent: Latent, model: str | None = None, noise: NoiseSettings | None = None) -> Run:
        """Return a plain forward pass of `model` (a name of the graph; None: the codes' own) with these codes.

        Raises:
            ValueError: the model takes styles of another length.
        """
        key = latent.model if model is None else self.model(model)
        table, source = self._build.table(key), self._build.table(latent.model)
        if table.style_length != source.style_length:
            raise ValueError(
                f"model '{key}' takes {table.style_length} styles, codes of '{latent.model}' make {source.style_length}"
            )
        planes = (Placement(),) * latent.rows if table.is_stylegan3 else ()
        return Run(key, self._build.promote(latent, "s").code, self.noise(noise), planes)

    def pause(self, latent: Latent, model: str | None = None, noise: NoiseSettings | None = None) -> Features:
        """Return the pass of these codes, paused at `const`."""
        run = self.carrier(latent, model, noise)
        stylegan3 = self._build.table(run.model).is_stylegan3
        const = plane(self._build, run.planes) if stylegan3 else self._build.const(run.model, latent.rows)
        canvas = Canvas()
        return Features(const, None, -1, run, canvas, run.model, latent.keys, self.declared())

    def as_features(self, value: Value) -> Features:
        """Return features unchanged, and codes as a pass paused at `const`."""
        if isinstance(value, Latent):
            return self.pause(value)
        assert isinstance(value, Features)
        return value
