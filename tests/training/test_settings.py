"""Bounds of the settings of trainings."""

from __future__ import annotations

from typing import Any

import pytest

from fgraph.training import TrainingError, TrainingSettings
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.run import train
from tests.training.conftest import Choose


@pytest.mark.parametrize("model", [TrainingSettings, EncoderSettings])
def test_every_number_of_the_settings_has_bounds(model: type[TrainingSettings] | type[EncoderSettings]) -> None:
    assert list(unbounded(model.model_json_schema()["properties"], "")) == ["size"]  # `check_size` bounds it


def unbounded(schema: Any, path: str) -> Any:
    """Yield the places of numbers without a largest or a least value."""
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        inner = path or str(key)
        is_number = isinstance(value, dict) and value.get("type") in ("integer", "number")
        if is_number and not ("maximum" in value and {"minimum", "exclusiveMinimum"} & value.keys()):
            yield inner
        if isinstance(value, dict | list):
            yield from unbounded(value, inner)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"learning_rate": 1e308}, "training.learning_rate: .* less than or equal to "),
        ({"mapping_rate": 1e308}, "training.mapping_rate"),
        ({"noise_strengths": {4: 1e39}}, "training.noise_strengths"),
        ({"seed": 10**30}, "seed"),
        ({"images": 10**400}, "training.images"),
        ({"gamma_every": 10**400}, "training.gamma_every"),
        ({"size": 2**40, "channels": None}, "training.size: .*power of two from 8 to 8192"),
        ({"mapping_layers": 10**9}, "training.mapping_layers"),
        ({"latent": 10**9}, "training.latent"),
        ({"channels": {4: 10**12}}, "training.channels"),
        ({"devices": 10**9, "batch": 10**9}, "training.devices"),
        ({"features_size": 10**9}, "training.features_size"),
    ],
)
def test_absurd_settings_name_the_bound(choose: Choose, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        choose(**changed)


def test_the_largest_rates_end_in_a_message(choose: Choose) -> None:
    with pytest.raises(TrainingError, match="a loss"):
        train(choose(learning_rate=1e30, mapping_rate=1e6, images=400))
