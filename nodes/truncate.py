"""`truncate`: codes moved towards the mean."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.ops import Truncate as TruncateOp
from fgraph.ir.ops import TruncateStyles
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import LatentPort, Node, PerRow


class Truncate(Node):
    """Truncation, w_mean + ψ (w - w_mean), of codes in any space.

    z maps to W first; in S, the mean is that of W, as styles. `cutoff` is `truncation_cutoff` of the programs of
    NVlabs.
    """

    op: Literal["truncate"] = "truncate"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes")
    truncation: PerRow[float] = Field(0.7, description="ψ: 1 does not change the codes, 0 is the mean")
    cutoff: int | None = Field(
        None, ge=0, le=1000, description="truncate only the W+ rows below this one; default: all"
    )

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        latent, psi = inputs.latent("of"), inputs.per_row("truncation")
        if latent.space == "s":
            return replace(latent, code=build.emit(TruncateStyles(latent.model, self.cutoff), [latent.code], psi))
        if latent.space != "w+":
            latent = build.promote(latent, "w" if self.cutoff is None else "w+")
        return replace(latent, code=build.emit(TruncateOp(latent.model, self.cutoff), [latent.code], psi))
