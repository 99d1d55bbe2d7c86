"""Symbolic values: what a node reads and makes while a graph is lowered.

Every value has rows, and `take(index)` gives the value whose row i is row `index[i]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeVar

from fgraph._geometry import Canvas, Edit, Placement
from fgraph.ir.bendings import Bend
from fgraph.ir.program import Index, Operand
from fgraph.ir.types import TypeKind
from fgraph.masks import MaskExpr, complement

T = TypeVar("T")
MaskExprs = tuple[MaskExpr, ...]  # one a row
Parts = Literal["both", "activation", "skip"]
Tensor = Literal["activation", "skip"]


def pick(values: Sequence[T], index: Index) -> tuple[T, ...]:
    """The tuple whose entry i is `values[index[i]]`."""
    return tuple(values[row] for row in index.tolist())


@dataclass(frozen=True, eq=False)
class Latent:
    """Codes in one space, owned by the model whose mapping and affines made them."""

    space: TypeKind
    code: Operand
    model: str
    keys: tuple[int, ...]  # row keys, for random noise

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.code.rows

    def take(self, index: Index) -> Latent:
        """Rows picked by index."""
        return replace(self, code=self.code.take(index), keys=pick(self.keys, index))


@dataclass(frozen=True, eq=False)
class RunNoise:
    """The noise of one carrier: how it is made, and what each row needs for it."""

    mode: Literal["const", "random", "none", "given"]
    fit: Literal["tile", "ends", "follow"]
    seeds: tuple[int, ...]
    frames: MaskExprs  # where the buffer has moved, for fit follow
    file: str | None = None

    def take(self, index: Index) -> RunNoise:
        """Rows picked by index."""
        return replace(self, seeds=pick(self.seeds, index), frames=pick(self.frames, index))


@dataclass(frozen=True, eq=False)
class Run:
    """A plain forward pass of one model, one row of styles each."""

    model: str
    styles: Operand
    noise: RunNoise
    planes: tuple[Placement, ...] = ()  # StyleGAN3: where the canvas lies on the plane, until the input has sampled it

    def take(self, index: Index) -> Run:
        """Rows picked by index."""
        planes = self.planes and pick(self.planes, index)
        return Run(self.model, self.styles.take(index), self.noise.take(index), planes)


@dataclass(frozen=True, eq=False)
class Blend:
    """(1-α) a + α b at the layers and tensors named, a elsewhere."""

    a: Carrier
    b: Carrier
    alpha: MaskExprs
    layers: frozenset[int]
    parts: Parts

    @cached_property
    def beta(self) -> MaskExprs:
        """1 - α."""
        known: dict[MaskExpr, MaskExpr] = {}
        return tuple(known.setdefault(mask, complement(mask)) for mask in self.alpha)

    def take(self, index: Index) -> Blend:
        """Rows picked by index."""
        return Blend(self.a.take(index), self.b.take(index), pick(self.alpha, index), self.layers, self.parts)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Σ α_i · carrier_i at every layer; the alphas sum to 1."""

    carriers: tuple[Carrier, ...]
    alphas: tuple[MaskExprs, ...]

    def take(self, index: Index) -> Mixture:
        """Rows picked by index."""
        return Mixture(tuple(one.take(index) for one in self.carriers), tuple(pick(one, index) for one in self.alphas))


@dataclass(frozen=True, eq=False)
class Mapped:
    """A carrier whose every output, at the layers and tensors named, is moved by a same-size edit, or bent."""

    of: Carrier
    edits: tuple[Edit | Bend, ...]  # one a row, all of one kind
    layers: frozenset[int]
    parts: Parts

    def take(self, index: Index) -> Mapped:
        """Rows picked by index."""
        return Mapped(self.of.take(index), pick(self.edits, index), self.layers, self.parts)


@dataclass(frozen=True, eq=False)
class Patched:
    """A carrier whose every output, at the layers and tensors named, has patches of itself copied elsewhere."""

    of: Carrier
    patches: Operand
    feathers: tuple[float, ...]  # one a row
    cells: tuple[int, int]  # rows and columns that patches are counted in
    layers: frozenset[int]
    parts: Parts

    def take(self, index: Index) -> Patched:
        """Rows picked by index."""
        return replace(
            self, of=self.of.take(index), patches=self.patches.take(index), feathers=pick(self.feathers, index)
        )


Carrier = Run | Blend | Mixture | Mapped | Patched


@dataclass(frozen=True, eq=False)
class Features:
    """A paused forward pass: the state, where it is paused, what carries it on, and the canvas it covers."""

    activation: Operand
    skip: Operand | None
    layer: int  # σ index of the last layer run; -1 is the constant
    carrier: Carrier
    canvas: Canvas
    model: str  # whose layer table names the layers
    keys: tuple[int, ...]
    declared: tuple[tuple[int, int], ...]  # (rows of the node that started the pass, this row)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.activation.rows

    def take(self, index: Index) -> Features:
        """Rows picked by index."""
        return replace(
            self,
            activation=self.activation.take(index),
            skip=self.skip and self.skip.take(index),
            carrier=self.carrier.take(index),
            keys=pick(self.keys, index),
            declared=pick(self.declared, index),
        )


@dataclass(frozen=True, eq=False)
class Mask:
    """A mask a row, over whatever canvas names it."""

    exprs: MaskExprs

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.exprs)

    def take(self, index: Index) -> Mask:
        """Rows picked by index."""
        return Mask(pick(self.exprs, index))


@dataclass(frozen=True, eq=False)
class Image:
    """Rows of RGB images of one size."""

    pixels: Operand
    height: int
    width: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.pixels.rows

    def take(self, index: Index) -> Image:
        """Rows picked by index."""
        return replace(self, pixels=self.pixels.take(index))


Value = Latent | Features | Mask | Image
