"""The settings of an inversion. This module does not import torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from fgraph._checked import make_checked
from fgraph._errors import FgraphError, nearest
from fgraph._typed_model import TypedModel

Space = Literal["w", "w+", "s"]
Prior = Literal["none", "gaussian", "gaussian-full", "wulff"]
Schedule = Literal["ramp", "constant"]
Optimiser = Literal["adam", "lbfgs"]
Preset = Literal["fast", "refine", "soat"]


class SettingsError(FgraphError, ValueError):
    """A setting of an inversion doesn't exist, has an invalid value or contradicts another."""


class InversionSettings(TypedModel):
    """All settings that the result of an inversion depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    space: Space = Field("s", description="the space of the code")
    prior: Prior = Field("gaussian", description="keeps the code near the codes of samples")
    prior_weight: float = Field(1e-3, ge=0, description="of the squared distance of a code from the mean")
    prior_sum: bool = Field(False, description="sums the distance over entries, as published, instead of averaging it")
    mse: float = Field(1.0, ge=0, description="weight of the mean squared error")
    log_mse: float = Field(
        0.0, ge=0, description="weight of ln(1 + MSE / 1e-7), for short searches from an encoder's code"
    )
    pyramid: float = Field(0.1, ge=0, description="weight of the multi-scale loss: L1 of a Laplacian pyramid")
    lpips: float = Field(0.0, ge=0, description="weight of LPIPS (VGG); needs the extra 'lpips'")
    discriminator: float = Field(0.0, ge=0, description="weight of features of the model's own discriminator")
    clamp: bool = Field(False, description="clamps images to [-1, 1] before they are compared")
    optimiser: Optimiser = Field("adam", description="adam, or lbfgs: nearer after few steps, without noise")
    steps: int = Field(400, ge=1, le=1_000_000, description="evaluations of the loss and its gradient, at most")
    learning_rate: float = Field(0.05, gt=0, description="of Adam, at its peak")
    schedule: Schedule = Field("ramp", description="ramp: up in the first 5%, down along a cosine in the last 25%")
    patience: int = Field(100, ge=0, description="steps without 1% of progress, after which a row ramps down; 0: never")
    starts: int = Field(1, ge=1, le=64, description="the mean, and samples near the image; the best result counts")
    noise: bool = Field(False, description="optimises noise as well")
    noise_weight: float = Field(1e5, ge=0, description="of the regulariser that keeps noise free of patterns")
    seed: int = Field(0, ge=0, description="of the samples among which starts are chosen")

    @model_validator(mode="after")
    def _fits(self) -> InversionSettings:
        if self.prior == "wulff" and self.space == "s":
            raise ValueError("prior wulff is a prior of w: use it with space w or w+, not s")
        if self.noise and self.optimiser == "lbfgs":
            raise ValueError("noise is normalised after each step, which optimiser lbfgs can't follow: use adam")
        if not (self.mse or self.log_mse or self.pyramid or self.lpips or self.discriminator):
            raise ValueError("no loss has a weight: set mse, log_mse, pyramid, lpips or discriminator above 0")
        return self

    @property
    def digest(self) -> str:
        """The SHA-256 of all settings, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


class Tuning(TypedModel):
    """The settings of pivotal tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    steps: int = Field(0, ge=0, description="of Adam; 0: no tuning")
    learning_rate: float = Field(0.003, gt=0, description="of Adam, falling to 0 in a straight line")
    together: bool = Field(False, description="fits one generator to all pictures, instead of one to each")
    rank: int = Field(8, ge=0, description="rank of the change of each convolution's weight; 0: any")


PRESETS: Mapping[Preset, Mapping[str, Any]] = {
    "fast": {},
    "refine": {"mse": 0.0, "log_mse": 1.0, "pyramid": 0.0, "prior_weight": 0.1, "optimiser": "lbfgs", "steps": 50},
    # mchong6/SOAT, projector.py: its ramp is computed but never applied, and its prior is a sum.
    "soat": {
        "space": "s",
        "prior": "gaussian",
        "prior_weight": 1e-3,
        "prior_sum": True,
        "mse": 1.0,
        "pyramid": 0.0,
        "lpips": 20.0,
        "clamp": True,
        "steps": 3000,
        "learning_rate": 0.05,
        "schedule": "constant",
        "patience": 0,
        "starts": 1,
        "noise": False,
    },
}


def make_settings(preset: str = "fast", **changes: Any) -> InversionSettings:
    """Return the settings of a preset with changes; a change to None has no effect.

    In W and W+, the default prior is `wulff` (Wulff & Torralba 2020), with a weight of 0.01 for `refine`.

    >>> make_settings("soat").steps, make_settings("soat", steps=10).steps
    (3000, 10)

    Raises:
        SettingsError: there is no such preset or setting, or a value is invalid.
    """
    if preset not in PRESETS:
        hint = nearest(preset, PRESETS)
        advice = f" ({hint})" if hint else ""
        raise SettingsError(f"unknown preset '{preset}': expected {', '.join(PRESETS)}{advice}")
    given = {name: value for name, value in changes.items() if value is not None}
    if given.get("space", "s") != "s" and "prior" not in given:
        given["prior"] = "wulff"
    preset_values = PRESETS[preset]  # type: ignore[index]
    if preset == "refine" and given.get("prior") == "wulff":  # wulff is stricter than the other priors
        preset_values = {**preset_values, "prior_weight": 0.01}
    return make_checked(InversionSettings, {**preset_values, **given}, "inversion", SettingsError)
