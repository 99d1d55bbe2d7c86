"""`truncate`: codes moved towards the mean."""

from __future__ import annotations

from collections.abc import Sequence
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

    Codes in z are mapped to W first. In S, the mean is the styles of the mean of W. If the model has a mean for each
    class (StyleGAN-XL), codes in z move towards the mean of their class, other codes towards the mean of all classes.
    `cutoff` is `truncation_cutoff` in the programs of NVlabs.
    """

    op: Literal["truncate"] = "truncate"
    produces: ClassVar[Kind] = Kind.LATENT

    of: LatentPort = Field(description="the codes")
    truncation: PerRow[float] = Field(0.7, description="ψ: 1 does not change the codes, 0 gives the mean")
    cutoff: int | None = Field(
        None, ge=0, le=1000, description="truncate only the W+ rows below this one; default: all"
    )

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        latent, psi = inputs.latent("of"), inputs.per_row("truncation")
        if latent.space == "s":
            return replace(latent, code=build.emit(TruncateStyles(latent.model, self.cutoff), [latent.code], psi))
        return truncated(build, latent, self.cutoff, psi)


def truncated(build: Build, latent: Latent, cutoff: int | None, psi: Sequence[float]) -> Latent:
    """Return codes in z, W or W+, truncated in W, or in W+ if there is a cutoff.

    If the model has a mean for each class, codes in z are truncated towards the mean of their class. Codes in W and W+
    have no class, so their centre is the mean over all classes.
    """
    moved = latent if latent.space == "w+" else build.promote(latent, "w" if cutoff is None else "w+")
    classes = [latent.code] if latent.space == "z" and build.table(latent.model).class_means else []
    return replace(moved, code=build.emit(TruncateOp(latent.model, cutoff), [moved.code, *classes], psi))
