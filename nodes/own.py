"""`own`: the style channels that own a part, taken from another code."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from fgraph import _limits
from fgraph._ports import Kind, LayerName
from fgraph.ir.ops import Own as OwnOp
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.planes import described
from fgraph.lowering.values import Latent
from fgraph.node import Data, LatentPort, MaskPort, Node, PerRow
from fgraph.stylegan.tables.base import CONST, Table

PartNumber = Annotated[int, Field(ge=0, lt=256)]


def _as_numbers(value: Any) -> Any:
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


class Own(Node):
    """A part taken from another code through the style channels that own it, with no mask in the picture.

    Collins et al. 2020, "Editing in Style", section 3: spherical k-means on the activations of seeded samples finds the
    parts of a model's images, and M says what share of each channel's energy lies in each. Then S + q (S of the
    reference - S), where q is 1 for the channels owned most, as long as the sum of 1 - M over them stays below ε in
    each layer, and only where M > ρ (`greedy`, their published program), or min(1, λ M) (`together`). What owns what is
    found once for a model, in seconds for a small one, and kept in your cache.
    """

    op: Literal["own"] = "own"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes that are changed")
    reference: LatentPort = Field(description="the codes that the part is taken from")
    part: Data[Annotated[tuple[PartNumber, ...], BeforeValidator(_as_numbers)] | None] = Field(
        None, description="the part, by number, from 0; the largest comes first; or a list, taken together"
    )
    mask: MaskPort | None = Field(None, description="instead: the parts of which most lies inside this mask")
    how: Literal["greedy", "together"] = Field("greedy", description="how q follows from M")
    strength: PerRow[Annotated[float, Field(ge=0)]] = Field(
        1.0, description="greedy: what q is, where it is not 0; together: λ"
    )
    rho: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(0.1, description="of greedy: ρ, the least share")
    epsilon: PerRow[Annotated[float, Field(ge=0)]] = Field(
        20.0, description="of greedy: ε, how much of a layer's channels may lie elsewhere, in channels"
    )
    layer: LayerName = Field("b32", description="whose activations are clustered")
    clusters: int = Field(12, ge=2, le=256, description="how many parts")
    samples: int = Field(256, ge=1, le=100_000, description="images that are looked at")
    seed: int = Field(0, ge=0, le=_limits.SEED, description="of those images, and of the clusters")

    @model_validator(mode="after")
    def _one_part(self) -> Own:
        if (self.part is None) == (self.mask is None):
            raise ValueError("say which part is taken: either part, a number, or mask, where it lies")
        if self.part is not None and not (self.part and all(0 <= one < self.clusters for one in self.part)):
            raise ValueError(f"there is no part {list(self.part)}: there are 0 to {self.clusters - 1}")
        return self

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        of, reference = build.together(inputs.latent("of"), inputs.latent("reference"), "s")
        table = build.table(of.model)
        if table.is_stylegan3:
            with blaming("of"):
                raise ValueError(
                    f"parts are clustered in StyleGAN2 only, and {described(of.model, table)} is none: use mix with "
                    "rows or layers, or blend with a mask"
                )
        with blaming("layer"):
            _check_layer(table, self.layer)
        parts: list[Any] = [member.node.part for member in inputs.members for _ in range(member.slot.rows)]
        if inputs.has("mask"):
            parts = list(inputs.mask("mask").exprs)
        amounts = (inputs.per_row(name) for name in ("strength", "rho", "epsilon"))
        op = OwnOp(of.model, self.how, str(self.layer), self.clusters, self.samples, self.seed)
        code = build.emit(op, [of.code, reference.code], list(zip(parts, *amounts, strict=True)))
        return Latent("s", code, of.model, of.keys)


def _check_layer(table: Table, name: str | int) -> None:
    if table.pause(name) == CONST:
        raise ValueError("the constant input is the same in every image, so that it has no parts: take a convolution")
    if table.pause(name) >= table.last - 1:
        raise ValueError(f"the output of {name} is read by no style but that of the image: take an earlier layer")
