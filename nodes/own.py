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
    """A part, such as hair, transferred from another code by the style channels that own it.

    The method follows Collins et al. 2020, "Editing in Style", section 3. Spherical k-means on the activations of
    seeded samples finds the parts of a model's images. M is the share of each channel's energy in each part. The result
    is S + q (S of the reference - S). With `greedy`, their published program, q is 1 for the channels with the largest
    M > ρ, while the sum of 1 - M over them is below ε in each layer. With `together`, q is min(1, λ M). The ownership
    of a model is computed once, in seconds for a small model, and cached.
    """

    op: Literal["own"] = "own"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes to change")
    reference: LatentPort = Field(description="the codes that have the part")
    part: Data[Annotated[tuple[PartNumber, ...], BeforeValidator(_as_numbers)] | None] = Field(
        None, description="the number of the part, from 0, the largest first; a list combines parts"
    )
    mask: MaskPort | None = Field(None, description="instead of part: the parts that are mostly inside this mask")
    how: Literal["greedy", "together"] = Field("greedy", description="the rule for q")
    strength: PerRow[Annotated[float, Field(ge=0)]] = Field(
        1.0, description="for greedy, the value of q where it is not 0; for together, λ"
    )
    rho: PerRow[Annotated[float, Field(ge=0, le=1)]] = Field(0.1, description="for greedy: ρ, the least share")
    epsilon: PerRow[Annotated[float, Field(ge=0)]] = Field(
        20.0, description="for greedy: ε, the most energy outside the part in each layer, in channels"
    )
    layer: LayerName = Field("b32", description="the layer whose activations are clustered")
    clusters: int = Field(12, ge=2, le=256, description="the number of parts")
    samples: int = Field(256, ge=1, le=100_000, description="the number of sample images")
    seed: int = Field(0, ge=0, le=_limits.SEED, description="the seed of the samples and the clusters")

    @model_validator(mode="after")
    def _one_part(self) -> Own:
        if (self.part is None) == (self.mask is None):
            raise ValueError("give either part, a number, or mask, which covers the part")
        if self.part is not None and not (self.part and all(0 <= one < self.clusters for one in self.part)):
            raise ValueError(f"there is no part {list(self.part)}: there are 0 to {self.clusters - 1}")
        return self

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        of, reference = build.together(inputs.latent("of"), inputs.latent("reference"), "s")
        table = build.table(of.model)
        if table.is_stylegan3:
            with blaming("of"):
                raise ValueError(
                    f"parts are clustered in StyleGAN2 only, and {described(of.model, table)} is not one: use mix with "
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
        raise ValueError("the constant input is the same in every image, so it has no parts: name a convolution")
    if table.pause(name) >= table.last - 1:
        raise ValueError(f"no later convolution reads the output of {name}: name an earlier layer")
