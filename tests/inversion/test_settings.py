"""Settings: presets, valid combinations, the learning rate."""

from __future__ import annotations

import pytest

from fgraph._errors import FgraphError
from fgraph.inversion import make_settings
from fgraph.inversion.schedule import RowSchedule
from tests.rounding import worst

ROUNDING = worst(8, 0.05, "float64")  # of half the rate 0.05, by a cosine


def test_soat_is_the_published_recipe() -> None:
    asked = make_settings("soat")
    assert (asked.space, asked.prior, asked.prior_weight, asked.prior_sum) == ("s", "gaussian", 1e-3, True)
    assert (asked.mse, asked.lpips, asked.pyramid, asked.discriminator) == (1.0, 20.0, 0.0, 0.0)
    assert (asked.steps, asked.learning_rate, asked.clamp, asked.noise) == (3000, 0.05, True, False)
    schedule = RowSchedule.start(asked)
    assert {schedule.rate(step) for step in range(3000)} == {0.05}
    schedule.note(0, 1.0)
    for step in range(1, 3000):
        schedule.note(step, 1.0)  # no progress at all
    assert schedule.end == 3000


def test_the_usual_ramp_rises_and_falls_to_nothing() -> None:
    schedule = RowSchedule.start(make_settings(steps=400))
    rates = [schedule.rate(step) for step in range(401)]
    assert rates[0] == 0
    assert rates[20:301] == [0.05] * 281
    assert rates[:21] == sorted(rates[:21])
    assert rates[300:] == sorted(rates[300:], reverse=True)
    assert rates[350] == pytest.approx(0.025, abs=ROUNDING)
    assert rates[400] == 0


def test_a_row_without_progress_ramps_down_at_once() -> None:
    schedule = RowSchedule.start(make_settings(steps=400, patience=50))
    for step in range(81):
        schedule.note(step, max(1.0 - step / 50, 0.4))  # progress until step 30
    assert schedule.falls == 81
    assert schedule.end == 181
    assert schedule.rate(81) == 0.05
    assert schedule.rate(131) == pytest.approx(0.025, abs=ROUNDING)


def test_refine_is_a_short_search_without_a_learning_rate() -> None:
    asked = make_settings("refine")
    assert (asked.prior_weight, make_settings("refine", space="w+").prior_weight) == (0.1, 0.01)
    assert make_settings("refine", space="w", prior_weight=1.0).prior_weight == 1
    assert (asked.optimiser, asked.steps, asked.log_mse, asked.mse, asked.pyramid) == ("lbfgs", 50, 1.0, 0.0, 0.0)
    schedule = RowSchedule.start(asked)
    schedule.note(0, 1.0)
    assert schedule.end == 50
    for step in range(1, 41):
        schedule.note(step, 1.0)
    assert schedule.end == 50
    hasty = RowSchedule.start(make_settings("refine", patience=10))
    for step in range(11):
        hasty.note(step, 1.0)
    assert hasty.end == 11


def test_the_prior_follows_the_space() -> None:
    assert make_settings().prior == "gaussian"
    assert make_settings(space="w+").prior == "wulff"
    assert make_settings(space="w", prior="none").prior == "none"


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("saot", {}, "unknown preset 'saot': expected fast, refine, soat .did you mean 'soat'"),
        ("fast", {"stps": 3}, "no setting 'stps': did you mean 'steps'"),
        ("fast", {"steps": 0}, "steps: Input should be greater than or equal to 1, found 0"),
        ("fast", {"prior": "wulff"}, "prior wulff is a prior of w: use it with space w or w.+, not s"),
        ("fast", {"mse": 0, "pyramid": 0}, "no loss has a weight"),
    ],
)
def test_mistakes_are_reported(preset: str, changes: dict[str, object], message: str) -> None:
    with pytest.raises(FgraphError, match=message):
        make_settings(preset, **changes)


def test_different_settings_have_different_digests() -> None:
    assert make_settings().digest == make_settings(steps=400).digest
    assert make_settings().digest != make_settings(steps=401).digest
