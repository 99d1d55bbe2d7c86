"""`invert`: the codes of given images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._ports import Kind
from fgraph.ir.build import Build
from fgraph.ir.inputs import Inputs
from fgraph.ir.ops import Invert as InvertOp
from fgraph.ir.values import Latent
from fgraph.node import ImagePort, Node


class Invert(Node):
    """GAN inversion: the codes whose images come nearest to the given ones, by Adam, all images in one batch.

    The loss of a row is its mean squared error plus `prior` · mean((v - μ)² / σ²) over the entries of its code, the
    Gaussian prior of SOAT, section 4.5 (in S) and of Wulff & Torralba 2020 (in W+), with μ and σ of 10,000 samples.
    """

    op: Literal["invert"] = "invert"
    produces: ClassVar[Kind] = Kind.LATENT

    of: ImagePort = Field(description="the images, of the model's size")
    space: Literal["s", "w+"] = Field("s", description="where the code is sought")
    steps: int = Field(300, ge=1, description="of Adam")
    learning_rate: float = Field(0.05, gt=0, description="of Adam, falling to 0 along a cosine")
    prior: float = Field(1e-3, ge=0, description="the weight of the Gaussian prior")
    model: str | None = Field(None, description="the model they become codes of; absent: main")

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        image, model = inputs.image("of"), inputs.model(self.model)
        table = build.table(model)
        if (image.height, image.width) != (table.size, table.size):
            raise ValueError(
                f"inversion needs images of the model's size, {table.size}x{table.size}; "
                f"these have {image.height}x{image.width}"
            )
        shape = (table.style_length,) if self.space == "s" else (table.num_ws, table.w_dim)
        op = InvertOp(model, self.space, shape, self.steps, self.learning_rate, self.prior, table.forward_flops)
        code = build.emit(op, [image.pixels])
        return Latent(self.space, code, model, tuple(range(image.rows)))
