"""Symbolic values: the inputs and results of nodes while a graph is lowered.

Every value has rows, and `take(index)` gives the value whose row i is row `index[i]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from fgraph import _limits
from fgraph._cached import cached_property
from fgraph._geometry import Canvas, Edit, Placement
from fgraph.ir.bendings import Bend
from fgraph.ir.program import Index, Operand
from fgraph.ir.types import TypeKind
from fgraph.masks import MaskExpr, complement

if TYPE_CHECKING:
    from fgraph.photographs import Pasting, PhotoCrop

T = TypeVar("T")
R = TypeVar("R")
MaskExprs = tuple[MaskExpr, ...]  # one a row
Parts = Literal["both", "activation", "skip"]
Tensor = Literal["activation", "skip"]


def complements(masks: MaskExprs) -> MaskExprs:
    """Return 1 - α of each mask; equal masks share one complement object."""
    known: dict[MaskExpr, MaskExpr] = {}
    return tuple(known.setdefault(mask, complement(mask)) for mask in masks)


def pick(values: Sequence[T], index: Index) -> tuple[T, ...]:
    """Return the tuple whose entry i is `values[index[i]]`."""
    return tuple(values[row] for row in index.tolist())


@dataclass(frozen=True, eq=False)
class Latent:
    """Codes in one space, with the model whose mapping and affine layers made them."""

    space: TypeKind
    code: Operand
    model: str
    keys: tuple[int, ...]  # row keys, for random noise
    facts: Mapping[str, Operand] = field(default_factory=dict)  # other results of the search that found the codes

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.code.rows

    def take(self, index: Index) -> Latent:
        """Return the rows picked by index."""
        facts = {name: one.take(index) for name, one in self.facts.items()}
        return replace(self, code=self.code.take(index), keys=pick(self.keys, index), facts=facts)


@dataclass(frozen=True, eq=False)
class RunNoise:
    """The noise of one carrier: its mode, and the parameters of each row."""

    mode: Literal["const", "random", "none", "given"]
    fit: Literal["tile", "ends", "follow"]
    seeds: tuple[int, ...]
    frames: MaskExprs  # one mask for each row, which carries the edits of its buffer, for fit `follow`
    file: str | None = None

    def take(self, index: Index) -> RunNoise:
        """Return the rows picked by index."""
        return replace(self, seeds=pick(self.seeds, index), frames=pick(self.frames, index))


@dataclass(frozen=True, eq=False)
class Run:
    """A plain forward pass of one model, with a row of styles for each row."""

    model: str
    styles: Operand
    noise: RunNoise
    # StyleGAN3: the placement of the canvas on the plane, until the input has sampled it
    planes: tuple[Placement, ...] = ()

    def take(self, index: Index) -> Run:
        """Return the rows picked by index."""
        planes = self.planes and pick(self.planes, index)
        return Run(self.model, self.styles.take(index), self.noise.take(index), planes)

    @property
    def inner(self) -> tuple[Carrier, ...]:
        """An empty tuple: a `Run` is a leaf."""
        return ()


@dataclass(frozen=True, eq=False)
class Blend:
    """(1-α) a + α b at the given layers and tensors, a elsewhere."""

    a: Carrier
    b: Carrier
    alpha: MaskExprs
    layers: frozenset[int]
    parts: Parts

    @cached_property
    def beta(self) -> MaskExprs:
        """1 - α."""
        return complements(self.alpha)

    @property
    def inner(self) -> tuple[Carrier, ...]:
        """The carriers that it is made of."""
        return (self.a, self.b)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Σ α_i · carrier_i at every layer; the alphas sum to 1."""

    carriers: tuple[Carrier, ...]
    alphas: tuple[MaskExprs, ...]

    @property
    def inner(self) -> tuple[Carrier, ...]:
        """The carriers that it is made of."""
        return self.carriers


@dataclass(frozen=True, eq=False)
class Mapped:
    """A carrier whose outputs, at the given layers and tensors, go through a same-size edit or a bending."""

    of: Carrier
    edits: tuple[Edit | Bend, ...]  # one for each row, all of one kind
    layers: frozenset[int]
    parts: Parts

    @property
    def inner(self) -> tuple[Carrier, ...]:
        """The carriers that it is made of."""
        return (self.of,)


@dataclass(frozen=True, eq=False)
class Patched:
    """A carrier whose outputs, at the given layers and tensors, have patches copied within them."""

    of: Carrier
    patches: Operand
    feathers: tuple[float, ...]  # one for each row
    cells: tuple[int, int]  # rows and columns of the grid for patches
    layers: frozenset[int]
    parts: Parts

    @property
    def inner(self) -> tuple[Carrier, ...]:
        """The carriers that it is made of."""
        return (self.of,)


