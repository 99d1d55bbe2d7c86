"""`encode`: the codes of given images, by an encoder."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from fgraph._errors import ModelError
from fgraph._ports import Kind
from fgraph.ir.ops import Encode as EncodeOp
from fgraph.lowering.blaming import blaming
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Latent
from fgraph.node import FILE, ImagePort, Node
from fgraph.stylegan.checkpoints.encoder_file import EncoderHeader, read_encoder
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.tables.base import Table


class Encode(Node):
    """The codes of given images, found by an encoder in one call: W+, or W for an encoder of W.

    Encoders are published checkpoints of pSp, e4e, ReStyle and StyleGAN3-editing, or files of `mode=train-encoder`. An
    encoder comes with each bundled model. Images may have any size: the encoder resizes them. For the choice of an
    encoder, see docs/how-to/encoders.md.
    """

    op: Literal["encode"] = "encode"
    produces: ClassVar[Kind] = Kind.LATENT

    of: ImagePort = Field(description="the images")
    encoder: str | None = Field(
        None,
        description="a checkpoint, a URL, or the name of a bundled model; default: the encoder that comes with "
        "the model",
        json_schema_extra=FILE,
    )
    iterations: int | None = Field(
        None,
        ge=1,
        le=100,
        description="the number of calls of an encoder that refines its codes; default: as the file states, "
        "otherwise 5",
    )
    model: str | None = Field(None, description="the model of the codes; default: main")

    def lower(self, build: Build, inputs: Inputs) -> Latent:
        image, model = inputs.image("of"), inputs.model(self.model)
        table = build.table(model)
        with blaming("encoder"):
            header = _find(self.encoder, model)
            _check(header, table, model)
        encoder = header.table
        if self.iterations is not None and not encoder.is_residual:
            with blaming("iterations"):
                raise ValueError("this encoder does not refine its codes: leave iterations out")
        if (channels := build.type_of(image.pixels).shape[0]) != encoder.image_channels:
            raise ValueError(
                f"the encoder reads images of {encoder.image_channels} channels; these have {channels}: an image node "
                "reads 3 channels, or 1 for a model of grey images"
            )
        op = EncodeOp(
            model,
            header,
            self.iterations or encoder.iterations,
            min(encoder.styles, table.num_ws),
            table.forward_flops,
            max(layer.out_channels * layer.size[0] * layer.size[1] for layer in table.layers),
        )
        code = build.emit(op, [image.pixels])
        return Latent("w+" if encoder.styles else "w", code, model, inputs.row_keys)


def _find(given: str | None, model: str) -> EncoderHeader:
    """Return the given encoder, otherwise the one that comes with a bundled model.

    Raises:
        ValueError: the encoder does not exist or cannot be read, or none comes with the model.
    """
    if given is None and model not in BUNDLED:
        raise ValueError(
            f"no encoder comes with model '{model}': name a checkpoint of pSp, e4e, ReStyle or StyleGAN3-editing, or "
            "fit one: fgraph mode=train-encoder model=FILE"
        )
    try:
        return read_encoder(given or model)
    except ModelError as error:
        raise ValueError(str(error)) from error


def _check(header: EncoderHeader, table: Table, model: str) -> None:
    """Check that codes of an encoder are codes of a model.

    An encoder of cars may make more rows than its model takes: the first rows are used.

    Raises:
        ValueError: w has another length, or W+ another number of rows.
    """
    found = header.table
    fits = found.styles > table.num_ws if found.content == "middle" else False
    if found.w_dim != table.w_dim or not (fits or found.styles in (0, table.num_ws)):
        made = f"{found.styles} rows of {found.w_dim}" if found.styles else f"w of {found.w_dim}"
        raise ValueError(
            f"the encoder makes {made} numbers, model '{model}' takes {table.num_ws} rows of {table.w_dim}: load the "
            "generator that the encoder was trained with, which published checkpoints also contain"
        )
