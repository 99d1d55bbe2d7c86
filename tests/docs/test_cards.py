"""The cards of the bundled models: their numbers of images follow from the files."""

from __future__ import annotations

import pytest
from bundle_models import FOLDER, images_seen
from model_facts import FACTS, describe_training, images_before

from fgraph.training.settings import TrainingSettings


@pytest.mark.parametrize("name", list(FACTS))
def test_a_card_has_the_text_of_its_training(name: str) -> None:
    text = describe_training(name, images_seen(FOLDER))
    assert text in (FOLDER / f"{name}.md").read_text("utf-8")
    assert "{" not in text


@pytest.mark.parametrize("name", list(FACTS))
def test_the_stages_of_a_training_are_whole_steps(name: str) -> None:
    batch, facts, totals = TrainingSettings.model_fields["batch"].default, FACTS[name], images_seen(FOLDER)
    first = totals[name] - images_before(name, totals) - sum(facts.stages)
    assert first > 0
    assert [count % batch for count in (first, *facts.stages)] == [0] * (1 + len(facts.stages))
