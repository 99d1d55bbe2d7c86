"""The counters of a snapshot of a training, as JSON has them: checked, since a snapshot may be a stranger's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from fgraph._limits import SEED

Count = Annotated[int, Field(ge=0, le=SEED, strict=True)]
UPDATES = TypeAdapter(dict[str, Count])  # the number of updates of each tensor


class _Origin(BaseModel):
    """The parts of a record that name the start of a training, which are read if they are there."""

    model_config = ConfigDict(strict=True)

    settings: dict[str, Any] = {}
    discriminator_first: Count = 0
    model: str = ""
    model_sha256: str = ""


def _check_records(records: list[dict[str, float]]) -> list[dict[str, float]]:
    if not all("images" in record for record in records):
        raise ValueError("a record lacks its number of images")
    return records


def _check_sums(sums: dict[str, list[float]]) -> dict[str, list[float]]:
    if not all(len(one) == 2 and one[1] >= 1 for one in sums.values()):
        raise ValueError("expected a sum and its number of terms for each measurement")
    return sums


def _check_origin(origin: dict[str, Any]) -> dict[str, Any]:
    _Origin.model_validate(origin)
    return origin


class Counters(BaseModel):
    """The counters of any training."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    steps: Count
    images: Count
    history: Annotated[list[dict[str, float]], AfterValidator(_check_records)]
    pending: Annotated[dict[str, list[float]], AfterValidator(_check_sums)]
    origin: Annotated[dict[str, Any], AfterValidator(_check_origin)]