Carrier = Run | Blend | Mixture | Mapped | Patched


class Memoised(Generic[R]):
    """A function of carriers that remembers its results, so that it is called once for each carrier.

    A short graph can name one pass many times over: without this, fifteen blends of a pass with itself would be walked
    as a tree of 2^15 leaves.

    Args:
        change: takes a carrier and this function itself, for the carriers within.
    """

    def __init__(self, change: Callable[[Carrier, Callable[[Carrier], R]], R]) -> None:
        self._change = change
        self._known: dict[int, tuple[Carrier, R]] = {}  # id -> carrier, which keeps the id unique; result

    def __call__(self, carrier: Carrier) -> R:
        """Return the result for a carrier, computed on the first call."""
        if id(carrier) not in self._known:
            self._known[id(carrier)] = carrier, self._change(carrier, self)
        return self._known[id(carrier)][1]


def take_rows(carrier: Carrier, index: Index) -> Carrier:
    """Return a carrier with the rows that `index` picks."""

    def take(carrier: Carrier, again: Callable[[Carrier], Carrier]) -> Carrier:
        if isinstance(carrier, Run):
            return carrier.take(index)
        if isinstance(carrier, Blend):
            return replace(carrier, a=again(carrier.a), b=again(carrier.b), alpha=pick(carrier.alpha, index))
        if isinstance(carrier, Mixture):
            return Mixture(tuple(map(again, carrier.carriers)), tuple(pick(alpha, index) for alpha in carrier.alphas))
        if isinstance(carrier, Mapped):
            return replace(carrier, of=again(carrier.of), edits=pick(carrier.edits, index))
        feathers = pick(carrier.feathers, index)
        return replace(carrier, of=again(carrier.of), patches=carrier.patches.take(index), feathers=feathers)

    return Memoised(take)(carrier)


def check_carrier(carrier: Carrier) -> None:
    """Check that a carrier is small enough to be lowered.

    Raises:
        ValueError: it contains too many carriers, or they are nested too deeply.
    """
    seen, waiting = {id(carrier)}, [carrier]
    while waiting:
        inner = [one for one in waiting.pop().inner if id(one) not in seen]
        seen.update(map(id, inner))
        waiting += inner
        if len(seen) > _limits.TERMS:
            raise ValueError(f"it mixes more than {_limits.TERMS} passes, blends and edits by layer")
    depth = Memoised[int](lambda one, again: 1 + max(map(again, one.inner), default=0))
    if depth(carrier) > _limits.NESTED:
        raise ValueError(f"blends and edits by layer are nested more than {_limits.NESTED} deep")


@dataclass(frozen=True, eq=False)
class Features:
    """A paused forward pass: its state, the layer where it is paused, its carrier and its canvas."""

    activation: Operand
    skip: Operand | None
    layer: int  # σ index of the last layer run; -1 is the constant
    carrier: Carrier
    canvas: Canvas
    model: str  # the model whose table names the layers
    keys: tuple[int, ...]
    declared: tuple[tuple[int, int], ...]  # (number of rows of the node that started the pass, this row)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.activation.rows

    def take(self, index: Index) -> Features:
        """Return the rows picked by index."""
        return replace(
            self,
            activation=self.activation.take(index),
            skip=self.skip and self.skip.take(index),
            carrier=take_rows(self.carrier, index),
            keys=pick(self.keys, index),
            declared=pick(self.declared, index),
        )


@dataclass(frozen=True, eq=False)
class Mask:
    """A mask for each row, over the canvas of its reader."""

    exprs: MaskExprs

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.exprs)

    def take(self, index: Index) -> Mask:
        """Return the rows picked by index."""
        return Mask(pick(self.exprs, index))


@dataclass(frozen=True, eq=False)
class Image:
    """Rows of images of one size."""

    pixels: Operand
    height: int
    width: int
    crops: tuple[PhotoCrop, ...] = ()  # the crop of each row, if the rows are unchanged crops of photographs

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.pixels.rows

    def take(self, index: Index) -> Image:
        """Return the rows picked by index."""
        return replace(self, pixels=self.pixels.take(index), crops=self.crops and pick(self.crops, index))


@dataclass(frozen=True, eq=False)
class Photograph:
    """Crops to be pasted into photographs, one a row."""

    tensors: Mapping[str, Operand]  # the patch first
    pasting: Pasting

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.pasting.crops)

    def take(self, index: Index) -> Photograph:
        """Return the rows picked by index."""
        tensors = {name: one.take(index) for name, one in self.tensors.items()}
        return Photograph(tensors, replace(self.pasting, crops=pick(self.pasting.crops, index)))


Value = Latent | Features | Mask | Image | Photograph
