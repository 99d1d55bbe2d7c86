"""Settings of a training, checked without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, field_validator

from fgraph._errors import FgraphError, nearest
from fgraph._limits import SEED, SIDE
from fgraph._typed_model import TypedModel

Way = Literal["train", "finetune", "grow"]
PROJECTED, NONE = "projected", "none"  # kinds of discriminators
WAYS: tuple[Way, ...] = ("train", "finetune", "grow")
Positive = Annotated[int, Field(ge=1, le=10**12)]
Width = Annotated[int, Field(ge=1, le=8192)]  # channels, numbers of a code
Rate = Annotated[float, Field(gt=0, le=1e30)]  # with the largest mapping_rate, still a number in float32
Weight = Annotated[float, Field(ge=0, le=1e30)]
Share = Annotated[float, Field(ge=0, le=1)]

# The settings that may differ when a training continues: none of them changes the result of a step.
CHANGEABLE = ("target", "images", "data", "snapshot_minutes", "log_images", "tensorboard", "device", "devices")

# settings that other modes of the command have too
TOP_LEVEL = ("mode", "data", "target", "model", "seed", "device", "precision")


class TrainingError(FgraphError):
    """A training cannot begin, or cannot continue."""


def _power_of_two(value: int | None) -> int | None:
    if value is not None and (not 8 <= value <= SIDE or value & (value - 1)):
        raise ValueError(f"must be a power of two from 8 to {SIDE}")
    return value


check_size = AfterValidator(_power_of_two)


class CommonSettings(TypedModel):
    """The settings of any training; `target` is its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    section: ClassVar[str] = "training"  # the section of the command line's settings, for messages

    target: Path
    seed: Annotated[int, Field(ge=-SEED, le=SEED)] = 0
    device: str = "auto"
    devices: Annotated[int, Field(ge=1, le=1024)] = 1
    precision: Literal["float32", "bfloat16"] = "float32"

    images: Positive = 100_000
    batch: Annotated[int, Field(ge=1, le=2**16)] = 16
    learning_rate: Rate = 2e-3
    average_images: Annotated[float, Field(ge=0, le=1e12)] = 5000

    snapshot_minutes: Annotated[float, Field(ge=0, le=1e12)] = 5
    log_images: Positive = 1000
    truncation: Annotated[float, Field(ge=-1e3, le=1e3)] = 0.8
    tensorboard: bool = False

    def decisive(self) -> dict[str, Any]:
        """Return the settings that must not change when a training resumes."""
        return {name: value for name, value in self.model_dump(mode="json").items() if name not in CHANGEABLE}


S = TypeVar("S", bound=CommonSettings)


