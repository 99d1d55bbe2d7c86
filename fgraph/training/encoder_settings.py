"""Settings of a training of an encoder, checked without torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from fgraph.training.settings import (
    CommonSettings,
    Positive,
    Rate,
    Share,
    Weight,
    Width,
    check_size,
    make_checked_settings,
)


class EncoderSettings(CommonSettings):
    """The settings of one training of an encoder; `target` is its folder."""

    section: ClassVar[str] = "encoder"

    mode: Literal["train-encoder"]
    model: str

    images: Positive = 50_000  # samples of the generator
    batch: Annotated[int, Field(ge=1, le=2**16)] = 8
    learning_rate: Rate = 5e-3
    average_images: Annotated[float, Field(ge=0, le=1e12)] = 2000
    size: Annotated[int | None, check_size] = None  # pixels of the input
    channels: dict[int, Width] | None = None
    iterations: Annotated[int, Field(ge=1, le=16)] = 3
    style_mixing: Share = 0.5
    code_loss: Weight = 1.0
    image_loss: Weight = 1.0


def read_encoder_settings(values: dict[str, Any]) -> EncoderSettings:
    """Return the checked settings from a mapping.

    Raises:
        TrainingError: one is unknown, missing or has an invalid value; all of them are named.
    """
    return make_checked_settings(EncoderSettings, values)
