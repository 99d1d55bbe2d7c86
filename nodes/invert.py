"""`invert`: the codes of given images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from fgraph._ports import Kind
from fgraph.inversion.settings import InversionSettings, Optimiser, Preset, Prior, Space, make_settings
from fgraph.ir.ops import Invert as InvertOp
from fgraph.ir.program import Operand
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import ImagePort, LatentPort, Node

_OWN = ("op", "of", "start", "preset", "model")


class Invert(Node):
    """GAN inversion: the codes whose images are nearest to the given ones, found in one batch.

    The loss of a row is a weighted sum of the losses below and the prior. The preset gives the defaults. For the
    fields, their cost and their effect, see docs/how-to/inversion.md. `mode=invert` inverts a folder of pictures.
    """

    op: Literal["invert"] = "invert"
    produces: ClassVar[Kind] = Kind.LATENT

    of: ImagePort = Field(description="the images, of the model's size")
    start: LatentPort | None = Field(
        None, description="the codes to start from, as an encoder finds them; default: the mean of the space"
    )
    preset: Preset = Field(
        "fast",
        description="the defaults of the other fields: fast; refine, 50 steps of L-BFGS from the code of an encoder; "
        "or soat, the published recipe, 3000 steps with LPIPS",
    )
    space: Space | None = Field(None, description="the space of the search; default: s")
    prior: Prior | None = Field(
        None,
        description="gaussian: Gaussian with a diagonal covariance, as published; gaussian-full: with the whole "
        "covariance; wulff: Gaussian after a leaky ReLU of slope 5, in w and w+; none; default: gaussian in s, "
        "otherwise wulff",
    )
    prior_weight: float | None = Field(
        None, ge=0, description="weight of the prior; default: 0.001; refine 0.1, or with wulff 0.01"
    )
    mse: float | None = Field(None, ge=0, description="weight of the mean squared error; default: 1, refine 0")
    log_mse: float | None = Field(
        None, ge=0, description="weight of ln(1 + MSE / 1e-7), for short searches from `start`; default: 0, refine 1"
    )
    pyramid: float | None = Field(
        None, ge=0, description="weight of L1 over a Laplacian pyramid; default: 0.1, refine and soat 0"
    )
    lpips: float | None = Field(
        None, ge=0, description="weight of LPIPS, which needs the extra lpips; default: 0, soat 20"
    )
    discriminator: float | None = Field(
        None, ge=0, description="weight of features of the discriminator in the model's file; default: 0"
    )
    optimiser: Optimiser | None = Field(
        None, description="adam, or lbfgs, which comes closer in few steps; default: adam, with refine lbfgs"
    )
    steps: int | None = Field(
        None, ge=1, le=1_000_000, description="the most steps; default: 400, refine 50, soat 3000"
    )
    learning_rate: float | None = Field(None, gt=0, description="the peak learning rate of Adam; default: 0.05")
    patience: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="steps without progress after which a row ends early, 0: never; default: 100, soat 0",
    )
    starts: int | None = Field(
        None, ge=1, le=64, description="the number of initial codes, of which the best result is used; default: 1"
    )
    model: str | None = Field(None, description="the model of the codes; default: main")

    @model_validator(mode="after")
    def _known(self) -> Invert:
        _ = self.settings
        return self

    @property
    def settings(self) -> InversionSettings:
        """The complete settings.

        Raises:
            ValueError: fields contradict each other.
        """
        changes = {name: getattr(self, name) for name in type(self).model_fields if name not in _OWN}
        return make_settings(self.preset, **changes)

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        image, model = inputs.image("of"), inputs.model(self.model)
        table, settings = build.table(model), self.settings
        if (image.height, image.width) != table.size:
            raise ValueError(
                f"inversion needs images of the model's size, {table.size[0]}x{table.size[1]}; "
                f"these have {image.height}x{image.width}"
            )
        if (channels := build.type_of(image.pixels).shape[0]) != table.image_channels:
            raise ValueError(
                f"inversion needs images of {table.image_channels} channels, as model '{model}' makes them; these have "
                f"{channels}: an image node reads 3 channels, or 1 for a model of grey images"
            )
        shapes = {"s": (table.style_length,), "w": (table.w_dim,), "w+": (table.num_ws, table.w_dim)}
        op = InvertOp(model, settings, shapes[settings.space], table.forward_flops)
        start = [self._start(build, inputs, model)] if inputs.has("start") else []
        code = build.emit(op, [image.pixels, *start])
        return Latent(settings.space, code, model, inputs.row_keys)

    def _start(self, build: Build, inputs: Inputs, model: str) -> Operand:
        """Return the codes to start from, in the space of the search."""
        given, target = inputs.latent("start"), build.table(model)
        other = build.table(given.model)
        if (other.num_ws, other.w_dim, other.style_length) != (target.num_ws, target.w_dim, target.style_length):
            raise ValueError(f"start: codes of model '{given.model}' do not fit model '{model}'")
        return build.promote(given, self.settings.space).code