class TrainingSettings(CommonSettings):
    """The settings of one training of a generator."""

    mode: Way
    data: Path
    model: str | None = None  # the model that finetune and grow start with
    discriminator: Literal["projected", "none"] | Path | None = None  # a kind, or a snapshot or model file that has it
    features: str = "efficientnet-lite0"  # the network of a projected discriminator
    features_size: Annotated[int | None, Field(ge=32, le=SIDE)] = None  # absent: see feature_pixels
    diversity: Weight = 0.0  # weight of the loss for the spread of generated images

    gamma: Weight = 0.5
    gamma_every: Positive = 16
    style_mixing: Share = 0.7
    freeze: bool | None = None  # freezes mapping and affine layers; absent: in finetune
    # images that the discriminator learns alone; absent: 2000, projected 500, if it is new and the generator is not
    discriminator_first: Annotated[int, Field(ge=0, le=10**12)] | None = None

    pairing: Weight = 0.0  # weight of the loss against the painter's picture of the same z
    mapping_rate: Annotated[float, Field(gt=0, le=1e6)] = 1.0  # a multiple of learning_rate, for the mapping network
    noise: bool = True  # false: a generator without noise
    noise_strengths: dict[int, Weight] | None = None  # fixed, by resolution; absent: they are trained
    flip: bool = True
    augment: Literal["none", "diffaugment", "ada"] = "none"
    augment_kinds: tuple[Literal["colour", "shift", "cutout"], ...] = ("colour", "shift", "cutout")
    augment_target: Share = 0.6

    size: Annotated[int | None, check_size] = None  # size of the generator, in mode=train
    channels: dict[int, Width] | None = None
    latent: Width = 512
    mapping_layers: Annotated[int, Field(ge=1, le=256)] = 8
    new_channels: Width | None = None  # channels of the block that grow adds

    @field_validator("discriminator", mode="before")
    @classmethod
    def _read_discriminator(cls, value: object) -> object:
        return value if value in (None, PROJECTED, NONE) else Path(str(value))

    def feature_pixels(self, size: int) -> int:
        """Return the side, in pixels, to which images of `size` pixels are enlarged for the feature network.

        Its first layer halves the resolution: images that are enlarged less than twice fill with patterns of two
        pixels, and edges look embossed (ADR 17).
        """
        return max(128, 2 * size) if self.features_size is None else self.features_size

    @property
    def pairs_setting(self) -> str:
        """The setting that compares images with the painter's pictures, for messages; empty if there is none."""
        if self.discriminator == NONE:
            return f"training.discriminator={NONE}"
        return f"training.pairing={self.pairing:g}" if self.pairing else ""

    @property
    def trains_strengths(self) -> bool:
        """True if the strengths of the noise inputs are trained."""
        return self.noise and self.noise_strengths is None

    @property
    def frozen(self) -> bool:
        """True if mapping and affine layers are not trained."""
        return self.mode == "finetune" if self.freeze is None else self.freeze


def read_training_settings(values: dict[str, Any]) -> TrainingSettings:
    """Return the checked settings of a training from a mapping.

    Raises:
        TrainingError: a setting is unknown, missing or has an invalid value; the message names all of them.
    """
    settings = make_checked_settings(TrainingSettings, values)
    if settings.mode != "train" and settings.model is None:
        raise TrainingError(f"mode={settings.mode} needs model=, the checkpoint to begin with")
    if settings.mode == "train" and settings.size is None:
        raise TrainingError("mode=train needs training.size=, the generator's pixels, such as 64")
    if settings.noise_strengths is not None and not settings.noise:
        raise TrainingError("training.noise_strengths needs noise: remove it, or training.noise=false")
    if settings.pairs_setting:
        _check_pairs(settings)
    return settings


def _check_pairs(settings: TrainingSettings) -> None:
    place = settings.pairs_setting
    if ":" not in settings.data.name:
        raise TrainingError(f"{place} needs a painter, which makes a picture of a given z: data=FILE.py:CLASS")
    if settings.style_mixing or settings.flip:
        raise TrainingError(
            f"{place} compares the image of a code with the picture of the same code: add training.style_mixing=0 "
            "training.flip=false"
        )


def make_checked_settings(model: type[S], values: dict[str, Any]) -> S:
    """Return the settings of a class from a mapping.

    Args:
        model: the class.
        values: the settings by name.

    Raises:
        TrainingError: a setting is unknown, missing or has an invalid value; the message names all of them.
    """
    try:
        settings = model(**values)
    except ValidationError as error:
        raise TrainingError("\n".join(_fault(dict(one), model) for one in error.errors())) from error
    if settings.batch % settings.devices:
        raise TrainingError(
            f"{model.section}.batch={settings.batch} is not a multiple of {model.section}.devices={settings.devices}"
        )
    return settings


def _fault(error: dict[str, Any], model: type[CommonSettings]) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        hint = nearest(name, model.model_fields)
        return f"{model.section}.{name}: there is no such setting" + (f" ({hint})" if hint else "")
    place = name if name in TOP_LEVEL else f"{model.section}.{name}"
    if error["type"] == "missing" or error["input"] is None:
        return f"{place} is missing"
    return f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}, found {error['input']!r}"
